"""The provider's fees, the nightly comparison, and the daily look at the last month."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from bookings.models import Booking
from payments import services
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import BalanceDifference, LedgerEntry, LedgerTransaction, Payment, WebhookEvent
from payments.services.ledger import Account, Line, post
from tests.factories import make_staff
from tests.jobs import run_jobs
from tests.payments.mentors_money import clear, open_account, pay_session, release, settle
from tests.payments.paid import accept, books, hear, let_pass
from tests.payments.provider import Provider

pytestmark = pytest.mark.django_db

FEE = 126  # 2.9 % of 33.00 and 0.30


@pytest.fixture
def paid(payment: Payment, provider: Provider, gateway: StripeGateway) -> Payment:
    return accept(payment, provider, gateway)


@pytest.fixture
def tomorrow(time_machine: object) -> Callable[[], None]:
    """Let what has just moved be older than an hour."""
    return lambda: time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)  # type: ignore[attr-defined]  # the plugin's


def compare(gateway: StripeGateway) -> int:
    return services.compare_books(gateway=gateway)


def test_the_providers_fee_is_booked_once(hold: Booking, paid: Payment, gateway: StripeGateway) -> None:
    assert run_jobs("payments.read_fee") == ["payments.read_fee"]
    services.read_fee(payment_id=paid.pk, gateway=gateway)
    assert books(hold) == {"provider_balance": 3_300 - FEE, "provider_fees": FEE, "student_funds": -3_300}


def test_of_rejected_money_the_provider_keeps_its_fee_too(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.change(payment.provider_id, amount=3_000)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    run_jobs("payments.read_fee", "payments.send_refund")
    assert books(payment.booking) == {"provider_balance": -117, "provider_fees": 117}


def test_a_fee_that_can_not_be_read_yet_is_asked_for_again(
    paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/payment_intents", status=503, times=2)
    with pytest.raises(ProviderUnavailable):
        services.read_fee(payment_id=paid.pk, gateway=gateway)
    services.read_fee(payment_id=paid.pk, gateway=gateway)
    assert LedgerTransaction.objects.filter(reference=f"payment:{paid.pk}:fee").count() == 1


def test_a_whole_life_agrees_with_the_providers_books(
    provider: Provider, gateway: StripeGateway, tomorrow: Callable[[], None]
) -> None:
    """Charge, fee, refund in part, a refund that came back and went out again, a dispute won and one lost, a transfer."""
    kept = pay_session(provider, gateway)
    part = pay_session(provider, gateway)
    won = pay_session(provider, gateway)
    lost = pay_session(provider, gateway)
    let_pass(part.booking)
    refund = services.decide_refund(
        booking_id=part.booking_id, amount_minor=1_000, reason="x", by=make_staff("finance")
    )
    run_jobs("payments.send_refund", "payments.read_fee")
    provider.ask(f"refunds/{provider.refunds()[0].id}/fail", {})
    hear(provider, gateway, "refund.failed")
    services.send_refund_again(refund_id=refund.pk, by=make_staff("finance"))
    run_jobs("payments.send_refund")
    for payment, outcome in ((won, "won"), (lost, "lost")):
        provider.ask("disputes", {"payment_intent": payment.provider_id})
        provider.ask("disputes", {"payment_intent": payment.provider_id, "outcome": outcome})
    hear(provider, gateway, "charge.dispute")
    open_account(kept.booking.mentor, provider, gateway)
    earning = settle(kept)
    clear(earning)
    assert release(earning) is not None
    run_jobs("payments.send_transfer")
    tomorrow()
    assert compare(gateway) == 0
    assert not BalanceDifference.objects.exists()
    # And in one sum: all that lies at the provider is in our account of that name.
    balance = provider.owner.v1.balance.retrieve().to_dict()
    there = sum(part["amount"] for part in balance["available"] + balance["pending"])
    here = sum(LedgerEntry.objects.filter(account="provider_balance").values_list("amount_minor", flat=True))
    assert there == here


def test_what_our_ledger_does_not_know_is_a_difference_until_it_does(
    paid: Payment, provider: Provider, gateway: StripeGateway, tomorrow: Callable[[], None]
) -> None:
    tomorrow()
    with capture_logs() as logs:
        assert compare(gateway) == 1  # the fee was not read yet
    assert "books_differ" in {line["event"] for line in logs}
    row = BalanceDifference.objects.get()
    assert (row.provider_id, row.provider_minor, row.ledger_minor) == (paid.provider_id, 3_300 - FEE, 3_300)
    assert row.resolved_at is None
    run_jobs("payments.read_fee")
    assert compare(gateway) == 0
    row.refresh_from_db()
    assert row.resolved_at is not None


def test_what_the_provider_does_not_know_is_a_difference(
    provider: Provider, gateway: StripeGateway, paid: Payment, tomorrow: Callable[[], None]
) -> None:
    run_jobs("payments.read_fee")
    refund = services.decide_refund(
        booking_id=paid.booking_id, amount_minor=1_000, reason="x", by=make_staff("finance")
    )
    lines = (Line(Account.REFUNDS, 1_000), Line(Account.PROVIDER_BALANCE, -1_000))
    post(f"refund:{refund.pk}:out:1", *lines, currency="usd", at=timezone.now(), booking=paid.booking)
    tomorrow()
    assert compare(gateway) == 1
    row = BalanceDifference.objects.get()
    assert (row.provider_id, row.provider_minor, row.ledger_minor) == (f"refund:{refund.pk}", 0, -1_000)


def test_money_that_somebody_moved_by_hand_is_a_difference(
    paid: Payment, provider: Provider, gateway: StripeGateway, tomorrow: Callable[[], None]
) -> None:
    run_jobs("payments.read_fee")
    other = provider.owner.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "allowed_payment_method_types": ["card"],
        }
    )
    tomorrow()
    assert compare(gateway) == 1
    row = BalanceDifference.objects.get()
    assert (row.provider_id, row.kind, row.ledger_minor) == (other.id, "charge", 0)


def test_what_has_just_moved_is_left_to_the_next_night(paid: Payment, gateway: StripeGateway) -> None:
    assert compare(gateway) == 0


def test_a_history_that_reaches_out_of_the_month_is_no_difference(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, time_machine: object
) -> None:
    """A refund of five weeks ago came back yesterday."""
    run_jobs("payments.read_fee")
    let_pass(hold)
    services.decide_refund(booking_id=hold.pk, amount_minor=1_000, reason="x", by=make_staff("finance"))
    run_jobs("payments.send_refund")
    time_machine.move_to(timezone.now() + timedelta(days=35), tick=True)  # type: ignore[attr-defined]  # the plugin's
    refund_id = provider.refunds()[0].id
    provider.ask(f"refunds/{refund_id}/fail", {})
    hear(provider, gateway, "refund.failed")
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)  # type: ignore[attr-defined]  # the plugin's
    assert compare(gateway) == 0


def test_the_sweep_settles_what_every_pass_has_missed(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    services.sweep(gateway=gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    services.sweep(gateway=gateway)
    assert LedgerTransaction.objects.filter(reference=f"payment:{payment.pk}:fee").count() == 1


def test_the_sweep_shouts_about_money_that_nobody_knows_of(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    Payment.objects.filter(pk=payment.pk).update(status="cancelled", settled_at=timezone.now())
    with capture_logs() as logs:
        services.sweep(gateway=gateway)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["paid_and_not_known"]


def test_events_that_no_webhook_brought_are_kept_and_acted_on(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    now = timezone.now()
    missed = services.catch_up(since=now - timedelta(hours=1), until=now + timedelta(seconds=5), gateway=gateway)
    assert missed == WebhookEvent.objects.count() > 0
    again = services.catch_up(since=now - timedelta(hours=1), until=now + timedelta(seconds=5), gateway=gateway)
    assert again == 0
    run_jobs("payments.process_event")
    hold.refresh_from_db()
    assert hold.status == "confirmed"
