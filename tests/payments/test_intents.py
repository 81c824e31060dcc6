"""Opening a payment: row, call, record, and every crash between them."""

from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from accounts.models import User
from bookings.errors import HoldExpired
from bookings.models import Booking
from bookings.services import let_hold_go
from marketplace.common.errors import RateLimited
from marketplace.sandbox.payments import PaymentSandbox
from mentors.models import Mentor
from payments import services
from payments.errors import AlreadyPaid, ProviderRefused, ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import Payment, PaymentEvent
from payments.schemas import Intent
from tests.factories import make_booking
from tests.jobs import run_jobs
from tests.payments.conftest import lapse
from tests.payments.provider import DECLINED, Provider

pytestmark = pytest.mark.django_db

URL = "/api/payments/create-intent"


def ask(client: Client, body: object) -> tuple[int, dict[str, Any]]:
    response = client.post(URL, body, content_type="application/json")
    return response.status_code, response.json()


def create(hold: Booking, gateway: StripeGateway) -> services.StartedPayment:
    return services.create_intent(booking_id=hold.pk, gateway=gateway)


def test_a_student_gets_what_their_browser_needs_to_pay(
    client: Client, hold: Booking, provider: Provider, student: User
) -> None:
    client.force_login(student)
    status, answer = ask(client, {"booking_id": str(hold.pk)})
    payment = Payment.objects.get()
    [intent] = provider.intents()
    assert status == 200
    assert answer == {
        "client_secret": intent.client_secret,
        "publishable_key": settings.STRIPE_PUBLISHABLE_KEY,
        "amount_minor": 3_300,
        "currency": "usd",
    }
    assert (payment.status, payment.provider_id, payment.amount_minor) == ("pending", intent.id, 3_300)
    assert (intent.amount, intent.currency) == (3_300, "usd")
    assert intent.metadata.to_dict() == {"booking": str(hold.pk), "payment": str(payment.pk)}


def test_only_methods_that_settle_at_once_are_offered(payment: Payment, provider: Provider) -> None:
    [intent] = provider.intents()
    assert intent.payment_method_types == ["card", "link"]


def test_asked_again_it_is_the_same_intent(client: Client, hold: Booking, provider: Provider, student: User) -> None:
    client.force_login(student)
    first = ask(client, {"booking_id": str(hold.pk)})
    assert ask(client, {"booking_id": str(hold.pk)}) == first
    assert (len(provider.intents()), Payment.objects.count()) == (1, 1)


def test_the_client_secret_is_neither_stored_nor_logged(
    hold: Booking, provider: Provider, gateway: StripeGateway
) -> None:
    with capture_logs() as logs:
        secret = create(hold, gateway).client_secret.get_secret_value()
    stored = [str(row) for model in (Payment, PaymentEvent) for row in model.objects.values()]
    assert "_secret_" in secret
    assert "_secret_" not in str(stored) + str(logs)


def test_only_its_own_student_may_pay(
    client: Client, hold: Booking, provider: Provider, student: User, other_student: User, support: User
) -> None:
    body = {"booking_id": str(hold.pk)}
    assert ask(client, body)[0] == 401
    for person, status in ((other_student, 404), (hold.mentor.user, 403), (support, 403), (student, 200)):
        client.force_login(person)
        assert ask(client, body)[0] == status
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"booking_id": "no uuid"}, 422, "invalid"),
        ({"booking_id": "8d0a7f3c-6b1e-4f0e-9a53-0d1f5a3c9b77"}, 404, "not_found"),
        ({"booking_id": "8d0a7f3c-6b1e-4f0e-9a53-0d1f5a3c9b77", "amount_minor": 1}, 422, "unknown_field"),
        ([], 400, "malformed"),
    ],
)
def test_other_bodies_are_refused(client: Client, student: User, body: object, status: int, code: str) -> None:
    client.force_login(student)
    got, answer = ask(client, body)
    assert (got, answer["code"]) == (status, code)


def test_a_hold_that_ran_out_or_was_let_go_cannot_be_paid(
    client: Client, hold: Booking, provider: Provider, student: User
) -> None:
    client.force_login(student)
    body = {"booking_id": str(hold.pk)}
    expires_at = hold.hold_expires_at
    lapse(hold)
    for stored in ("held", "expired", "abandoned"):
        Booking.objects.filter(pk=hold.pk).update(status=stored)
        status, answer = ask(client, body)
        assert (status, answer["code"]) == (409, "hold_expired")
    assert not Payment.objects.exists()
    Booking.objects.filter(pk=hold.pk).update(status="held", hold_expires_at=expires_at)
    assert ask(client, body)[0] == 200


@pytest.mark.parametrize("status", ["confirmed", "ended", "completed", "cancelled", "refunded"])
def test_what_was_paid_is_not_paid_again(client: Client, student: User, status: str) -> None:
    booking = make_booking(student=student, status=status)
    client.force_login(student)
    got, answer = ask(client, {"booking_id": str(booking.pk)})
    assert (got, answer["code"]) == (409, "already_paid")


