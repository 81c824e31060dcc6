"""Strikes: what a mentor's absence or late cancelling counts against them, what that brings about, and appeals.

What a strike brings about waits ``STRIKE_APPEAL_HOURS``, and for an appeal made in that time; the pass then applies it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings import after_emails
from bookings.after_policies import may_appeal
from bookings.errors import AppealMade, AppealTooLate, NothingToDecide
from bookings.models import Booking, Strike
from bookings.services.claims import lock_people
from marketplace.common import audit
from marketplace.common.errors import AccessDenied
from marketplace.common.guards import SUPPORT
from mentors.models import Mentor
from mentors.services import hide_until

POINTS = {
    Strike.Kind.LATE_CANCELLATION: settings.STRIKES_LATE_CANCELLATION,
    Strike.Kind.ABSENCE: settings.STRIKES_ABSENCE,
}


def add_strike(booking: Booking, kind: Strike.Kind, *, at: datetime) -> Strike:
    """Count an incident against a booking's mentor; a booking counts once. Its people are locked, so the sum holds.

    Effects: a mail that says how many there are and what follows.
    """
    existing = Strike.objects.filter(booking=booking).first()
    if existing is not None:
        return existing
    points = POINTS[kind]
    total = sum(each.points for each in booking.mentor.strikes.counting(at=at)) + points
    days = hidden_days(total)
    strike = Strike.objects.create(
        mentor=booking.mentor,
        booking=booking,
        kind=kind,
        points=points,
        at=at,
        expires_at=at + timedelta(days=settings.STRIKE_DAYS),
        hides_days=days,
        takes_effect_at=at + timedelta(hours=settings.STRIKE_APPEAL_HOURS) if days else None,
    )
    after_emails.send_strike(strike, total=total)
    return strike


def count_cancellation(booking: Booking, *, at: datetime) -> Strike | None:
    """Count a mentor's cancelling less than ``STRIKE_LATE_HOURS`` before the start. The booking's people are locked."""
    is_late = at > booking.starts_at - timedelta(hours=settings.STRIKE_LATE_HOURS)
    if booking.cancelled_by != Booking.Side.MENTOR or not is_late:
        return None
    return add_strike(booking, Strike.Kind.LATE_CANCELLATION, at=at)


def hidden_days(total: int) -> int:
    """For how many days nobody finds a mentor who has this many strikes; 0 below the first step."""
    return max((days for strikes, days in settings.STRIKE_HIDDEN_DAYS.items() if total >= strikes), default=0)


def appeal_strike(*, strike: Strike, by: User, text: str) -> Strike:
    """Say, once and in time, why a strike should not count. What it brings about then waits for support.

    Raises ``AppealMade`` or ``AppealTooLate``.
    """
    with transaction.atomic(durable=True):
        now = lock_people(strike.mentor_id)
        row = Strike.objects.get(pk=strike.pk, mentor=by.pk)
        if row.appealed_at is not None or row.decided_at is not None:
            raise AppealMade
        if not may_appeal(by, row, at=now):
            raise AppealTooLate
        row.appeal, row.appealed_at = text, now
        row.save(update_fields=["appeal", "appealed_at"])
        return row


def decide_appeal(*, strike: Strike, by: User, waive: bool, reason: str) -> Strike:
    """Take a strike back, or let it stand. Raises ``AccessDenied`` or ``NothingToDecide``.

    A strike can be taken back without an appeal too. Effects: what later strikes brought about is worked out anew; an audit
    row; a mail.
    """
    if not by.groups.filter(name__in=SUPPORT.groups).exists():
        raise AccessDenied(SUPPORT.refusal)
    with transaction.atomic(durable=True):
        now = lock_people(strike.mentor_id)
        row = Strike.objects.select_related("mentor__user", "booking").get(pk=strike.pk)
        if row.decided_at is not None or (row.appealed_at is None and not waive):
            raise NothingToDecide
        row.decided_at, row.decided_by, row.decision = now, by, reason
        row.waived_at = now if waive else None
        row.save(update_fields=["decided_at", "decided_by", "decision", "waived_at"])
        if waive:
            restate_strikes(row.mentor, at=now)
        audit.record("strike_waived" if waive else "strike_stands", by=by, subject=row, mentor=str(row.mentor_id))
        after_emails.send_strike_decided(row)
        return row


def restate_strikes(mentor: Mentor, *, at: datetime) -> None:
    """Work out anew what each strike of a mentor brings about, once one was taken back. The mentor is locked.

    One that brought about less than was applied is cut short; nothing gets harder.
    """
    strikes = list(mentor.strikes.order_by("at", "pk"))
    for strike in strikes:
        if strike.waived_at is None and strike.hides_days:
            total = _total_at(strike, strikes)
            strike.hides_days = min(strike.hides_days, hidden_days(total))
        elif strike.waived_at is not None:
            strike.hides_days = 0
        if not strike.hides_days:
            strike.takes_effect_at = None
        strike.save(update_fields=["hides_days", "takes_effect_at"])
    ends = [s.applied_at + timedelta(days=s.hides_days) for s in strikes if s.applied_at and s.hides_days]
    until = max((end for end in ends if end > at), default=None)
    hide_until(mentor=mentor, until=until)


def _total_at(strike: Strike, strikes: Iterable[Strike]) -> int:
    """How many counted when a strike came, those taken back since left out."""
    return sum(
        each.points
        for each in strikes
        if each.waived_at is None and (each.at, each.pk) <= (strike.at, strike.pk) and each.expires_at > strike.at
    )


def apply_strike(*, strike_id: int) -> bool:
    """Hide a mentor whose strike's time to be appealed has passed. Safe to repeat; tells whether it did."""
    mentor_id = Strike.objects.values_list("mentor_id", flat=True).get(pk=strike_id)
    with transaction.atomic(durable=True):
        now = lock_people(mentor_id)
        strike = Strike.objects.due(at=now).select_related("mentor").filter(pk=strike_id).first()
        if strike is None:
            return False
        strike.applied_at = now
        strike.save(update_fields=["applied_at"])
        until = now + timedelta(days=strike.hides_days)
        hide_until(mentor=strike.mentor, until=max(until, strike.mentor.hidden_until or until))
        return True


def due_strikes() -> list[int]:
    """The strikes whose effect has waited long enough and for every appeal."""
    due = Strike.objects.due(at=timezone.now())
    return list(due.order_by("takes_effect_at", "pk").values_list("pk", flat=True))
