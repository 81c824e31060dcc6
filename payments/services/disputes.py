"""Payments that a cardholder disputes at their bank. The provider's word is read, never believed from the event.

While a dispute is open the mentor's share stays where it is. A lost one is the platform's loss
(docs/decisions/0012-a-lost-dispute-is-the-platforms-loss.md), so in the end the share returns to where it was either way.
"""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Sum

from bookings.services import lock_with_people
from marketplace.common.logging import get_logger
from payments import emails
from payments.errors import UnknownObject
from payments.gateways import StripeGateway
from payments.models import OPEN_STATUSES, Dispute, Earning, LedgerEntry, Payment, Refund
from payments.schemas import SentDispute
from payments.services.earnings import freeze, unfreeze
from payments.services.intents import record
from payments.services.ledger import Account, Line, post
from payments.services.refunds import follow_payment
from payments.services.settlement import settle_payment

log = get_logger(__name__)

Status = Dispute.Status

# A dispute only moves on along this line; an answer that arrives late can't take it back.
ORDER = (Status.INQUIRY, Status.OPEN, Status.WON, Status.LOST)
CLOSED = (Status.WON, Status.LOST)


def read_dispute(*, provider_id: str, gateway: StripeGateway) -> None:
    """Bring a dispute, its money in the books and the mentor's share to where the provider says they are.

    Safe to repeat, at any time and in any order. Raises ``ProviderUnavailable``.
    """
    try:
        sent = gateway.retrieve_dispute(provider_id)
    except UnknownObject:
        log.warning("event_of_unknown_dispute", dispute_id=provider_id)
        return
    hear_of_dispute(sent, gateway=gateway)


def hear_of_dispute(sent: SentDispute, *, gateway: StripeGateway) -> None:
    """Take in a dispute as the provider has it."""
    payment = Payment.objects.exclude(provider_id="").filter(provider_id=sent.payment_intent or "").first()
    if payment is None:
        log.warning("event_of_foreign_dispute", dispute_id=sent.id)
        return
    if payment.status in OPEN_STATUSES:  # this was faster than the word that the money had come
        settle_payment(payment_id=payment.pk, gateway=gateway)
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(payment.booking_id)
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
        payment.booking = booking
        _book(payment, sent, at=now)
        _write(payment, sent, at=now)


def status_of(word: str) -> Dispute.Status:
    """Put the provider's word into ours: https://docs.stripe.com/api/disputes/object#dispute_object-status."""
    match word:
        case "won" | "warning_closed" | "prevented":  # an inquiry that came to nothing took nothing
            return Status.WON
        case "lost":
            return Status.LOST
        case word if word.startswith("warning"):
            return Status.INQUIRY
    return Status.OPEN


def _write(payment: Payment, sent: SentDispute, *, at: datetime) -> None:
    status, taken = status_of(sent.status), _booked(sent.id, Account.DISPUTE_LOSS)
    dispute = Dispute.objects.filter(pk=sent.id).first()
    if dispute is None:
        dispute = Dispute(pk=sent.id, payment=payment, opened_at=datetime.fromtimestamp(sent.created, UTC))
        left = ""
    elif ORDER.index(Status(dispute.status)) > ORDER.index(status):
        left = status = Status(dispute.status)
    else:
        left = dispute.status
    dispute.status, dispute.reason, dispute.amount_minor = status, sent.reason, sent.amount
    dispute.fee_minor, dispute.is_withdrawn = _booked(sent.id, Account.PROVIDER_FEES), taken > 0
    due_by = sent.evidence_details.due_by
    dispute.evidence_due_at = datetime.fromtimestamp(due_by, UTC) if due_by else None
    if status in CLOSED:
        dispute.closed_at = dispute.closed_at or at
    dispute.save()
    if status != left:
        record(payment.pk, f"dispute_{status}", at=at, dispute=dispute.pk, left=left, reason=sent.reason)
        log.warning("dispute_moved", dispute_id=dispute.pk, payment_id=payment.pk, status=status)
    _follow(dispute, payment, at=at)
    if status == left:
        return
    if status in CLOSED:
        emails.send_dispute_closed(dispute=dispute, booking=payment.booking)
    else:  # a bank that only asked may want the money later: that is news
        emails.send_dispute_opened(dispute=dispute, booking=payment.booking)


def _follow(dispute: Dispute, payment: Payment, *, at: datetime) -> None:
    """Keep the mentor's share while the bank decides; let it go on after."""
    earning = Earning.objects.select_for_update(no_key=True, of=("self",)).filter(payment=payment).first()
    if earning is None:
        return  # the payment was not accepted
    earning.payment, earning.booking = payment, payment.booking
    if dispute.closed_at is None:
        freeze(earning, at=at)
    else:
        unfreeze(earning, at=at)
    if dispute.status == Status.LOST:
        _count_as_refunded(dispute, payment, at=at)


def _count_as_refunded(dispute: Dispute, payment: Payment, *, at: datetime) -> None:
    """Take refunds that the provider refused during the dispute for sent: the bank has given the money back itself.

    They would fail for ever otherwise. That part of the loss is no loss: we owed it. A dispute is read again and again, and
    stands for no more than it took in all.
    """
    covered = payment.refunds.covered_by(dispute.pk).aggregate(sum=Sum("amount_minor", default=0))["sum"]
    left = dispute.amount_minor - covered
    owed = payment.refunds.select_for_update().filter(status=Refund.Status.FAILED, amount_minor__lte=left)
    for refund in owed.order_by("created_at", "pk"):
        if refund.amount_minor > left:
            continue
        left -= refund.amount_minor
        refund.payment, refund.status = payment, Refund.Status.SUCCEEDED
        refund.provider_id, refund.sent_at, refund.settled_at = f"{dispute.pk}/{refund.pk.hex[:8]}", at, at
        refund.save(update_fields=["status", "provider_id", "sent_at", "settled_at"])
        record(payment.pk, "refund_by_dispute", at=at, refund=str(refund.pk), dispute=dispute.pk)
        post(
            f"refund:{refund.pk}:disputed:{refund.attempt}",
            Line(Account.REFUNDS, refund.amount_minor),
            Line(Account.DISPUTE_LOSS, -refund.amount_minor),
            currency=payment.currency,
            at=at,
            booking=payment.booking,
        )
        follow_payment(payment)


def _book(payment: Payment, sent: SentDispute, *, at: datetime) -> None:
    """Book each movement of our balance once: what was withdrawn or given back, and what the provider keeps for it."""
    for movement in sent.balance_transactions:
        post(
            f"dispute:{sent.id}:{movement.id}",
            Line(Account.DISPUTE_LOSS, -movement.amount),
            Line(Account.PROVIDER_FEES, movement.fee),
            Line(Account.PROVIDER_BALANCE, movement.net),
            currency=movement.currency,
            at=at,
            booking=payment.booking,
        )


def _booked(dispute_id: str, account: LedgerEntry.Account) -> int:
    entries = LedgerEntry.objects.filter(account=account, transaction__reference__startswith=f"dispute:{dispute_id}:")
    return int(entries.aggregate(sum=Sum("amount_minor", default=0))["sum"])
