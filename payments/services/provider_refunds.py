"""Refunds made by another hand than ours: in the provider's dashboard, or by the provider itself."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from bookings.services import lock_with_people
from marketplace.common.logging import get_logger
from payments.errors import UnknownObject
from payments.gateways import StripeGateway
from payments.models import OPEN_STATUSES, Payment, Refund
from payments.schemas import SentRefund
from payments.services.given_back import follow_refund
from payments.services.intents import record
from payments.services.ledger import Account, Line, post
from payments.services.refunds import STATUS_OF, adopt_refund, record_refund, settle_refund, take_word
from payments.services.settlement import settle_payment

log = get_logger(__name__)

Status = Refund.Status


def read_refund(*, provider_id: str, gateway: StripeGateway) -> None:
    """Bring the refund that the provider names to where it is there; take it up if we have never heard of it.

    Safe to repeat. Raises ``ProviderUnavailable``.
    """
    refund = Refund.objects.filter(provider_id=provider_id).first()
    if refund is not None:
        settle_refund(refund_id=refund.pk, gateway=gateway)
        return
    try:
        sent = gateway.retrieve_refund(provider_id)
    except UnknownObject:
        log.warning("event_of_unknown_refund", refund_id=provider_id)
        return
    hear_of_refund(sent, gateway=gateway)


def read_refunds_of(*, payment: Payment, gateway: StripeGateway) -> None:
    """Do the same with whatever went back of one payment, as its charge at the provider tells."""
    for sent in gateway.refunds_of(payment.provider_id):
        hear_of_refund(sent, gateway=gateway)


def hear_of_refund(sent: SentRefund, *, gateway: StripeGateway) -> None:
    """Take in a refund as the provider has it: one we know, one of ours whose answer was lost, or another's."""
    refund = Refund.objects.filter(provider_id=sent.id).first()
    if refund is not None:
        record_refund(refund_id=refund.pk, sent=sent)
    elif not adopt_refund(sent=sent):
        _take_up(sent, gateway)


def _take_up(sent: SentRefund, gateway: StripeGateway) -> None:
    payment = Payment.objects.exclude(provider_id="").filter(provider_id=sent.payment_intent or "").first()
    if payment is None:
        log.warning("event_of_foreign_refund", refund_id=sent.id)
        return
    if STATUS_OF[sent.status] == Status.FAILED:
        return  # it came back before we heard of it
    if payment.status in OPEN_STATUSES:  # this was faster than the word that the money had come
        settle_payment(payment_id=payment.pk, gateway=gateway)
    with transaction.atomic(durable=True):
        payment, now = _lock(payment)
        if Refund.objects.filter(provider_id=sent.id).exists():
            return  # another worker has it
        refund = _row_for(payment, sent, at=now)
        refund.payment = payment
        if payment.is_accepted:
            follow_refund(payment=payment, booking=payment.booking, by=None, at=now)
        take_word(refund, sent, at=now)  # last: its credit note's number is locked until the commit
        log.warning("refund_made_at_the_provider", payment_id=payment.pk, refund_id=refund.pk)


def _lock(payment: Payment) -> tuple[Payment, datetime]:
    """Lock the people, the booking, then the payment; return it as it is now, with the time after the wait (UTC)."""
    booking, now = lock_with_people(payment.booking_id)
    payment = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
    payment.booking = booking
    return payment, now


def _row_for(payment: Payment, sent: SentRefund, *, at: datetime) -> Refund:
    """Find or write the row of a refund that somebody else made. The payment is locked.

    What finance sent back by the dashboard because our own refund had failed is that refund, sent another way. Money that
    is beyond what was left takes the place of what we had still to send.
    """
    rows = payment.refunds.select_for_update().order_by("created_at", "pk")
    if failed := rows.filter(status=Status.FAILED, amount_minor=sent.amount).first():
        return _send_another_way(failed, sent, at=at)
    known = rows.aggregate(sum=Sum("amount_minor", default=0))["sum"]
    beyond = max(0, known + sent.amount - _received(payment))
    waiting = rows.filter(status__in=[Status.FAILED, Status.REQUESTED], amount_minor__gte=beyond).first()
    if beyond and waiting:
        if waiting.amount_minor == beyond:
            _book_request(waiting, sent.amount - beyond, payment, at=at)
            return _send_another_way(waiting, sent, at=at)
        waiting.amount_minor -= beyond
        waiting.attempt += 1  # the key may have been used with the old amount
        waiting.save(update_fields=["amount_minor", "attempt"])
        record(payment.pk, "refund_reduced", at=at, refund=str(waiting.pk), by_minor=beyond)
    refund = Refund.objects.create(
        payment=payment, amount_minor=sent.amount, reason=Refund.Reason.PROVIDER, created_at=at
    )
    record(payment.pk, "refund_found", at=at, refund=str(refund.pk), provider_id=sent.id)
    _book_request(refund, sent.amount - beyond, payment, at=at)
    return refund


def _send_another_way(refund: Refund, sent: SentRefund, *, at: datetime) -> Refund:
    """Take a refund that had failed, or was not sent yet, for the one that somebody made by hand."""
    refund.status, refund.amount_minor = Status.REQUESTED, sent.amount
    refund.provider_id, refund.sent_at, refund.settled_at = "", None, None
    refund.attempt += 1
    refund.save(update_fields=["status", "amount_minor", "provider_id", "sent_at", "settled_at", "attempt"])
    record(refund.payment_id, "refund_made_by_hand", at=at, refund=str(refund.pk), provider_id=sent.id)
    return refund


def _book_request(refund: Refund, amount_minor: int, payment: Payment, *, at: datetime) -> None:
    """Book what goes back beyond what we had promised already."""
    post(
        f"refund:{refund.pk}:found:{refund.attempt}",
        Line(Account.STUDENT_FUNDS, amount_minor),
        Line(Account.REFUNDS, -amount_minor),
        currency=refund.currency,
        at=at,
        booking=payment.booking,
    )


def _received(payment: Payment) -> int:
    return payment.amount_minor if payment.received_minor is None else payment.received_minor
