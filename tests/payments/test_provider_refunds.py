"""Money sent back by another hand: the provider's dashboard. Refund, books, earning and booking follow."""

import threading
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from bookings.models import Booking
from payments import services
from payments.gateways import StripeGateway
from payments.models import Earning, Payment, Refund
from payments.services import provider_refunds
from tests.factories import make_staff
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.paid import accept, books, hear, let_pass
from tests.payments.provider import REFUND_FAILS, Provider
from tests.races import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(payment: Payment, provider: Provider, gateway: StripeGateway) -> Payment:
    """33.00, accepted; the session is in three days."""
    return accept(payment, provider, gateway)


def by_hand(provider: Provider, payment: Payment, amount: int | None = None) -> str:
    """Somebody presses "Refund" in the provider's dashboard."""
    asked = {"payment_intent": payment.provider_id} | ({"amount": amount} if amount else {})
    return provider.owner.v1.refunds.create(asked).id  # type: ignore[arg-type]  # the vendor's parameters


@pytest.mark.parametrize("kind", ["refund.created", "charge.refunded"])
def test_a_part_sent_back_in_the_dashboard_is_taken_up(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, kind: str
) -> None:
    refund_id = by_hand(provider, paid, 1_000)
    hear(provider, gateway, kind)
    refund, earning = Refund.objects.get(), Earning.objects.get()
    paid.refresh_from_db()
    hold.refresh_from_db()
    assert (refund.reason, refund.amount_minor, refund.status) == ("provider", 1_000, "succeeded")
    assert (refund.provider_id, refund.by) == (refund_id, None)
    assert (paid.status, hold.status) == ("part_refunded", "confirmed")
    assert (earning.refund_minor, earning.fee_minor, earning.amount_minor) == (1_000, 345, 1_955)
    assert books(hold) == {"provider_balance": 2_300, "student_funds": -2_300}
    assert not waiting_jobs("payments.send_refund")
    run_jobs("deliver_mail")
    assert [m.subject for m in mail.outbox if m.extra_headers["X-Event"] == "refund_sent"] == ["Refund of $10.00 sent"]