def test_a_payment_that_succeeded_before_its_webhook_came_is_settled_on_the_spot(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    with pytest.raises(AlreadyPaid):
        create(hold, gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"


def test_an_intent_cancelled_at_the_provider_makes_room_for_another(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.owner.v1.payment_intents.cancel(payment.provider_id)
    second = create(hold, gateway).payment
    payment.refresh_from_db()
    assert (payment.status, second.status) == ("cancelled", "pending")
    assert second.provider_id != payment.provider_id


class Crash(Exception):
    """The process dies here."""


class Dying(StripeGateway):
    """A gateway whose process dies right before or right after the provider made the intent."""

    def __init__(self, server: PaymentSandbox, *, made: bool) -> None:
        super().__init__(secret_key=server.keys.secret, api_base=server.url)
        self.made = made

    def create_intent(self, **details: Any) -> Intent:  # Any: as the base's
        if self.made:
            super().create_intent(**details)
        raise Crash


@pytest.mark.parametrize("made", [False, True], ids=["before the call", "after the call"])
def test_a_crash_around_the_call_is_healed_by_the_next(
    hold: Booking, provider: Provider, gateway: StripeGateway, payment_server: PaymentSandbox, made: bool
) -> None:
    with pytest.raises(Crash):
        create(hold, Dying(payment_server, made=made))
    assert Payment.objects.get().status == "creating"  # the row came first
    assert len(provider.intents()) == int(made)
    started = create(hold, gateway)
    assert (started.payment.status, Payment.objects.count()) == ("pending", 1)
    assert [intent.id for intent in provider.intents()] == [started.payment.provider_id]


def test_the_reconciler_heals_a_crash_that_nobody_comes_back_to(
    hold: Booking, provider: Provider, gateway: StripeGateway, payment_server: PaymentSandbox, settings: Settings
) -> None:
    settings.RECONCILE_AFTER_SECONDS = 0
    with pytest.raises(Crash):
        create(hold, Dying(payment_server, made=True))
    services.reconcile(gateway=gateway)
    assert Payment.objects.get().status == "pending"
    assert [intent.id for intent in provider.intents()] == [Payment.objects.get().provider_id]


def test_a_hold_that_ends_around_a_crash_cancels_the_intent_all_the_same(
    hold: Booking, provider: Provider, gateway: StripeGateway, payment_server: PaymentSandbox, student: User
) -> None:
    with pytest.raises(Crash):
        create(hold, Dying(payment_server, made=True))
    let_hold_go(booking_id=hold.pk, by=student)
    run_jobs("payments.stop_payment")
    assert Payment.objects.get().status == "cancelled"
    assert [intent.status for intent in provider.intents()] == ["canceled"]


def test_a_hold_freed_during_the_call_gives_no_secret_away(
    hold: Booking, provider: Provider, payment_server: PaymentSandbox, student: User
) -> None:
    class Slow(StripeGateway):
        def create_intent(self, **details: Any) -> Intent:  # Any: as the base's
            let_hold_go(booking_id=hold.pk, by=student)
            return super().create_intent(**details)

    with pytest.raises(HoldExpired):
        create(hold, Slow(secret_key=payment_server.keys.secret, api_base=payment_server.url))
    run_jobs("payments.stop_payment")
    assert [intent.status for intent in provider.intents()] == ["canceled"]


@pytest.mark.parametrize("status", [503, 429, 0])
def test_a_provider_that_is_down_is_a_503_and_costs_nothing(
    client: Client, hold: Booking, provider: Provider, student: User, status: int
) -> None:
    client.force_login(student)
    provider.fail("/v1/payment_intents", status=status, times=2)
    got, answer = ask(client, {"booking_id": str(hold.pk)})
    assert (got, answer["code"]) == (503, "unavailable")
    provider.ask("faults", {"api": None})
    assert ask(client, {"booking_id": str(hold.pk)})[0] == 200
    assert (Payment.objects.count(), len(provider.intents())) == (1, 1)


@pytest.mark.parametrize("after_commit", [False, True])
def test_an_error_that_the_provider_keeps_under_our_key_does_not_stop_the_student(
    hold: Booking, provider: Provider, gateway: StripeGateway, after_commit: bool
) -> None:
    """A server error is repeated for every call under its key, so a payment of its own key takes over."""
    provider.fail("/v1/payment_intents", status=500, after_commit=after_commit)
    started = create(hold, gateway)
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["failed", "pending"]
    assert provider.status_of(started.payment.provider_id) == "requires_payment_method"


def test_a_refused_intent_fails_its_payment_and_is_reported(
    mentor: Mentor, student: User, gateway: StripeGateway, provider: Provider
) -> None:
    """Fifty cents is the least the provider takes; ours is 3.00, so this can only be a fault of ours."""
    hold = make_booking(mentor=mentor, student=student, status=Booking.Status.HELD, price_minor=10)
    with pytest.raises(ProviderRefused), capture_logs() as logs:
        create(hold, gateway)
    assert Payment.objects.get().status == "failed"
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["payment_intent_not_made"]


def test_after_too_many_declines_no_new_payment_is_opened_for_a_while(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CARD_DECLINE": "1/h"}
    provider.pay(payment.provider_id, DECLINED)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    second = make_booking(mentor=hold.mentor, student=hold.student, status="held", starts_at=hold.ends_at)
    with pytest.raises(RateLimited) as refusal:
        create(second, gateway)
    assert 3_500 < refusal.value.retry_after <= 3_600
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CARD_DECLINE": "2/h"}
    assert create(second, gateway).payment.status == "pending"


def test_inside_a_transaction_no_payment_is_opened(hold: Booking, provider: Provider, gateway: StripeGateway) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        create(hold, gateway)
    assert not provider.intents()
    create(hold, gateway)


def test_a_wrong_key_is_our_trouble_and_reads_as_unavailable(hold: Booking, payment_server: PaymentSandbox) -> None:
    gateway = StripeGateway(secret_key="sk_test_sandbox_of_nobody", api_base=payment_server.url)
    with pytest.raises(ProviderUnavailable), capture_logs() as logs:
        create(hold, gateway)
    assert "provider_refused_our_key" in {line["event"] for line in logs}
    assert Payment.objects.get().status == "creating"
