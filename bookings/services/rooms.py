"""Where a session takes place."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.after_policies import may_set_link
from bookings.errors import LinkTooLate
from bookings.models import Booking
from bookings.rooms import host_of
from bookings.services.claims import lock_booking, record


def set_meeting_link(*, booking_id: UUID, by: User, url: str) -> Booking:
    """Meet elsewhere for one session, for its mentor; an empty ``url`` goes back to where they usually meet.

    Raises ``LinkTooLate`` once its room has closed, or where there is none. The history keeps the host alone: a link may
    carry a password.
    """
    with transaction.atomic():
        booking = lock_booking(booking_id)
        now = timezone.now()
        if not may_set_link(by, booking, at=now):
            raise LinkTooLate
        Booking.objects.filter(pk=booking.pk).update(meeting_url=url)
        booking.meeting_url = url
        record(booking, "meeting_link_set", at=now, by=by, host=host_of(url))
        return booking
