"""Notes that a session's two people write together."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from bookings.after_policies import may_write_notes
from bookings.errors import NotesChanged, NotesClosed
from bookings.models import Booking, SessionNote
from bookings.queries.room import latest_note
from bookings.services.claims import to_its_people
from marketplace.common import live
from marketplace.common.errors import violated_constraint


def save_notes(*, booking_id: UUID, by: User, text: str, version: int) -> SessionNote | None:
    """Put ``text`` in the place of version ``version`` of the notes (0: there were none), for one of a session's two people.

    Returns what stands now; the same text again adds nothing. Raises ``NotesChanged`` when somebody has written since that
    version was read, and ``NotesClosed``. Needs no lock: of two who go on from the same version the database lets one through.
    """
    booking = Booking.objects.get(pk=booking_id)
    now = timezone.now()
    if not may_write_notes(by, booking, at=now):
        raise NotesClosed
    latest = latest_note(booking)
    if latest is not None and latest.text == text:
        return latest
    if version != (latest.version if latest else 0):
        raise NotesChanged
    if latest is None and not text:
        return None
    try:
        with transaction.atomic():
            live.publish(to_its_people(booking))
            return SessionNote.objects.create(booking=booking, version=version + 1, text=text, by=by, at=now)
    except IntegrityError as exc:
        if violated_constraint(exc) == "session_note_version_unique":
            raise NotesChanged from exc
        raise
