"""From held to confirmed, and for money that came late from expired to confirmed.

Only payments calls this, inside its own transaction, after the provider's word was verified and matched.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from bookings.emails import send_booking_confirmed
from bookings.errors import HoldLetGo, NotBookable, SlotTaken, StudentBusy, TimeGone, WrongState
from bookings.models import Booking
from bookings.queries.slots import busy_around, rules_of
from bookings.services.claims import CLAIM_REFUSALS, Wanted, claim, record
from bookings.signals import booking_confirmed
from marketplace.common.analytics import track
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor


def confirm_booking(*, booking: Booking, at: datetime) -> None:
    """Confirm a paid booking, re-claiming its time where the hold had lapsed. ``at`` was read after the locks.

    The caller has locked the people and then the booking, in its transaction. Writes the booking's event, announces
    ``booking_confirmed`` and queues the mails to both.
    Raises ``TimeGone`` (someone else has the time, it is too near, or the mentor may not teach it), ``HoldLetGo``
    (its student let it go) or ``WrongState``.
    """
    left = booking.status
    if left == Booking.Status.ABANDONED:
        raise HoldLetGo
    if left not in {Booking.Status.HELD, Booking.Status.EXPIRED}:
        raise WrongState
    if booking.status_at(at) == Booking.Status.EXPIRED:
        _reclaim(booking, at=at)
    _take(booking, left, at=at)
    record(booking, "confirmed", at=at, by=None, late=int(booking.hold_expires_at <= at))
    track("booking_confirmed", user_id=booking.student_id, minutes=booking.minutes, price_minor=booking.price_minor)
    booking_confirmed.send(Booking, booking=booking)
    send_booking_confirmed(booking)


def _reclaim(booking: Booking, *, at: datetime) -> None:
    """Check that a lapsed hold's time is still there. Hours, notice and pauses don't matter to it any more."""
    mentor = booking.mentor
    if mentor.status != Mentor.Status.APPROVED or not booking.student.is_active:
        raise TimeGone
    wanted = Wanted(
        mentor=mentor,
        student=booking.student,
        starts_at=booking.starts_at,
        rules=replace(
            rules_of(mentor, minutes=booking.minutes),
            break_minutes=booking.break_minutes,
            notice=timedelta(seconds=settings.LATE_PAYMENT_NOTICE_SECONDS),
            horizon=timedelta(days=settings.HORIZON_DAYS_MAX),
        ),
        windows=[(booking.starts_at, booking.ends_at)],
        busy=busy_around(mentor, booking.starts_at),
    )
    try:
        claim(wanted, at=at, own=booking.pk)
    except (NotBookable, SlotTaken, StudentBusy) as refusal:
        raise TimeGone from refusal


def _take(booking: Booking, left: str, *, at: datetime) -> None:
    """The step itself, conditional on the state it leaves."""
    try:
        with transaction.atomic():
            taken = Booking.objects.filter(pk=booking.pk, status=left).update(
                status=Booking.Status.CONFIRMED, confirmed_at=at, hold_place=None, closed_at=None
            )
    except IntegrityError as exc:
        if violated_constraint(exc) in CLAIM_REFUSALS:
            raise TimeGone from exc
        raise
    if not taken:
        raise WrongState
    booking.refresh_from_db(fields=["status", "confirmed_at", "hold_place", "closed_at"])
