"""Files for a session: problem sheets, texts, pictures of a whiteboard. Seen by its two people only."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.errors import NoMoreFiles
from bookings.models import Booking, SessionFile
from bookings.policies import may_send_files
from uploads.models import Upload
from uploads.services import Ticket, grant_view, issue_upload


def issue_session_file(*, booking: Booking, name: str, content_type: str, size: int, by: User) -> Ticket:
    """Sign leave to send a file for a session in which ``by`` takes part. ``size`` in bytes, 0 when unknown.

    Raises ``NoMoreFiles`` for a session that is not booked, or is long over.
    """
    if not may_send_files(by, booking, at=timezone.now()):
        raise NoMoreFiles
    with transaction.atomic():
        ticket = issue_upload(purpose=Upload.Purpose.BOOKING, name=name, content_type=content_type, size=size, by=by)
        SessionFile.objects.create(booking=booking, upload=ticket.upload)
        return ticket


def share_session_file(*, upload: Upload) -> None:
    """Let the other person of the session open a file that was found to be in order. Safe to repeat.

    Runs inside the transaction that keeps the checked bytes.
    """
    file = SessionFile.objects.select_related("booking__mentor__user", "booking__student").get(upload=upload)
    booking = file.booking
    other = booking.mentor.user if upload.owner_id == booking.student_id else booking.student
    grant_view(upload=upload, to=other)
