"""What cancelling or moving a session would mean, read for the page that asks and again under the lock that decides."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from accounts.models import User
from bookings.models import Booking, MoveProposal
from bookings.policies import acting_side, may_cancel, refund_offers
from bookings.queries.week import Week, week_of
from bookings.signals import given_back_wanted
from marketplace.common.money import split
from mentors.models import Package


class RefundPreview(NamedTuple):
    """What goes back if it is cancelled now: minor units of the booking's currency, and from when on it would be less."""

    refund_minor: int
    percent: int
    next_change_at: datetime | None
    # What went back before (a goodwill refund) and is not given twice.
    given_back_minor: int = 0


def refund_preview(booking: Booking, *, side: Booking.Side, at: datetime) -> RefundPreview:
    """Reckon what goes back to the student if ``side`` cancels at ``at``. A hold has cost nothing yet.

    ``next_change_at`` is the last moment at which it is this much; None where it does not change.
    """
    if booking.status != Booking.Status.CONFIRMED:
        return RefundPreview(0, 0, None)
    offers = refund_offers(booking, side=side, at=at, proposal=open_proposal(booking, at=at))
    percent = max((offer.percent for offer in offers), default=0)
    ends = [offer.until for offer in offers if offer.percent == percent]
    due = split(gross_minor=booking.price_minor, refund_percent=percent, fee_bps=booking.fee_bps).refund_minor
    changes = side == Booking.Side.STUDENT and bool(ends)
    before = given_back(booking)
    return RefundPreview(max(0, due - before), percent, max(ends) if changes else None, before)


def open_proposal(booking: Booking, *, at: datetime) -> MoveProposal | None:
    """The mentor's suggestion that waits for the student's answer, if there is one. One query."""
    return booking.proposals.open(at=at).first()


def given_back(booking: Booking) -> int:
    """Ask how much of a session's price went back, or is on its way, in minor units."""
    return sum(int(answer or 0) for _receiver, answer in given_back_wanted.send(Booking, booking=booking))


@dataclass(frozen=True)
class Change:
    """What a session's page offers to change about it, and what was changed. For those who take part in it."""

    # The latest suggestion to move it, and where it stands.
    proposal: MoveProposal | None
    proposal_status: str
    # What goes back of a cancelled one, in minor units; None where it is not known.
    refund_minor: int | None
    cancelled_by_reader: bool


def change_of(booking: Booking, reader: User, *, at: datetime) -> Change | None:
    """Read what can be changed about a coming session, or how it was cancelled; None for any other. One query at most."""
    if booking.status == Booking.Status.CANCELLED:
        refund_minor = None
        if booking.refund_percent is not None:
            percent, bps = booking.refund_percent, booking.fee_bps
            refund_minor = split(gross_minor=booking.price_minor, refund_percent=percent, fee_bps=bps).refund_minor
        return Change(None, "", refund_minor, booking.cancelled_by == acting_side(reader, booking))
    if not may_cancel(reader, booking, at=at):
        return None
    proposal = booking.proposals.order_by("-created_at", "-pk").first()
    return Change(proposal, proposal.status_at(at) if proposal else "", None, cancelled_by_reader=False)


def package_of(booking: Booking) -> Package:
    """The length of a session at the price that was paid for it, whatever the mentor asks today."""
    return Package(mentor=booking.mentor, minutes=booking.minutes, price_minor=booking.price_minor)


def is_offered(booking: Booking, *, to: Booking.Side) -> bool:
    """Whether its mentor can be booked, and for this length. One query at most.

    A pause, or being hidden, keeps students from taking more of a mentor's time; it does not keep the mentor from suggesting
    a time of theirs, which claims nothing.
    """
    offered = Package.objects.filter(mentor=booking.mentor, minutes=booking.minutes)
    may = booking.mentor.may_suggest if to == Booking.Side.MENTOR else booking.mentor.is_listed
    return may and offered.exists()


def move_week(booking: Booking, *, side: Booking.Side, first: date | None, zone: ZoneInfo, at: datetime) -> Week | None:
    """Read seven days of starts to which ``side`` could move a session; None where there is no other time at all."""
    if not is_offered(booking, to=side):
        return None
    week = week_of(
        booking.mentor,
        package_of(booking),
        first=first,
        zone=zone,
        at=at,
        student=booking.student,
        moving=booking,
        is_suggested=side == Booking.Side.MENTOR,
    )
    return week if week.slots or week.next_slot or not week.is_first else None
