"""What comes to a session by the clock: its end, its completion, the question how it was, and in the end support."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bookings import after_emails
from bookings.models import Booking, BookingQuerySet, Outcome
from bookings.queries.attendance import both_sides
from bookings.services.holds import lock_with_people
from bookings.services.problems import open_report
from bookings.services.settling import end_if_over, settle
from bookings.services.strikes import apply_strike, due_strikes
from marketplace.common.passes import run_each
from mentors.services import show_again

Status = Booking.Status

# Whoever is asked has at least this long to answer, should the pass have come late.
TIME_TO_ANSWER = timedelta(days=1)


def run_endings() -> None:
    """One pass of the periodic job. Safe to repeat and to run twice at once."""
    now = timezone.now()
    over = Booking.objects.filter(status=Status.CONFIRMED, ends_at__lte=now).order_by("ends_at", "pk")
    run_each("end_session", end_session, list(over.values_list("pk", flat=True)))
    run_each("follow_up", follow_up, list(waiting_for_a_word(at=now).values_list("pk", flat=True)))


def run_strikes() -> None:
    """One pass of the periodic job: hide mentors whose strikes say so, show those again whose time has passed."""
    run_each("apply_strike", lambda pk: apply_strike(strike_id=pk), due_strikes())
    show_again(at=timezone.now())


def waiting_for_a_word(*, at: datetime) -> BookingQuerySet:
    """Ended sessions about which something is due: to complete or ask, or to hand to support."""
    unasked = Q(asked_at=None, ends_at__lte=at - timedelta(hours=settings.OUTCOME_ASK_HOURS))
    silent = Q(ends_at__lte=at - timedelta(days=settings.OUTCOME_SUPPORT_DAYS), asked_at__lte=at - TIME_TO_ANSWER)
    return Booking.objects.filter(unasked | silent, status=Status.ENDED).order_by("ends_at", "pk")


def end_session(booking_id: UUID) -> None:
    """Mark a session ``ended`` that is over. Safe to repeat."""
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        end_if_over(booking, at=now)


def follow_up(booking_id: UUID) -> None:
    """Complete an ended session that has a positive sign; ask both where there is none; then leave it to support.

    Safe to repeat: each step is taken once.
    """
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        if booking.status != Status.ENDED or now < booking.ends_at + timedelta(hours=settings.OUTCOME_ASK_HOURS):
            return
        if has_positive_sign(booking):
            settle(booking, Status.COMPLETED, percent=0, at=now, by=None)
        elif booking.asked_at is None:
            booking.asked_at = now
            booking.save(update_fields=["asked_at"])
            after_emails.send_how_was_it(booking)
        elif now >= booking.ends_at + timedelta(days=settings.OUTCOME_SUPPORT_DAYS):
            open_report(booking, side=Booking.Side.ADMIN, by=None, note="", at=now)


def has_positive_sign(booking: Booking) -> bool:
    """Whether an ended session can be taken to have been taught: both were present, or its mentor says so and nobody
    reported anything. The student's own word completes it at once."""
    return both_sides(booking).were_present or booking.outcomes.filter(word=Outcome.Word.TAUGHT).exists()
