"""Cancelling a session, and letting a hold go where that is what there is to cancel."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import User
from bookings.emails import send_cancelled
from bookings.errors import ReasonNeeded, RefundChanged, WrongState
from bookings.models import Booking, MoveProposal
from bookings.queries.changes import RefundPreview, refund_preview
from bookings.services.claims import record
from bookings.services.holds import check_upcoming, let_hold_go, lock_with_people
from bookings.services.moves import close_proposal
from bookings.services.strikes import count_cancellation
from bookings.signals import booking_cancelled
from marketplace.common import audit
from marketplace.common.idempotency import remember_made

Side = Booking.Side


def cancel_booking(
    *,
    booking_id: UUID,
    by: User | None,
    side: Booking.Side,
    reason: str = "",
    expected_refund_minor: int | None = None,
) -> Booking:
    """Cancel a session for one side; a hold is let go. Its time is free, and its money back on its way, at the commit.

    ``expected_refund_minor`` is the sum that ``by`` was shown; None: whatever it is. Announces ``booking_cancelled`` (payments
    writes the refund), withdraws a proposed move, counts a mentor's late cancelling, mails both.
    Raises ``AlreadyBegun``, ``WrongState``, ``HoldExpired``, ``ReasonNeeded`` (mentor and admin) or ``RefundChanged``.
    """
    with transaction.atomic():
        booking, now = lock_with_people(booking_id)
        remember_made(booking.pk)
        if booking.status in {Booking.Status.HELD, Booking.Status.EXPIRED} and side != Side.MENTOR:
            return let_hold_go(booking_id=booking.pk, by=by)
        check_upcoming(booking, at=now)
        if side != Side.STUDENT and not reason:
            raise ReasonNeeded
        preview = refund_preview(booking, side=side, at=now)
        if expected_refund_minor not in {None, preview.refund_minor}:
            raise RefundChanged(refund_minor=preview.refund_minor, currency=booking.currency)
        _cancel(booking, preview, side=side, reason=reason, by=by, at=now)
        return booking


def check_cancellable(booking: Booking, *, at: datetime) -> None:
    """Refuse to say what would come back where nothing can be cancelled. Raises ``AlreadyBegun`` or ``WrongState``."""
    if booking.status_at(at) != Booking.Status.HELD:
        check_upcoming(booking, at=at)


def _cancel(
    booking: Booking, preview: RefundPreview, *, side: Booking.Side, reason: str, by: User | None, at: datetime
) -> None:
    """The step itself, conditional on the state it leaves, with all that follows from it."""
    close_proposal(booking, MoveProposal.Status.WITHDRAWN, at=at)
    confirmed = Booking.objects.filter(pk=booking.pk, status=Booking.Status.CONFIRMED)
    if not confirmed.update(
        status=Booking.Status.CANCELLED,
        cancelled_by=side,
        cancel_reason=reason,
        refund_percent=preview.percent,
        closed_at=at,
        sequence=F("sequence") + 1,
    ):
        raise WrongState
    booking.refresh_from_db(
        fields=["status", "cancelled_by", "cancel_reason", "refund_percent", "closed_at", "sequence"]
    )
    record(booking, "cancelled", at=at, by=by, side=side, percent=preview.percent)
    if side == Side.ADMIN:
        audit.record("booking_cancelled", by=by, subject=booking, percent=preview.percent)
    count_cancellation(booking, at=at)  # a mentor's, if it comes too late
    booking_cancelled.send(Booking, booking=booking)
    kept_minor = booking.price_minor - preview.given_back_minor - preview.refund_minor
    send_cancelled(booking, refund_minor=preview.refund_minor, kept_minor=kept_minor)
