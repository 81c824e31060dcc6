"""What the provider keeps for itself, and a daily look at the last month for whatever no pass looks at any more."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.common.logging import get_logger
from marketplace.common.passes import Pass
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import LedgerTransaction, Payment
from payments.services.disputes import hear_of_dispute
from payments.services.ledger import Account, Line, post
from payments.services.provider_refunds import hear_of_refund
from payments.services.receipts import issue_missing
from payments.services.settlement import settle_payment

log = get_logger(__name__)

MONTH = timedelta(days=30)
# Money that came in: of these the provider keeps its fee, whatever became of them later.
CAME_IN = ("succeeded", "part_refunded", "refunded", "rejected")


def read_fee(*, payment_id: UUID, gateway: StripeGateway) -> None:
    """Book what the provider kept of a payment. Safe to repeat.

    Raises ``ProviderUnavailable``, also where the provider has not booked the charge yet.
    """
    payment = Payment.objects.select_related("booking").get(pk=payment_id)
    if LedgerTransaction.objects.filter(reference=f"payment:{payment.pk}:fee").exists():
        return
    movement = gateway.read_movement(payment.provider_id)
    if movement is None:
        raise ProviderUnavailable
    with transaction.atomic(durable=True):
        post(
            f"payment:{payment.pk}:fee",
            Line(Account.PROVIDER_FEES, movement.fee),
            Line(Account.PROVIDER_BALANCE, -movement.fee),
            currency=movement.currency,
            at=timezone.now(),
            booking=payment.booking,
        )


def sweep(*, gateway: StripeGateway) -> None:
    """Look once more at everything of the last month, settled or not: payments, refunds, disputes, fees, receipts.

    What the passes of every five minutes would not look at again heals here. Safe to repeat. Raises an ``ExceptionGroup``.
    """
    since = timezone.now() - MONTH
    this = Pass("sweep")
    payments = Payment.objects.exclude(provider_id="").filter(created_at__gte=since - timedelta(days=1))
    known = {payment.provider_id: payment for payment in payments.order_by("pk")}
    for intent in gateway.intents_since(since):
        payment = known.get(intent.id)
        if payment is None:
            continue
        if payment.is_open and intent.status in {"succeeded", "canceled"}:
            this.run(partial(settle_payment, payment_id=payment.pk, gateway=gateway), payment_id=payment.pk)
        elif intent.status == "succeeded" and payment.status not in CAME_IN:
            log.error("paid_and_not_known", payment_id=payment.pk, status=payment.status)
    for sent in gateway.refunds_since(since):
        this.run(partial(hear_of_refund, sent, gateway=gateway), refund_id=sent.id)
    for dispute in gateway.disputes_since(since):
        this.run(partial(hear_of_dispute, dispute, gateway=gateway), dispute_id=dispute.id)
    for payment_id in _without_fee(since).values_list("pk", flat=True):
        this.run(partial(read_fee, payment_id=payment_id, gateway=gateway), payment_id=payment_id)
    this.run(issue_missing)
    this.finish()


def _without_fee(since: datetime) -> QuerySet[Payment]:
    booked = LedgerTransaction.objects.filter(at__gte=since, reference__endswith=":fee")
    ids = [UUID(reference.split(":")[1]) for reference in booked.values_list("reference", flat=True)]
    return (
        Payment.objects.filter(status__in=CAME_IN, settled_at__gte=since)
        .exclude(pk__in=ids)
        .order_by("settled_at", "pk")
    )
