"""What cancelling or moving a session would mean, read for the page that asks and again under the lock that decides."""

from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from accounts.models import User
from bookings.models import Booking, MoveProposal
from bookings.policies import may_cancel, refund_offers
from bookings.queries.week import Week, week_of
from bookings.signals import given_back_wanted
from marketplace.common.money import split
from mentors.models import Package


class RefundPreview(NamedTuple):
    """What goes back if it is cancelled now: minor units of the booking's currency, and from when on it would be less."""

    refund_minor: int
    percent: int
    next_change_at: datetime | None


def refund_preview(booking: Booking, *, side: Booking.Side, at: datetime) -> RefundPreview:
    """Reckon what goes back to the student if ``side`` cancels at ``at``. A hold has cost nothing yet.

    ``next_change_at`` is the last moment at which it is this much; None where it does not change. What went back already
    (a goodwill refund) does not go back twice.
    """
    if booking.status != Booking.Status.CONFIRMED:
        return RefundPreview(0, 0, None)
    offers = refund_offers(booking, side=side, at=at, proposal=open_proposal(booking, at=at))
    percent = max((offer.percent for offer in offers), default=0)
    ends = [offer.until for offer in offers if offer.percent == percent]
    due = split(gross_minor=booking.price_minor, refund_percent=percent, fee_bps=booking.fee_bps).refund_minor
    changes = side == Booking.Side.STUDENT and bool(ends)
    return RefundPreview(max(0, due - _given_back(booking)), percent, max(ends) if changes else None)


def open_proposal(booking: Booking, *, at: datetime) -> MoveProposal | None:
    """The mentor's suggestion that waits for the student's answer, if there is one. One query."""
    return booking.proposals.open(at=at).first()


def change_box(booking: Booking, reader: User, *, at: datetime) -> dict[str, Any]:  # Any: template data
    """What a session's page offers those who take part in it: to move, to cancel, to answer. One query."""
    may_change = may_cancel(reader, booking, at=at)
    return {"may_change": may_change, "proposal": open_proposal(booking, at=at) if may_change else None}


def package_of(booking: Booking) -> Package:
    """The length of a session at the price that was paid for it, whatever the mentor asks today."""
    return Package(mentor=booking.mentor, minutes=booking.minutes, price_minor=booking.price_minor)


def is_offered(booking: Booking) -> bool:
    """Whether its mentor can be booked, and for this length. One query at most."""
    offered = Package.objects.filter(mentor=booking.mentor, minutes=booking.minutes)
    return booking.mentor.is_listed and offered.exists()


def move_week(booking: Booking, *, first: date | None, zone: ZoneInfo, at: datetime) -> Week | None:
    """Read seven days of starts to which a session could be moved; None where there is no other time at all."""
    if not is_offered(booking):
        return None
    week = week_of(
        booking.mentor,
        package_of(booking),
        first=first,
        zone=zone,
        at=at,
        student=booking.student,
        moving=booking,
    )
    return week if week.slots or week.next_slot or not week.is_first else None


def _given_back(booking: Booking) -> int:
    return sum(int(answer or 0) for _receiver, answer in given_back_wanted.send(Booking, booking=booking))
