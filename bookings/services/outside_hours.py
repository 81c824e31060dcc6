"""Sessions that lie outside what their mentor's hours have become."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from bookings.models import Booking
from bookings.queries.outside_hours import KEPT
from bookings.services.claims import record
from bookings.services.holds import lock_upcoming


def keep_outside_hours(*, booking_id: UUID, by: User) -> Booking:
    """Write down that a mentor holds a session although it lies outside their hours, so that nobody asks them again.

    It is about the time that the session has now: once moved, it is asked about anew. Safe to repeat.
    Raises ``AlreadyBegun`` or ``WrongState``.
    """
    with transaction.atomic():
        booking, now = lock_upcoming(booking_id)
        starts_at = booking.starts_at.isoformat()
        if not booking.events.filter(name=KEPT, data__starts_at=starts_at).exists():
            record(booking, KEPT, at=now, by=by, starts_at=starts_at)
        return booking
