"""Who looked at a mentor's documents, as the audit log has it: for the mentor to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from marketplace.common.models import AuditEvent
from mentors.models import VerificationDocument

SHOWN = ("document_viewed", "upload_page_viewed")
DOWNLOADED = "upload_viewed"


@dataclass(frozen=True)
class Look:
    """A reviewer had a document open. It tells no name: what they do there they do for the review team."""

    document: VerificationDocument
    at: datetime
    downloaded: bool


def looks_at(documents: Sequence[VerificationDocument]) -> list[Look]:
    """Each time that somebody other than its owner saw one of the ``documents``, the latest first. One query.

    Opening one, its pages and the download within the ``REVIEW_TAKEN_SECONDS`` it is taken for are one look.
    """
    by_id = {str(each.pk): each for each in documents} | {str(each.upload_id): each for each in documents}
    names = ("mentors.verificationdocument", "uploads.upload")
    events = AuditEvent.objects.filter(
        ~Q(actor__in={each.mentor_id for each in documents}),
        subject_type__in=names,
        subject_id__in=by_id,
        action__in=(*SHOWN, DOWNLOADED),
    )
    turn = timedelta(seconds=settings.REVIEW_TAKEN_SECONDS)
    looks: list[Look] = []
    open_now: dict[tuple[UUID, UUID | None], int] = {}
    for event in events.order_by("at", "pk"):
        document = by_id[event.subject_id]
        place = open_now.get((document.pk, event.actor_id))
        if place is None or event.at - looks[place].at > turn:
            place = open_now[document.pk, event.actor_id] = len(looks)
            looks.append(Look(document, event.at, downloaded=False))
        if event.action == DOWNLOADED:
            looks[place] = Look(document, looks[place].at, downloaded=True)
    return looks[::-1]
