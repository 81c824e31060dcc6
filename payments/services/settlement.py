"""What became of a payment: the one operation in which webhook, expiry pass, reconciler and return page all end.

It asks the provider, locks people, booking and payment in that order, and decides. ``succeeded`` and ``canceled`` are
final at the provider, so an answer that is old by the time of the locks can't undo a newer one: what is settled here
stays settled, and everything else only moves between open states.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bookings.errors import HoldLetGo, TimeGone, WrongState
from bookings.models import Booking
from bookings.services import confirm_booking, extend_for_bank_step, let_hold_go, lock_with_people
from marketplace.common.analytics import track
from marketplace.common.logging import get_logger
from payments import emails
from payments.errors import AlreadySucceeded, AnswerLost
from payments.gateways import StripeGateway
from payments.jobs import defer
from payments.models import OPEN_STATUSES, Payment, Refund
from payments.queries import seconds_until_next_try
from payments.schemas import Intent
from payments.services.earnings import open_earning
from payments.services.intents import obtain_intent, record
from payments.services.ledger import Account, Line, post
from payments.services.receipts import issue_receipt

log = get_logger(__name__)

Status = Payment.Status


def settle_payment(*, payment_id: UUID, gateway: StripeGateway) -> Payment:
    """Bring a payment, and the booking it is for, to where the provider says they are.

    Safe to repeat, at any time and in any order; does nothing to a payment that is settled. A success confirms the booking
    or, where it can't be accepted, is rejected with its full refund in the same transaction.
    Raises ``ProviderUnavailable``.
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.status not in OPEN_STATUSES:
        return payment
    intent = obtain_intent(payment=payment, gateway=gateway)
    declines = _declines(intent, gateway)
    with transaction.atomic(durable=True):
        payment, booking, now = _lock(payment)
        if payment.status in OPEN_STATUSES:
            _decide(payment, booking, intent, declines, at=now)
        return payment


