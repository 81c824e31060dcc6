"""Work on a clock: expiring holds, and reading again whatever the webhooks left open."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bookings.models import Booking
from bookings.services import expire_hold, lock_with_people
from marketplace.common.logging import get_logger
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import OPEN_STATUSES, Payment, Refund, WebhookEvent
from payments.services.inbox import process_event
from payments.services.refunds import send_refund, settle_refund
from payments.services.settlement import settle_payment, stop_payment

log = get_logger(__name__)

# A provider that fails this often in a row is down: the next pass comes soon enough.
PATIENCE = 3


class Pass:
    """One row at a time, so that a row in trouble does not keep the others waiting. What went wrong is raised at the end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.failures: list[Exception] = []
        self.unavailable = 0

    def run(self, step: Callable[[], object], **ids: object) -> None:
        if self.unavailable >= PATIENCE:
            return
        try:
            step()
            self.unavailable = 0
        except ProviderUnavailable as exc:
            self.unavailable += 1
            self.failures.append(exc)
        except Exception as exc:  # raised by finish, once the others had their turn
            log.exception("pass_step_failed", step=self.name, **ids)
            self.failures.append(exc)

    def finish(self) -> None:
        if self.failures:
            raise ExceptionGroup(f"{self.name}: some rows are left for the next pass", self.failures)


def expire_holds(*, gateway: StripeGateway) -> None:
    """Mark every lapsed hold ``expired``, the ones without a payment first.

    Where a payment is open its intent is cancelled at the provider before: if that says it has succeeded, the hold is
    confirmed instead. Safe to repeat and to run twice at once. Raises an ``ExceptionGroup`` of what went wrong.
    """
    lapsed = Booking.objects.lapsed(at=timezone.now()).order_by("hold_expires_at", "pk")
    waiting = Payment.objects.filter(booking__in=lapsed, status__in=OPEN_STATUSES)
    payments: dict[UUID, UUID] = dict(waiting.values_list("booking", "pk"))
    holds = sorted(lapsed.values_list("pk", flat=True), key=payments.__contains__)
    this = Pass("expire_holds")
    for booking_id in holds:
        this.run(partial(_expire, booking_id, payments.get(booking_id), gateway), booking_id=booking_id)
    this.finish()


def _expire(booking_id: UUID, payment_id: UUID | None, gateway: StripeGateway) -> None:
    if payment_id:
        stop_payment(payment_id=payment_id, gateway=gateway)
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        expire_hold(booking=booking, at=now)  # nothing to one that was confirmed, or given more time


def reconcile(*, gateway: StripeGateway) -> None:
    """Read again whatever is open for longer than ``RECONCILE_AFTER_SECONDS``: payments, events, refunds.

    With every webhook lost, everything still settles by this. Safe to repeat and to run twice at once. Raises an
    ``ExceptionGroup`` of what went wrong.
    """
    before = timezone.now() - timedelta(seconds=settings.RECONCILE_AFTER_SECONDS)
    this = Pass("reconcile")
    payments = Payment.objects.open().filter(created_at__lte=before).order_by("created_at", "pk")
    for payment_id, is_unwanted in payments.values_list("pk", "cancel_requested_at"):
        operation = stop_payment if is_unwanted else settle_payment
        this.run(partial(operation, payment_id=payment_id, gateway=gateway), payment_id=payment_id)
    events = WebhookEvent.objects.filter(processed_at=None, received_at__lte=before).order_by("received_at", "pk")
    for event_id in events.values_list("pk", flat=True):
        this.run(partial(process_event, event_id=event_id, gateway=gateway), event_id=event_id)
    refunds = Refund.objects.on_their_way().filter(created_at__lte=before).order_by("created_at", "pk")
    for refund_id, is_sent in refunds.values_list("pk", "sent_at"):
        step = settle_refund if is_sent else send_refund
        this.run(partial(step, refund_id=refund_id, gateway=gateway), refund_id=refund_id)
    this.finish()
