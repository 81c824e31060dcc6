"""Yes or no, and from when: questions about a booking that write nothing."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from accounts.models import User
from bookings.models import Booking, MoveProposal

FILES_AFTER_THE_END = timedelta(days=1)
# Booked, or over and not called off: the pass that ends a session comes within a minute of its end, and a student can say
# that all went well while the mentor is still there.
TAKES_PLACE = frozenset({Booking.Status.CONFIRMED, Booking.Status.ENDED, Booking.Status.COMPLETED})


class Tier(NamedTuple):
    """What comes back to a student who cancels at ``until`` or before."""

    percent: int
    until: datetime


def refund_tiers(policy: str, starts_at: datetime) -> list[Tier]:
    """Spell a cancellation policy out for one session, the most generous tier first; nothing back is no tier."""
    return [
        Tier(percent, starts_at - timedelta(hours=hours))
        for hours, percent in settings.CANCELLATION_TIERS[policy]
        if percent
    ]


def refund_offers(
    booking: Booking, *, side: Booking.Side, at: datetime, proposal: MoveProposal | None = None
) -> list[Tier]:
    """List everything a confirmed session's cancelling at ``at`` can stand on; the most generous counts.

    ``proposal`` is the mentor's open one: while it waits, its student may have everything back instead.
    """
    if side != Booking.Side.STUDENT:
        return [Tier(100, booking.starts_at)]
    offers = [*refund_tiers(booking.policy, booking.starts_at), Tier(100, grace_until(booking))]
    if proposal is not None:
        offers.append(Tier(100, proposal.lapses_at))
    return [offer for offer in offers if at <= offer.until]


def tiers_ahead(booking: Booking, *, at: datetime) -> list[Tier]:
    """Spell out what its student still gets back and until when, the next change first; a tier that a better one outlasts is
    left out."""
    offers = refund_offers(booking, side=Booking.Side.STUDENT, at=at) if booking.confirmed_at else []
    best = [
        tier
        for tier in offers
        if not any(other.until >= tier.until and other.percent >= tier.percent for other in offers if other is not tier)
    ]
    return sorted(best, key=lambda tier: tier.until)


def grace_until(booking: Booking) -> datetime:
    """The last moment at which a booking by mistake is undone in full: soon after it, and not too close to its start."""
    assert booking.confirmed_at is not None
    return min(
        booking.confirmed_at + timedelta(seconds=settings.CANCEL_GRACE_SECONDS),
        booking.starts_at - timedelta(hours=settings.CANCEL_GRACE_MIN_HOURS),
    )


def free_to_move_until(booking: Booking) -> datetime:
    """The last moment at which its student may move a session: that of the tier in which all would come back."""
    return max(tier.until for tier in refund_tiers(booking.policy, booking.starts_at) if tier.percent == 100)


def proposal_lapses_at(booking: Booking, *, at: datetime) -> datetime:
    """Until when a student can answer a move that is proposed at ``at``. Not after ``at``: it is too late for one."""
    return min(
        at + timedelta(hours=settings.MOVE_PROPOSAL_HOURS),
        booking.starts_at - timedelta(hours=settings.MOVE_PROPOSAL_MIN_HOURS),
    )


def acting_side(user: User, booking: Booking) -> Booking.Side:
    """For whom somebody who may see a booking acts."""
    if user.pk == booking.student_id:
        return Booking.Side.STUDENT
    return Booking.Side.MENTOR if user.pk == booking.mentor_id else Booking.Side.ADMIN


def may_cancel(user: User, booking: Booking, *, at: datetime) -> bool:
    """Its two people, until it begins. Support cancels on a page of its own."""
    return _takes_part(user, booking) and booking.status == Booking.Status.CONFIRMED and at < booking.starts_at


def may_pay(user: User, booking: Booking, *, at: datetime) -> bool:
    return booking.student_id == user.pk and booking.status_at(at) == Booking.Status.HELD


def may_join(user: User, booking: Booking, *, at: datetime) -> bool:
    """Whether to lead this person to the session's room: one of its two, from ten minutes before its start until its end."""
    return _takes_part(user, booking) and is_joinable(booking, at=at)


def is_joinable(booking: Booking, *, at: datetime) -> bool:
    opens_at = booking.starts_at - timedelta(minutes=settings.JOIN_MINUTES_BEFORE)
    return booking.status == Booking.Status.CONFIRMED and opens_at <= at < booking.ends_at


def may_send_files(user: User, booking: Booking, *, at: datetime) -> bool:
    """Its two people, for a booked session and for a day after it."""
    takes_place = booking.status in TAKES_PLACE
    return _takes_part(user, booking) and takes_place and at < booking.ends_at + FILES_AFTER_THE_END


def _takes_part(user: User, booking: Booking) -> bool:
    return user.pk in {booking.student_id, booking.mentor_id}
