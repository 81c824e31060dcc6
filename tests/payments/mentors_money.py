"""Steps towards a mentor's money: a session paid at the provider, over and settled; an account that may receive or not."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from bookings.models import Booking
from bookings.services import lock_with_people
from mentors.models import Mentor
from payments import services
from payments.gateways import StripeGateway
from payments.models import Earning, LedgerEntry, Payment, PayoutAccount, Transfer
from tests.factories import make_booking
from tests.payments.provider import Provider

# Its money is available at once, so that it can be paid out.
AT_ONCE = "pm_card_bypassPending"


def pay_session(provider: Provider, gateway: StripeGateway, *, card: str = AT_ONCE, **fields: Any) -> Payment:
    """A session that a student has paid by card: 33.00, of which the mentor gets 28.05."""
    hold = make_booking(status=Booking.Status.HELD, **fields)
    payment = services.create_intent(booking_id=hold.pk, gateway=gateway).payment
    provider.pay(payment.provider_id, card)
    return services.settle_payment(payment_id=payment.pk, gateway=gateway)


def settle(payment: Payment, status: str = Booking.Status.COMPLETED, *, percent: int | None = None) -> Earning:
    """Bring a session to its end as bookings would: the row, and what its signal has payments do."""
    with transaction.atomic():
        booking, now = lock_with_people(payment.booking_id)
        booking.status, booking.refund_percent = status, percent
        booking.save(update_fields=["status", "refund_percent"])
        services.follow_booking(booking=booking, at=now)
    return Earning.objects.get(pk=booking.pk)


def clear(earning: Earning) -> None:
    """Let the time come at which it may be released."""
    Earning.objects.filter(pk=earning.pk).update(clears_at=timezone.now() - timedelta(seconds=1))


def open_account(
    mentor: Mentor, provider: Provider, gateway: StripeGateway, *, bank: str = "good", complete: bool = True
) -> PayoutAccount:
    """An account at the provider, its hosted form filled in."""
    account = services.open_payout_account(mentor=mentor, country="US", gateway=gateway.connect)
    provider.ask(f"accounts/{account.provider_id}/onboard", {"bank": bank, "complete": complete})
    read = services.read_payout_account(mentor_id=mentor.pk, gateway=gateway.connect)
    assert read is not None
    return read


def release(earning: Earning) -> Transfer | None:
    """Release what is due, and give back the transfer that was asked for."""
    services.release_earnings()
    earning.refresh_from_db()
    return Transfer.objects.filter(earning=earning).first()


def books(account: str, mentor: Mentor | None = None) -> int:
    """What stands in one account of the ledger, in minor units."""
    entries = LedgerEntry.objects.filter(account=account, **({"mentor": mentor} if mentor else {}))
    return sum(entries.values_list("amount_minor", flat=True))


def long_ago() -> datetime:
    """Old enough for the reconciler to look."""
    return timezone.now() - timedelta(minutes=10)