def test_hearing_of_it_again_and_in_any_order_changes_nothing(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    by_hand(provider, paid, 1_000)
    hear(provider, gateway, "charge.refunded", "refund.created", "refund.updated")
    services.read_refunds_of(payment=paid, gateway=gateway)
    assert Refund.objects.count() == 1
    assert books(hold) == {"provider_balance": 2_300, "student_funds": -2_300}


def test_the_whole_price_of_a_coming_session_cancels_it(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    by_hand(provider, paid, 1_000)
    hear(provider, gateway, "refund.created")
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    by_hand(provider, paid, 2_300)
    hear(provider, gateway, "refund.created")
    hold.refresh_from_db()
    paid.refresh_from_db()
    assert (hold.status, hold.cancelled_by, hold.refund_percent) == ("cancelled", "admin", 100)
    assert (paid.status, Earning.objects.get().status) == ("refunded", "void")
    assert Refund.objects.count() == 2
    assert books(hold) == {}


def test_the_whole_price_of_a_past_session_goes_back_and_no_more(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    let_pass(hold)
    by_hand(provider, paid)
    hear(provider, gateway, "refund.created")
    hold.refresh_from_db()
    paid.refresh_from_db()
    assert (hold.status, paid.status, Earning.objects.get().amount_minor) == ("ended", "refunded", 0)


def test_a_refund_faster_than_the_word_of_the_payment_is_not_lost(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    by_hand(provider, payment)
    hear(provider, gateway, "refund.created")
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("cancelled", "refunded")
    assert Refund.objects.count() == 1


def test_a_dashboard_refund_before_ours_was_sent_takes_its_place(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    ours = finance_refund(paid, 3_300)
    by_hand(provider, paid)
    hear(provider, gateway, "refund.created")
    run_jobs("payments.send_refund")
    refund = Refund.objects.get()
    assert (refund.pk, refund.status) == (ours.pk, "succeeded")
    assert [back.amount for back in provider.refunds()] == [3_300]
    assert books(hold) == {}


def test_a_smaller_dashboard_refund_leaves_the_rest_to_be_sent(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    ours = finance_refund(paid, 3_300)
    by_hand(provider, paid, 1_000)
    hear(provider, gateway, "refund.created")
    ours.refresh_from_db()
    assert (ours.amount_minor, ours.status) == (2_300, "requested")
    run_jobs("payments.send_refund")
    assert sorted(back.amount for back in provider.refunds()) == [1_000, 2_300]
    paid.refresh_from_db()
    assert (paid.status, Earning.objects.get().refund_minor) == ("refunded", 3_300)
    assert books(hold) == {}


def test_what_had_failed_and_was_sent_by_hand_is_that_refund(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """Finance sees the failed refund and sends the money from the dashboard instead: the queue empties by itself."""
    paid = accept(payment, provider, gateway)
    ours = finance_refund(paid, 1_000)
    run_jobs("payments.send_refund")
    provider.ask(f"refunds/{ours_at(provider, ours)}/fail", {})
    hear(provider, gateway, "refund.failed")
    ours.refresh_from_db()
    paid.refresh_from_db()
    assert (ours.status, paid.status) == ("failed", "succeeded")
    by_hand(provider, paid, 1_000)
    hear(provider, gateway, "refund.created")
    ours.refresh_from_db()
    paid.refresh_from_db()
    assert (Refund.objects.count(), ours.status, paid.status) == (1, "succeeded", "part_refunded")
    assert books(hold) == {"provider_balance": 2_300, "student_funds": -2_300}


def test_for_rejected_money_it_takes_the_place_of_ours(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.change(payment.provider_id, amount=3_000)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    by_hand(provider, payment)
    hear(provider, gateway, "refund.created")
    run_jobs("payments.send_refund")
    refund = Refund.objects.get()
    assert (refund.status, refund.reason, len(provider.refunds())) == ("succeeded", "amount_mismatch", 1)
    assert books(payment.booking) == {}


def test_a_dashboard_refund_that_comes_back_is_in_the_queue(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    paid = accept(payment, provider, gateway, REFUND_FAILS)
    refund_id = by_hand(provider, paid, 1_000)
    hear(provider, gateway, "refund.created")
    provider.ask(f"refunds/{refund_id}/fail", {})
    hear(provider, gateway, "refund.failed")
    paid.refresh_from_db()
    assert (Refund.objects.get().status, paid.status) == ("failed", "succeeded")


def test_refunds_of_somebody_else_on_the_account_are_left_alone(provider: Provider, gateway: StripeGateway) -> None:
    other = provider.owner.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "allowed_payment_method_types": ["card"],
        }
    )
    provider.owner.v1.refunds.create({"payment_intent": other.id})
    hear(provider, gateway, "refund.created", "charge.refunded")
    assert not Refund.objects.exists()


def test_with_every_webhook_lost_the_reconciler_finds_it(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, time_machine: object
) -> None:
    by_hand(provider, paid)
    later = timezone.now() + timedelta(seconds=settings.RECONCILE_AFTER_SECONDS + 2)
    time_machine.move_to(later, tick=True)  # type: ignore[attr-defined]  # the plugin's
    services.reconcile(gateway=gateway)
    run_jobs("payments.process_event")
    hold.refresh_from_db()
    assert (hold.status, Refund.objects.get().status) == ("cancelled", "succeeded")


def test_the_daily_sweep_finds_what_nobody_told(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    by_hand(provider, paid, 1_000)
    services.sweep(gateway=gateway)
    assert Refund.objects.get().amount_minor == 1_000
    services.sweep(gateway=gateway)
    assert Refund.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_take_it_up_once(hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway) -> None:
    refund_id = by_hand(provider, paid)
    ends = race([lambda: services.read_refund(provider_id=refund_id, gateway=gateway)] * 6)
    assert ends == {"won": 6}
    assert Refund.objects.count() == 1
    assert books(hold) == {}
    assert Booking.objects.get(pk=hold.pk).events.filter(name="cancelled").count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_two_write_it_and_the_database_refuses_one(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund_id = by_hand(provider, paid, 1_000)
    meeting = threading.Barrier(2)

    def look_only(payment: Payment) -> tuple[Payment, datetime]:
        payment = Payment.objects.select_related("booking").get(pk=payment.pk)
        return payment, timezone.now()

    def write_together(*args: object, **kwargs: object) -> Refund:
        meeting.wait(20)
        return row_for(*args, **kwargs)  # type: ignore[arg-type]  # handed through

    row_for = provider_refunds._row_for
    monkeypatch.setattr(provider_refunds, "_lock", look_only)
    monkeypatch.setattr(provider_refunds, "_row_for", write_together)
    ends = race([lambda: services.read_refund(provider_id=refund_id, gateway=gateway)] * 2)
    assert ends == {"won": 1, "IntegrityError": 1}


def finance_refund(payment: Payment, amount_minor: int) -> Refund:
    """A refund of ours that was asked for and not sent yet."""
    refund = services.decide_refund(
        booking_id=payment.booking_id, amount_minor=amount_minor, reason="By mistake", by=make_staff("finance")
    )
    assert isinstance(refund, Refund)
    return refund


def ours_at(provider: Provider, refund: Refund) -> str:
    refund.refresh_from_db()
    return refund.provider_id
