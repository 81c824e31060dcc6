"""What the tests of after the session share: a session that is over, and who was there."""

from datetime import timedelta
from uuid import UUID

import time_machine
from django.utils import timezone

from accounts.models import User
from bookings.models import Attendance, Booking, Strike
from bookings.services import beat
from bookings.services.strikes import add_strike
from mentors.models import Mentor
from tests.factories import make_booking, make_paid_booking, make_student
from tests.jobs import waiting_jobs

MINUTE = timedelta(minutes=1)


def make_past_session(*, ended_ago: timedelta = MINUTE, minutes: int = 45, **fields: object) -> Booking:
    """A paid session whose planned end was a moment ago; nobody has looked at it since."""
    starts_at = timezone.now() - ended_ago - timedelta(minutes=minutes)
    return make_paid_booking(starts_at=starts_at, minutes=minutes, confirmed_at=starts_at - timedelta(days=1), **fields)


def was_there(booking: Booking, user: User, *, minutes: float | None = None, after: timedelta = timedelta(0)) -> None:
    """Leave one stretch of attendance, from the start on; without ``minutes`` for the whole session."""
    start = booking.starts_at + after
    until = start + timedelta(minutes=booking.minutes if minutes is None else minutes)
    Attendance.objects.create(booking=booking, user=user, from_at=start, until_at=until)


def stay(booking: Booking, user: User, *, for_: timedelta, every: timedelta) -> None:
    """Send beats from the start on, as an open join page does."""
    at = booking.starts_at
    while at <= booking.starts_at + for_:
        beat(booking=booking, by=user, at=at)
        at += every


def later(moment: timedelta) -> time_machine.travel:
    return time_machine.travel(timezone.now() + moment, tick=False)


def mails(name: str) -> list[str]:
    """To whom mails of one name are on their way."""
    return [job["mail"]["to"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == name]


def strike(mentor: Mentor, kind: str = Strike.Kind.ABSENCE) -> Strike:
    """Count an incident about a session of its own."""
    booking = make_booking(mentor=mentor, student=make_student(), status=Booking.Status.CANCELLED)
    return add_strike(booking, Strike.Kind(kind), at=timezone.now())


def status_of(booking_id: UUID) -> str:
    return Booking.objects.values_list("status", flat=True).get(pk=booking_id)
