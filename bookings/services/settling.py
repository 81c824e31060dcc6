"""The steps of a booking after its session, each conditional on the state it leaves."""

from datetime import datetime
from typing import Any

from accounts.models import User
from bookings.errors import WrongState
from bookings.models import Booking
from bookings.services.claims import record
from bookings.services.search_index import recount_reviews
from bookings.signals import booking_settled

Status = Booking.Status


def end_if_over(booking: Booking, *, at: datetime) -> bool:
    """Let a locked booking's session end that is over by the clock, whether or not the pass came by. Tells whether it did."""
    if booking.status_at(at) != Status.CONFIRMED or booking.ends_at > at:
        return False
    move(booking, Status.ENDED)
    record(booking, "ended", at=at, by=None)
    return True


def settle(
    booking: Booking,
    to: Booking.Status,
    *,
    percent: int,
    at: datetime,
    by: User | None,
    **data: str | int | None,
) -> None:
    """Bring a locked booking to its end: ``percent`` of its price goes back, the rest is the mentor's.

    Writes the event named as the state and announces ``booking_settled``. The people were locked before the booking.
    """
    left = booking.status
    move(booking, to, refund_percent=percent, closed_at=at)
    record(booking, to, at=at, by=by, left=left, percent=percent, **data)
    if to == Status.COMPLETED:
        recount_reviews(mentor=booking.mentor)  # its sessions too
    booking_settled.send(Booking, booking=booking)


def move(booking: Booking, to: Booking.Status, **columns: Any) -> None:  # Any: the columns' own values
    """Take a step. Raises ``WrongState`` when somebody was first."""
    if not Booking.objects.filter(pk=booking.pk, status=booking.status).update(status=to, **columns):
        raise WrongState
    booking.status = to
    for name, value in columns.items():
        setattr(booking, name, value)
