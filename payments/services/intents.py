"""The provider's intent behind a payment: made once, found again after any crash."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from marketplace.common.logging import get_logger
from payments.errors import AnswerLost, ProviderRefused
from payments.gateways import StripeGateway
from payments.models import Payment, PaymentEvent
from payments.schemas import Intent

log = get_logger(__name__)


def obtain_intent(*, payment: Payment, gateway: StripeGateway) -> Intent:
    """Read a payment's intent; make it first where that did not come to its end.

    The payment's row and key were committed before the first call, so a call that is repeated after a crash is answered
    with the same intent. Where the provider refuses, or keeps a server error under the key, the payment becomes
    ``failed``: an intent that was made all the same can't be paid, for nobody ever saw its client secret.
    Raises ``ProviderUnavailable``, ``AnswerLost``, ``ProviderRefused`` or ``UnknownObject``.
    """
    if payment.provider_id:
        return gateway.retrieve_intent(payment.provider_id)
    try:
        intent = gateway.create_intent(
            payment_id=payment.pk,
            booking_id=payment.booking_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )
    except (AnswerLost, ProviderRefused) as exc:
        _fail(payment.pk, reason=exc.code)
        raise
    adopt_intent(payment_id=payment.pk, intent_id=intent.id)
    return intent


def adopt_intent(*, payment_id: UUID, intent_id: str) -> bool:
    """Store the intent's id; False when someone was first (an early event, the reconciler)."""
    with transaction.atomic(durable=True):
        creating = Payment.objects.filter(pk=payment_id, status=Payment.Status.CREATING)
        if not creating.update(status=Payment.Status.PENDING, provider_id=intent_id):
            return False
        record(payment_id, "intent_created", at=timezone.now())
        return True


def record(payment_id: UUID, name: str, *, at: datetime, **data: str | int | None) -> None:
    """Write one line of a payment's history, in the transaction that made it true."""
    PaymentEvent.objects.create(payment_id=payment_id, name=name, at=at, data=data)


def _fail(payment_id: UUID, *, reason: str) -> None:
    with transaction.atomic(durable=True):
        now = timezone.now()
        creating = Payment.objects.filter(pk=payment_id, status=Payment.Status.CREATING)
        if creating.update(status=Payment.Status.FAILED, settled_at=now):
            record(payment_id, "failed", at=now, reason=reason)
            log.error("payment_intent_not_made", payment_id=payment_id, reason=reason)
