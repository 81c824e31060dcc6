"""Yes or no, and from when: questions about a booking that write nothing."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from accounts.models import User
from bookings.models import Booking

FILES_AFTER_THE_END = timedelta(days=1)


class Tier(NamedTuple):
    """What comes back to a student who cancels before ``until``."""

    percent: int
    until: datetime


def refund_tiers(policy: str, starts_at: datetime) -> list[Tier]:
    """Spell a cancellation policy out for one session, the most generous tier first; nothing back is no tier."""
    return [
        Tier(percent, starts_at - timedelta(hours=hours))
        for hours, percent in settings.CANCELLATION_TIERS[policy]
        if percent
    ]


def may_pay(user: User, booking: Booking, *, at: datetime) -> bool:
    return booking.student_id == user.pk and booking.status_at(at) == Booking.Status.HELD


def may_join(user: User, booking: Booking, *, at: datetime) -> bool:
    """Whether the session's room is open to this person: from ten minutes before its start until its end."""
    opens_at = booking.starts_at - timedelta(minutes=settings.JOIN_MINUTES_BEFORE)
    takes_part = user.pk in {booking.student_id, booking.mentor_id}
    return takes_part and booking.status == Booking.Status.CONFIRMED and opens_at <= at < booking.ends_at


def may_send_files(user: User, booking: Booking, *, at: datetime) -> bool:
    """Its two people, for a booked session and for a day after it."""
    takes_part = user.pk in {booking.student_id, booking.mentor_id}
    return takes_part and booking.status == Booking.Status.CONFIRMED and at < booking.ends_at + FILES_AFTER_THE_END