def stop_payment(*, payment_id: UUID, gateway: StripeGateway) -> Payment:
    """Cancel a payment's intent at the provider, so that it can't be paid any more, and settle what it says.

    Where the provider says that it has succeeded, that is the success path. Safe to repeat.
    Raises ``ProviderUnavailable``.
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.status not in OPEN_STATUSES:
        return payment
    try:
        intent_id = payment.provider_id or obtain_intent(payment=payment, gateway=gateway).id
    except AnswerLost:  # it is failed now: there is nothing to stop
        return Payment.objects.get(pk=payment_id)
    with suppress(AlreadySucceeded):
        gateway.cancel_intent(intent_id)
    return settle_payment(payment_id=payment_id, gateway=gateway)


def request_stop(*, bookings: Sequence[Booking], at: datetime) -> None:
    """Have the open payments of freed holds stopped by jobs, in the transaction that freed them."""
    for payment in Payment.objects.open().filter(booking__in=bookings).order_by("pk"):
        Payment.objects.filter(pk=payment.pk).update(cancel_requested_at=at)
        record(payment.pk, "cancel_requested", at=at)
        defer("stop_payment", payment.pk)


def _lock(payment: Payment) -> tuple[Payment, Booking, datetime]:
    """Lock the people, the booking, then the payment; return both as they are now, and the time after the wait (UTC)."""
    booking, now = lock_with_people(payment.booking_id)
    return Payment.objects.select_for_update(no_key=True).get(pk=payment.pk), booking, now


def _declines(intent: Intent, gateway: StripeGateway) -> dict[str, str]:
    """Every failed try at this intent, by an id of the provider's, with its reason.

    The intent itself tells only of the last one; several may have come since we looked. A bank's step that failed leaves
    no charge, so the payment method stands for that try.
    """
    error = intent.last_payment_error
    if intent.status != "requires_payment_method" or error is None:
        return {}
    declines = {charge.id: charge.reason for charge in reversed(gateway.failed_charges(intent.id))}
    last = error.charge or (error.payment_method.id if error.payment_method else "")
    return declines | ({last: error.reason} if last else {})


def _decide(payment: Payment, booking: Booking, intent: Intent, declines: dict[str, str], *, at: datetime) -> None:
    match intent.status:
        case "succeeded":
            _receive(payment, booking, intent, at=at)
        case "canceled":
            _move(payment, Status.CANCELLED, at=at)
        case "processing":
            _move(payment, Status.PROCESSING, at=at)
        case "requires_action":
            _move(payment, Status.PENDING, at=at)
            extend_for_bank_step(booking=booking, at=at)
        case _:
            _move(payment, Status.PENDING, at=at)
            _count_declines(payment, booking, declines, at=at)


def _move(payment: Payment, status: Payment.Status, *, at: datetime) -> None:
    """Change the state of a locked payment and write it down, unless it is there already."""
    if payment.status == status:
        return
    left, payment.status = payment.status, status
    payment.settled_at = None if status in OPEN_STATUSES else at
    payment.save(update_fields=["status", "settled_at"])
    record(payment.pk, status, at=at, left=left)


def _receive(payment: Payment, booking: Booking, intent: Intent, *, at: datetime) -> None:
    """Money is in: confirm the booking with it, or send it back. Never both, never neither."""
    if not _matches(payment, intent):
        log.error(
            "payment_amount_mismatch",
            payment_id=payment.pk,
            expected_minor=payment.amount_minor,
            received_minor=intent.amount_received,
            received_currency=intent.currency,
        )
        return _reject(payment, intent, Refund.Reason.AMOUNT_MISMATCH, at=at)
    if booking.payments.accepted().exists():
        return _reject(payment, intent, Refund.Reason.SECOND_PAYMENT, at=at)
    try:
        with transaction.atomic():  # so that a refused confirmation takes the acceptance back with it
            _move(payment, Status.SUCCEEDED, at=at)
            confirm_booking(booking=booking, at=at)
            open_earning(payment=payment, booking=booking, at=at)
    except TimeGone:
        return _reject(payment, intent, Refund.Reason.TIME_GONE, at=at)
    except HoldLetGo:
        return _reject(payment, intent, Refund.Reason.HOLD_LET_GO, at=at)
    except WrongState:
        return _reject(payment, intent, Refund.Reason.SECOND_PAYMENT, at=at)
    track("payment_succeeded", user_id=booking.student_id, amount_minor=payment.amount_minor)
    defer("read_fee", payment.pk)
    payment.booking = booking
    issue_receipt(payment=payment, at=at)  # last: its number is locked until the commit
    log.info("payment_succeeded", payment_id=payment.pk, booking_id=booking.pk)
    return None


def _matches(payment: Payment, intent: Intent) -> bool:
    """Whether what came in is what was asked for: amount, currency, booking and payment."""
    received = (intent.amount_received, intent.currency, intent.metadata.booking, intent.metadata.payment)
    return received == (payment.amount_minor, payment.currency, str(payment.booking_id), str(payment.pk))


def _reject(payment: Payment, intent: Intent, reason: Refund.Reason, *, at: datetime) -> None:
    """Refuse money that is in, with the full refund written beside it."""
    payment.status, payment.settled_at, payment.rejection = Status.REJECTED, at, reason
    payment.received_minor, payment.received_currency = intent.amount_received, intent.currency
    payment.save(update_fields=["status", "settled_at", "rejection", "received_minor", "received_currency"])
    refund = Refund.objects.create(payment=payment, amount_minor=intent.amount_received, reason=reason, created_at=at)
    post(
        f"payment:{payment.pk}:rejected",
        Line(Account.PROVIDER_BALANCE, intent.amount_received),
        Line(Account.REFUNDS, -intent.amount_received),
        currency=intent.currency,
        at=at,
        booking=payment.booking,
    )
    record(payment.pk, Status.REJECTED, at=at, reason=reason)
    track("payment_failed", user_id=payment.booking.student_id, reason=reason)
    log.warning("payment_rejected", payment_id=payment.pk, reason=reason, refund_id=refund.pk)
    defer("send_refund", refund.pk)
    defer("read_fee", payment.pk)
    if reason in {Refund.Reason.TIME_GONE, Refund.Reason.HOLD_LET_GO}:
        defer("mail_slot_gone", payment.pk)


def _count_declines(payment: Payment, booking: Booking, declines: dict[str, str], *, at: datetime) -> None:
    """Write down each declined try once; after too many of a student's within the hour, let the hold go."""
    known = set(payment.events.filter(name="declined").values_list("data__attempt", flat=True))
    new = {attempt: reason for attempt, reason in declines.items() if attempt not in known}
    if not new:
        return
    for attempt, reason in new.items():
        record(payment.pk, "declined", at=at, attempt=attempt, reason=reason)
        track("payment_failed", user_id=booking.student_id, reason=reason)
        payment.last_decline = reason
    payment.save(update_fields=["last_decline"])
    wait = seconds_until_next_try(booking.student_id, at=at)
    if not known or wait:
        emails.send_payment_failed(payment=payment, booking=booking, wait_seconds=wait)
    if wait and booking.status_at(at) == Booking.Status.HELD:
        let_hold_go(booking_id=booking.pk, by=None)  # announces holds_freed: the intent is then cancelled by a job
