"""JSON of the review desk: the same operations as its pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from marketplace.common.api import json_route, methods
from marketplace.common.guards import REVIEWER, freshly
from marketplace.common.pagination import PAGE_SIZE, BadCursor, decode, encode
from marketplace.common.schemas import Page, PageQuery
from mentors import desk, services
from mentors.models import Mentor, VerificationDocument
from mentors.review_schemas import (
    ApplicationOut,
    DecisionIn,
    DocumentApprovalIn,
    RefusalIn,
    ReviewDocumentOut,
)

DECIDER = freshly(REVIEWER)


def sent_mentor(request: HttpRequest, handle: str) -> Mentor:
    return get_object_or_404(desk.applications(), handle=handle)


def sent_document(request: HttpRequest, document_id: UUID) -> VerificationDocument:
    return get_object_or_404(desk.reviewable(), pk=document_id)


def reviewer(request: HttpRequest) -> User:
    return cast("User", request.user)


@json_route(who=REVIEWER, query=PageQuery, answers={200: Page[ApplicationOut]})
def list_applications(request: HttpRequest, query: PageQuery) -> Page[ApplicationOut]:
    found = list(desk.submitted(after=_place(query.cursor), size=PAGE_SIZE))
    page, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    last = page[-1] if page else None
    cursor = encode([last.submitted_at, last.pk]) if more and last else None
    return Page(items=list(applications_out(page)), next_cursor=cursor)


@json_route(who=DECIDER, load=sent_mentor, body=DecisionIn, answers={200: ApplicationOut})
def approve_mentor(request: HttpRequest, obj: Mentor, body: DecisionIn) -> ApplicationOut:
    services.approve_mentor(mentor=obj, version=body.version, by=reviewer(request))
    return application_out(obj)


@json_route(who=DECIDER, load=sent_mentor, body=RefusalIn, answers={200: ApplicationOut})
def reject_mentor(request: HttpRequest, obj: Mentor, body: RefusalIn) -> ApplicationOut:
    services.reject_mentor(mentor=obj, version=body.version, code=body.code, note=body.note, by=reviewer(request))
    return application_out(obj)


@json_route(who=DECIDER, load=sent_mentor, body=RefusalIn, answers={200: ApplicationOut})
def request_changes(request: HttpRequest, obj: Mentor, body: RefusalIn) -> ApplicationOut:
    services.request_changes(mentor=obj, version=body.version, code=body.code, note=body.note, by=reviewer(request))
    return application_out(obj)


@json_route(who=DECIDER, load=sent_document, body=DocumentApprovalIn, answers={200: ReviewDocumentOut})
def approve_document(request: HttpRequest, obj: VerificationDocument, body: DocumentApprovalIn) -> ReviewDocumentOut:
    services.approve_document(document=obj, version=body.version, expires_on=body.expires_on, by=reviewer(request))
    return document_out(obj)


@json_route(who=DECIDER, load=sent_document, body=RefusalIn, answers={200: ReviewDocumentOut})
def reject_document(request: HttpRequest, obj: VerificationDocument, body: RefusalIn) -> ReviewDocumentOut:
    services.refuse_document(document=obj, version=body.version, code=body.code, note=body.note, by=reviewer(request))
    return document_out(obj)


def application_out(mentor: Mentor) -> ApplicationOut:
    mentor.refresh_from_db()
    [application] = applications_out([mentor])
    return application


def applications_out(mentors: list[Mentor]) -> Iterable[ApplicationOut]:
    prefetch_related_objects(mentors, "documents__subject", "user")
    for mentor in mentors:
        sent = [document for document in mentor.documents.all() if document.status in desk.SENT]
        yield ApplicationOut(
            handle=mentor.handle,
            name=mentor.user.name,
            status=mentor.status,
            version=mentor.version,
            submitted_at=mentor.submitted_at,
            documents=[document_out(document) for document in sorted(sent, key=lambda each: (each.sent_at, each.pk))],
        )


def document_out(document: VerificationDocument) -> ReviewDocumentOut:
    return ReviewDocumentOut(
        id=document.pk,
        kind=document.kind,
        subject=document.subject.slug if document.subject else None,
        status=document.status,
        expires_on=document.expires_on,
        reason=document.reason or None,
    )


def _place(cursor: str | None) -> list[Any] | None:  # Any: as the cursor was written
    if not cursor:
        return None
    moment, pk = decode(cursor, 2)
    try:
        return [datetime.fromisoformat(moment), UUID(pk)]
    except (ValueError, TypeError, AttributeError) as exc:
        raise BadCursor from exc


applications = methods(GET=list_applications)
mentor_approval = methods(POST=approve_mentor)
mentor_rejection = methods(POST=reject_mentor)
mentor_changes = methods(POST=request_changes)
document_approval = methods(POST=approve_document)
document_rejection = methods(POST=reject_document)
