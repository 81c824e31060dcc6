"""A session that is paid for, and what the books say of it."""

from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from bookings.models import Booking
from payments import services
from payments.gateways import StripeGateway
from payments.models import LedgerEntry, Payment, WebhookEvent
from tests.payments.provider import GOOD, Provider


def accept(payment: Payment, provider: Provider, gateway: StripeGateway, card: str = GOOD) -> Payment:
    """Let the student pay and the product learn of it."""
    provider.pay(payment.provider_id, card)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    return payment


def let_pass(booking: Booking, *, status: str = Booking.Status.ENDED) -> None:
    """Move a booked session into yesterday."""
    starts_at = timezone.now() - timedelta(days=1)
    ends_at = starts_at + timedelta(minutes=booking.minutes)
    Booking.objects.filter(pk=booking.pk).update(
        starts_at=starts_at, ends_at=ends_at, blocked_until=ends_at, status=status
    )
    booking.refresh_from_db()


def books(booking: Booking) -> dict[str, int]:
    """Every account that is not at zero for a booking, in minor units."""
    entries = LedgerEntry.objects.filter(transaction__booking=booking)
    sums = entries.values("account").annotate(sum=Sum("amount_minor")).values_list("account", "sum")
    return {account: total for account, total in sums.order_by("account") if total}


def hear(provider: Provider, gateway: StripeGateway, *kinds: str) -> None:
    """Act on every event of these kinds, as their jobs do; that they are kept first is the inbox's own test."""
    for kind in kinds:
        for happened in provider.events(kind):
            act_on(happened, gateway)


def act_on(happened: dict[str, Any], gateway: StripeGateway) -> None:  # Any: JSON
    subject = happened["data"]["object"]
    about = subject["payment_intent"] if subject["object"] == "charge" else subject["id"]
    now = timezone.now()
    event, _ = WebhookEvent.objects.get_or_create(
        id=happened["id"], defaults={"type": happened["type"], "object_id": about, "received_at": now}
    )
    services.process_event(event_id=event.pk, gateway=gateway)
