"""``POST /api/uploads``: what a file is for decides which app takes it, so the route stands above them all."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings import services as bookings
from bookings.models import Booking
from marketplace.common.api import Answer, json_route, methods
from marketplace.common.errors import AccessDenied, DomainError
from marketplace.common.guards import MENTOR, PARTICIPANT
from mentors.models import Subject
from mentors.services import start_application
from mentors.services.documents import issue_document
from uploads.models import Upload
from uploads.schemas import TicketOut, UploadIn
from uploads.services import Ticket, issue_upload, sign_again


class UnknownSubject(DomainError):
    code = "invalid"
    user_message = _("Choose a subject from the list.")
    field = "subject"


def issue_verification(body: UploadIn, by: User) -> Ticket:
    """A document of the mentor's own application."""
    refuse_students(by)
    subject = None
    if body.subject is not None:
        subject = Subject.objects.filter(slug=body.subject).first()
        if subject is None:
            raise UnknownSubject
    return issue_document(
        mentor=start_application(by=by),
        kind=str(body.kind),
        subject=subject,
        name=body.name,
        content_type=body.content_type,
        size=body.size,
        by=by,
    )[1]


def issue_photo(body: UploadIn, by: User) -> Ticket:
    refuse_students(by)
    return issue_plain(body, by)


def issue_session_file(body: UploadIn, by: User) -> Ticket:
    """A file for a session that one takes part in; anyone else's is not there."""
    booking = get_object_or_404(Booking.objects.of(by), pk=body.booking_id)
    return bookings.issue_session_file(
        booking=booking, name=body.name, content_type=body.content_type, size=body.size, by=by
    )


def issue_plain(body: UploadIn, by: User) -> Ticket:
    """A file that waits for what it will belong to: a profile, a message."""
    return issue_upload(purpose=body.purpose, name=body.name, content_type=body.content_type, size=body.size, by=by)


def refuse_students(by: User) -> None:
    if by.role not in MENTOR.roles:
        raise AccessDenied(MENTOR.refusal)


ISSUERS: Mapping[str, Callable[[UploadIn, User], Ticket]] = {
    Upload.Purpose.VERIFICATION: issue_verification,
    Upload.Purpose.PHOTO: issue_photo,
    Upload.Purpose.BOOKING: issue_session_file,
    Upload.Purpose.MESSAGE: issue_plain,
}


def issue_again(request: HttpRequest, made_id: str) -> Answer:
    upload = Upload.objects.get(pk=UUID(made_id))
    return Answer(TicketOut.of(upload, sign_again(upload=upload)), status=201)


@json_route(
    who=PARTICIPANT,
    body=UploadIn,
    answers={201: TicketOut},
    limit="UPLOAD_SIGN",
    idempotent=True,
    remake=issue_again,
)
def issue(request: HttpRequest, body: UploadIn) -> TicketOut:
    assert request.user.is_authenticated
    ticket = ISSUERS[body.purpose](body, request.user)
    return TicketOut.of(ticket.upload, ticket.post)


uploads = methods(POST=issue)
