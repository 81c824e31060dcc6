"""Work on a clock: lapsed holds, lost webhooks, and the return page's look."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from bookings.models import Booking
from bookings.services import hold_slot
from marketplace.common.models import AnalyticsEvent
from payments import services, tasks
from payments.gateways import StripeGateway
from payments.models import Payment, WebhookEvent
from tests.factories import make_booking
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.conftest import lapse
from tests.payments.provider import ASKS_THE_BANK, DECLINED, Provider

pytestmark = pytest.mark.django_db


def expire(gateway: StripeGateway) -> None:
    services.expire_holds(gateway=gateway)


def test_a_lapsed_hold_without_a_payment_expires(hold: Booking, gateway: StripeGateway) -> None:
    expire(gateway)
    hold.refresh_from_db()
    assert hold.status == "held"  # it has time left
    lapse(hold)
    expire(gateway)
    hold.refresh_from_db()
    assert hold.status == "expired"
    assert AnalyticsEvent.objects.filter(name="hold_expired").count() == 1


def test_the_intent_of_a_lapsed_hold_is_cancelled_first(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    lapse(hold)
    expire(gateway)
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("expired", "cancelled")
    assert provider.status_of(payment.provider_id) == "canceled"
    assert [event.name for event in payment.events.order_by("pk")][-1] == "cancelled"


def test_an_intent_that_has_succeeded_confirms_the_lapsed_hold(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    lapse(hold)
    expire(gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    assert not provider.refunds()


def test_a_lapsed_hold_in_the_banks_step_is_ended(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id, ASKS_THE_BANK)
    lapse(hold)
    expire(gateway)
    hold.refresh_from_db()
    assert (hold.status, provider.status_of(payment.provider_id)) == ("expired", "canceled")


def test_while_the_provider_is_down_holds_without_a_payment_expire_all_the_same(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    other = make_booking(status=Booking.Status.HELD)
    lapse(hold)
    lapse(other)
    provider.fail("/v1/payment_intents", status=503, times=2)
    with pytest.raises(ExceptionGroup):
        expire(gateway)
    for booking, status in ((hold, "held"), (other, "expired")):
        booking.refresh_from_db()
        assert booking.status == status
    expire(gateway)
    hold.refresh_from_db()
    assert hold.status == "expired"


def test_a_payment_in_trouble_does_not_keep_the_other_holds_waiting(
    hold: Booking, payment: Payment, gateway: StripeGateway
) -> None:
    other = make_booking(status=Booking.Status.HELD)
    other_payment = services.create_intent(booking_id=other.pk, gateway=gateway).payment
    Payment.objects.filter(pk=payment.pk).update(provider_id="pi_nobody_knows")
    lapse(hold)
    lapse(other)
    with pytest.raises(ExceptionGroup):
        expire(gateway)
    other.refresh_from_db()
    other_payment.refresh_from_db()
    assert (other.status, other_payment.status) == ("expired", "cancelled")


def test_a_claim_that_meets_a_lapsed_hold_leaves_its_intent_to_a_job(
    hold: Booking, payment: Payment, provider: Provider, other_student: User
) -> None:
    lapse(hold)
    taken = hold_slot(handle=hold.mentor.handle, minutes=45, starts_at=hold.starts_at, by=other_student)
    hold.refresh_from_db()
    assert (hold.status, taken.status) == ("expired", "held")
    assert provider.status_of(payment.provider_id) == "requires_payment_method"
    assert waiting_jobs("payments.stop_payment") == [{"pk": str(payment.pk)}]
    run_jobs("payments.stop_payment")
    assert provider.status_of(payment.provider_id) == "canceled"


def test_a_success_that_slips_through_a_claim_is_refunded(
    hold: Booking, payment: Payment, provider: Provider, other_student: User
) -> None:
    provider.pay(payment.provider_id)
    lapse(hold)
    hold_slot(handle=hold.mentor.handle, minutes=45, starts_at=hold.starts_at, by=other_student)
    run_jobs()
    payment.refresh_from_db()
    assert (payment.status, payment.rejection) == ("rejected", "time_gone")
    assert [back.amount for back in provider.refunds()] == [3_300]
    assert Booking.objects.filter(status="confirmed").count() == 0


@pytest.fixture
def aged(payment: Payment) -> Payment:
    """The open payment, old enough to be looked after."""
    old = timezone.now() - timedelta(seconds=settings.RECONCILE_AFTER_SECONDS + 1)
    Payment.objects.filter(pk=payment.pk).update(created_at=old)
    return payment


@pytest.mark.parametrize(
    ("act", "booking", "payment_status"),
    [
        (lambda provider, intent: provider.pay(intent), "confirmed", "succeeded"),
        (lambda provider, intent: provider.pay(intent, DECLINED), "held", "pending"),
        (lambda provider, intent: provider.owner.v1.payment_intents.cancel(intent), "held", "cancelled"),
        (lambda provider, intent: provider.change(intent, amount=100) or provider.pay(intent), "held", "rejected"),
    ],
    ids=["paid", "declined", "cancelled", "wrong amount"],
)
def test_with_every_webhook_lost_it_settles_all_the_same(
    hold: Booking,
    aged: Payment,
    provider: Provider,
    gateway: StripeGateway,
    act: Callable[[Provider, str], object],
    booking: str,
    payment_status: str,
) -> None:
    act(provider, aged.provider_id)
    services.reconcile(gateway=gateway)
    hold.refresh_from_db()
    aged.refresh_from_db()
    assert (hold.status, aged.status) == (booking, payment_status)


def test_what_is_younger_than_two_minutes_is_left_to_its_webhook(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    services.reconcile(gateway=gateway)
    hold.refresh_from_db()
    assert hold.status == "held"


def test_an_event_whose_job_was_lost_is_acted_on(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    old = timezone.now() - timedelta(seconds=settings.RECONCILE_AFTER_SECONDS + 1)
    WebhookEvent.objects.create(
        id="evt_1", type="payment_intent.succeeded", object_id=payment.provider_id, received_at=old
    )
    services.reconcile(gateway=gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def test_a_payment_to_be_cancelled_is_cancelled_even_if_its_job_was_lost(
    hold: Booking, aged: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    Payment.objects.filter(pk=aged.pk).update(cancel_requested_at=timezone.now())
    services.reconcile(gateway=gateway)
    aged.refresh_from_db()
    assert aged.status == "cancelled"


def test_one_pass_by_hand(hold: Booking, aged: Payment, provider: Provider) -> None:
    provider.pay(aged.provider_id)
    with pytest.raises(CommandError):
        call_command("reconcile")
    call_command("reconcile", "--once")
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    second = make_booking(status=Booking.Status.HELD)
    lapse(second)
    call_command("expire_holds", "--once")
    second.refresh_from_db()
    assert second.status == "expired"


def test_the_reconciler_comes_by_as_often_as_the_settings_say(settings: Settings) -> None:
    settings.RECONCILE_SECONDS = 300
    ticks = range(1_800_000_000 - 1_800_000_000 % 60, 1_800_000_000 + 3_600, tasks.TICK_SECONDS)
    assert sum(tasks.is_due(tick) for tick in ticks) == pytest.approx(3_600 / 300, abs=1)


def test_someone_who_waits_has_their_payment_read_once_in_ten_seconds(
    hold: Booking, payment: Payment, provider: Provider
) -> None:
    provider.pay(payment.provider_id)
    assert [services.request_reading(booking=hold) for _ in range(3)] == [True, False, False]
    assert run_jobs("payments.settle_payment") == ["payments.settle_payment"]
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    assert not services.request_reading(booking=hold)
