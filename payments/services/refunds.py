"""Money on its way back: claim, call, record. The row with its state is the truth, the job may come as often as it likes."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from marketplace.common.logging import get_logger
from payments import emails
from payments.errors import AnswerLost, ProviderRefused, ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import Payment, Refund
from payments.schemas import SentRefund
from payments.services.intents import record
from payments.services.ledger import Account, Line, post
from payments.services.receipts import OUT, issue_credit_note

log = get_logger(__name__)

Status = Refund.Status
# The provider's words: https://docs.stripe.com/refunds#refund-object
STATUS_OF = {
    "pending": Status.SENT,
    "requires_action": Status.SENT,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
# A refund only ever moves on along this line; an answer that arrives late can't take it back.
ORDER = (Status.REQUESTED, Status.SENDING, Status.SENT, Status.SUCCEEDED, Status.FAILED)


def send_refund(*, refund_id: UUID, gateway: StripeGateway) -> None:
    """Send a requested refund to the provider. Safe to repeat: the same refund is sent under the same key.

    Raises ``ProviderUnavailable``; the claim is given back first, so that the job's next try finds it.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        claimed = Refund.objects.claimable(at=now).filter(pk=refund_id).update(status=Status.SENDING, claimed_at=now)
    if not claimed:
        return  # another worker has it, or it is done
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    try:
        sent = _call(refund, gateway)
    except ProviderUnavailable:
        _give_back(refund)
        raise
    except ProviderRefused as refusal:
        _fail(refund, reason=refusal.code)
        return
    record_refund(refund_id=refund_id, sent=sent)


def settle_refund(*, refund_id: UUID, gateway: StripeGateway) -> None:
    """Ask the provider what became of a refund that was sent. Safe to repeat. Raises ``ProviderUnavailable``."""
    refund = Refund.objects.get(pk=refund_id)
    if refund.provider_id:
        record_refund(refund_id=refund_id, sent=gateway.retrieve_refund(refund.provider_id))


def adopt_refund(*, sent: SentRefund) -> bool:
    """Take up a refund whose answer was lost, by the id that we wrote on it; False when it is none of ours."""
    refund = None
    with suppress(ValueError):  # of the id alone: what goes wrong after is no sign that it is somebody else's
        refund = Refund.objects.filter(pk=UUID(sent.metadata.refund)).first()
    if refund is None:
        return False
    record_refund(refund_id=refund.pk, sent=sent)
    return True


def record_refund(*, refund_id: UUID, sent: SentRefund) -> None:
    """Write down what the provider says of a refund, unless we know better already. Mails the student once it is sent."""
    with transaction.atomic(durable=True):
        refund, now = lock_refund(refund_id)
        take_word(refund, sent, at=now)


def take_word(refund: Refund, sent: SentRefund, *, at: datetime) -> None:
    """Bring a refund to where the provider says it is. The refund and its payment are locked."""
    left, status = Status(refund.status), STATUS_OF[sent.status]
    if ORDER.index(status) <= ORDER.index(left) or _is_of_an_earlier_try(refund, sent):
        return
    is_first_word, was_sent_before = not refund.provider_id, _was_sent(refund)
    refund.status, refund.provider_id = status, sent.id
    refund.sent_at = refund.sent_at or at
    refund.settled_at = None if status == Status.SENT else at
    refund.save(update_fields=["status", "provider_id", "sent_at", "settled_at"])
    record(refund.payment_id, f"refund_{status}", at=at, refund=str(refund.pk), left=left, provider_id=sent.id)
    _book(refund, left, at=at)
    follow_payment(refund.payment)
    if status == Status.FAILED:
        log.error("refund_failed", refund_id=refund.pk, reason=sent.status)
    elif is_first_word:
        emails.send_refund_sent(refund=refund, is_again=was_sent_before)
        issue_credit_note(refund=refund, at=at)  # last: its number is locked until the commit


def _was_sent(refund: Refund) -> bool:
    """Whether an earlier try was sent, and its student told so."""
    sent = refund.payment.events.filter(name__in=[f"refund_{status}" for status in OUT], data__refund=str(refund.pk))
    return sent.exists()


def _is_of_an_earlier_try(refund: Refund, sent: SentRefund) -> bool:
    """Whether this tells of a refund that came back before finance sent it again."""
    tried = int(sent.metadata.attempt) if sent.metadata.attempt.isdecimal() else 1
    return tried < refund.attempt and STATUS_OF[sent.status] == Status.FAILED


def _book(refund: Refund, left: str, *, at: datetime) -> None:
    """Book money that left the provider's balance, or came back into it because the bank returned it."""
    was_out, is_out = left in OUT, refund.status in OUT
    if was_out == is_out:
        return
    amount = refund.amount_minor if is_out else -refund.amount_minor
    post(
        f"refund:{refund.pk}:{'out' if is_out else 'returned'}:{refund.attempt}",
        Line(Account.REFUNDS, amount),
        Line(Account.PROVIDER_BALANCE, -amount),
        currency=refund.currency,
        at=at,
        booking=refund.payment.booking,
    )


def follow_payment(payment: Payment) -> None:
    """Say of an accepted, locked payment how much of it went back."""
    if not payment.is_accepted:
        return
    out = payment.refunds.filter(status__in=OUT).aggregate(sum=Sum("amount_minor", default=0))["sum"]
    whole = Payment.Status.REFUNDED if out == payment.amount_minor else Payment.Status.PART_REFUNDED
    status = whole if out else Payment.Status.SUCCEEDED
    if status != payment.status:
        Payment.objects.filter(pk=payment.pk).update(status=status)


def _call(refund: Refund, gateway: StripeGateway) -> SentRefund:
    intent_id = refund.payment.provider_id
    key = f"refund-{refund.pk}" if refund.attempt == 1 else f"refund-{refund.pk}-{refund.attempt}"
    try:
        return gateway.refund(
            intent_id, refund.amount_minor, refund_id=refund.pk, idempotency_key=key, attempt=refund.attempt
        )
    except (AnswerLost, ProviderRefused) as exc:
        # An earlier try may have done it, and its answer was lost on the way: that is for us to find out.
        if sent := gateway.find_refund(intent_id, refund_id=refund.pk):
            return sent
        if isinstance(exc, AnswerLost):
            Refund.objects.filter(pk=refund.pk, attempt=refund.attempt).update(attempt=refund.attempt + 1)
        raise


def _give_back(refund: Refund) -> None:
    ours = Refund.objects.filter(pk=refund.pk, status=Status.SENDING, claimed_at=refund.claimed_at)
    ours.update(status=Status.REQUESTED, claimed_at=None)


def _fail(refund: Refund, *, reason: str) -> None:
    """Leave it to finance: what the provider refuses, sending again won't change."""
    with transaction.atomic(durable=True):
        refund, now = lock_refund(refund.pk)
        if refund.status != Status.SENDING:
            return  # an event of the provider was faster
        refund.status, refund.settled_at = Status.FAILED, now
        refund.save(update_fields=["status", "settled_at"])
        record(refund.payment_id, "refund_failed", at=now, refund=str(refund.pk), reason=reason)
    log.error("refund_failed", refund_id=refund.pk, reason=reason)


def lock_refund(refund_id: UUID) -> tuple[Refund, datetime]:
    """Lock payment, then refund: the order in which the trigger on refunds does."""
    payment_id = Refund.objects.values_list("payment", flat=True).get(pk=refund_id)
    Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
    refund = (
        Refund.objects.select_for_update(of=("self",)).select_related("payment__booking__student").get(pk=refund_id)
    )
    return refund, timezone.now()
