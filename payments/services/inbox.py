"""What the provider tells us by webhook: kept first, acted on afterwards, and never believed about money."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from marketplace.common.logging import get_logger
from payments.errors import AlreadySucceeded, UnknownObject
from payments.gateways import StripeGateway
from payments.gateways.stripe import read_event
from payments.jobs import QUEUE
from payments.models import Payment, WebhookEvent
from payments.schemas import Event, Intent
from payments.services.connect_events import CONNECT_EVENTS, hear_of_mentors_money
from payments.services.disputes import read_dispute
from payments.services.intents import adopt_intent
from payments.services.provider_refunds import read_refund, read_refunds_of
from payments.services.settlement import settle_payment

log = get_logger(__name__)

INTENT_EVENTS = frozenset(
    f"payment_intent.{step}"
    for step in ("created", "requires_action", "processing", "payment_failed", "succeeded", "canceled")
)
REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed"})
DISPUTE_EVENTS = frozenset(
    f"charge.dispute.{step}" for step in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
HANDLED = INTENT_EVENTS | REFUND_EVENTS | DISPUTE_EVENTS | {"charge.refunded"} | CONNECT_EVENTS

# One statement, so that it commits by itself and costs one round trip, a replay included: the ORM's insert that ignores
# conflicts does not tell whether it inserted, and the queue's Python would come to more than all the rest of the request.
# The function is the queue's own, named with its version; a test shows that the job arrives.
KEEP = """
    WITH fresh AS (
        INSERT INTO payments_webhookevent (id, type, object_id, account, provider_created_at, received_at, processed_at)
        VALUES (%(id)s, %(type)s, %(object_id)s, %(account)s, %(created_at)s, %(now)s, %(processed_at)s)
        ON CONFLICT (id) DO NOTHING RETURNING id, processed_at
    )
    SELECT CASE WHEN processed_at IS NULL THEN procrastinate_defer_jobs_v1(ARRAY[ROW(
        %(queue)s, 'payments.process_event', 0, NULL, NULL, jsonb_build_object('pk', id), NULL
    )::procrastinate_job_to_defer_v1]) END FROM fresh
"""


def receive_event(*, payload: bytes, signature: str) -> bool:
    """Keep a signed event under its own id, with the job that acts on it; False when it was known already.

    ``payload`` is the raw body. Types that mean nothing to us are kept as done. Once this returns, the event is committed.
    Raises ``BadSignature`` or ``BadEvent``.
    """
    event = read_event(
        payload,
        signature,
        secrets=settings.STRIPE_WEBHOOK_SECRETS,
        tolerance=settings.WEBHOOK_TOLERANCE_SECONDS,
    )
    return _keep(event)


def catch_up(*, since: datetime, until: datetime, gateway: StripeGateway) -> int:
    """Keep what the provider had to tell in that time and no webhook brought; tell how much that was.

    Each gets its job, as if it had come by itself. Safe to repeat. Raises ``ProviderUnavailable``.
    """
    missed = [event for event in gateway.events_between(since, until) if event.type in HANDLED and _keep(event)]
    if missed:
        log.warning("webhooks_missed", count=len(missed))
    return len(missed)


def _keep(event: Event) -> bool:
    now = timezone.now()
    is_handled = event.type in HANDLED
    created_at = datetime.fromtimestamp(event.created, UTC) if event.created is not None else None
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {
                "id": event.id,
                "type": event.type,
                "object_id": event.object_id,
                "account": event.account or "",
                "created_at": created_at,
                "now": now,
                "processed_at": None if is_handled else now,
                "queue": QUEUE,
            },
        )
        return bool(cursor.rowcount)


def process_event(*, event_id: str, gateway: StripeGateway) -> None:
    """Act on an event once. Safe to repeat; facts are asked of the provider again, so order does not matter."""
    event = WebhookEvent.objects.filter(pk=event_id, processed_at=None).first()
    if event is None:
        return
    if event.type in INTENT_EVENTS:
        _hear_of_intent(event.object_id, gateway, is_new=event.type == "payment_intent.created")
    elif event.type in REFUND_EVENTS:
        read_refund(provider_id=event.object_id, gateway=gateway)
    elif event.type == "charge.refunded":
        for payment in Payment.objects.filter(provider_id=event.object_id).exclude(provider_id=""):
            read_refunds_of(payment=payment, gateway=gateway)
    elif event.type in DISPUTE_EVENTS:
        read_dispute(provider_id=event.object_id, gateway=gateway)
    elif event.type in CONNECT_EVENTS:
        hear_of_mentors_money(event, gateway=gateway.connect)
    WebhookEvent.objects.filter(pk=event_id).update(processed_at=timezone.now())


def _hear_of_intent(intent_id: str, gateway: StripeGateway, *, is_new: bool) -> None:
    payment = Payment.objects.filter(provider_id=intent_id).first()
    if payment is not None and is_new:
        return
    if payment is None:
        payment = _find_payment(intent_id, gateway)
    if payment is not None:
        settle_payment(payment_id=payment.pk, gateway=gateway)


def _find_payment(intent_id: str, gateway: StripeGateway) -> Payment | None:
    """Find whose an intent is that we know no id of: its event was faster than the answer to our own call, or the answer
    was lost. What is nobody's here is left alone."""
    try:
        intent = gateway.retrieve_intent(intent_id)
    except UnknownObject:
        log.warning("event_of_unknown_intent", intent_id=intent_id)
        return None
    payment = _payment_named_by(intent)
    if payment is None:
        log.info("event_of_foreign_intent", intent_id=intent_id)
        return None
    if adopt_intent(payment_id=payment.pk, intent_id=intent_id):
        return payment
    payment.refresh_from_db()
    if payment.provider_id == intent_id:
        return payment
    # Its payment went on without it, so nobody was ever given the means to pay it.
    try:
        gateway.cancel_intent(intent_id)
    except AlreadySucceeded:
        log.error("forgotten_intent_was_paid", intent_id=intent_id, payment_id=payment.pk)  # noqa: TRY400  # an alert
    return None


def _payment_named_by(intent: Intent) -> Payment | None:
    with suppress(ValueError):
        named = Payment.objects.filter(pk=UUID(intent.metadata.payment), booking_id=UUID(intent.metadata.booking))
        return named.first()
    return None
