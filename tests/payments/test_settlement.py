"""What becomes of money: confirmed or sent back in full, never both, never neither."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from accounts.models import User
from bookings.models import Booking
from bookings.services import let_hold_go
from marketplace.common.models import AnalyticsEvent
from marketplace.sandbox.payments import PaymentSandbox
from mentors.models import Mentor
from payments import services
from payments.gateways import StripeGateway, payment_gateway
from payments.models import Payment, Refund
from payments.schemas import Intent
from tests.factories import make_booking, make_student
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.conftest import lapse
from tests.payments.provider import ASKS_THE_BANK, DECLINED, Provider

pytestmark = pytest.mark.django_db


def settle(payment: Payment, gateway: StripeGateway) -> Payment:
    return services.settle_payment(payment_id=payment.pk, gateway=gateway)


def sent_mails() -> list[str]:
    run_jobs("deliver_mail")
    return sorted(message.extra_headers["X-Event"] for message in mail.outbox)


def test_a_success_confirms_the_booking(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    settle(payment, gateway)
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("confirmed", "succeeded")
    assert payment.settled_at is not None
    assert [event.name for event in payment.events.order_by("pk")] == ["created", "intent_created", "succeeded"]
    assert AnalyticsEvent.objects.filter(name="payment_succeeded", user_id=hold.student_id).count() == 1
    assert not payment.refunds.exists()


def test_settling_again_changes_nothing(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    for _ in range(3):
        settle(payment, gateway)
    assert AnalyticsEvent.objects.filter(name="booking_confirmed").count() == 1
    assert payment.events.count() == 3
    assert sent_mails().count("booking_confirmed") == 2  # one to each of the two people


def test_without_a_success_nothing_is_confirmed(hold: Booking, payment: Payment, gateway: StripeGateway) -> None:
    settle(payment, gateway)
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("held", "pending")


@pytest.mark.parametrize("change", [{"amount": 3_299}, {"amount": 3_301}, {"currency": "eur"}])
def test_another_amount_or_currency_is_not_accepted_and_goes_back_in_full(
    hold: Booking,
    payment: Payment,
    provider: Provider,
    gateway: StripeGateway,
    change: dict[str, object],
) -> None:
    provider.change(payment.provider_id, **change)
    provider.pay(payment.provider_id)
    with capture_logs() as logs:
        settle(payment, gateway)
    hold.refresh_from_db()
    payment.refresh_from_db()
    refund = payment.refunds.get()
    paid = change.get("amount", 3_300)
    assert (hold.status, payment.status, payment.rejection) == ("held", "rejected", "amount_mismatch")
    assert (refund.amount_minor, refund.currency) == (paid, change.get("currency", "usd"))
    alerts = [line for line in logs if line["log_level"] == "error"]
    assert [line["event"] for line in alerts] == ["payment_amount_mismatch"]
    run_jobs()
    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    assert [(back.amount, back.payment_intent) for back in provider.refunds()] == [(paid, payment.provider_id)]


def test_money_marked_for_another_booking_is_not_accepted(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    other = make_booking(status=Booking.Status.HELD)
    provider.change(payment.provider_id, metadata={"booking": str(other.pk)})
    provider.pay(payment.provider_id)
    settle(payment, gateway)
    payment.refresh_from_db()
    assert (payment.status, payment.refunds.get().amount_minor) == ("rejected", 3_300)
    assert not Booking.objects.filter(status="confirmed").exists()


def test_after_a_wrong_amount_the_hold_can_still_be_paid(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.change(payment.provider_id, amount=100)
    provider.pay(payment.provider_id)
    settle(payment, gateway)
    second = services.create_intent(booking_id=hold.pk, gateway=gateway).payment
    provider.pay(second.provider_id)
    settle(second, gateway)
    hold.refresh_from_db()
    assert (hold.status, second.pk != payment.pk) == ("confirmed", True)


def test_a_second_success_goes_back_in_full(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """Two payments can both be open for a moment only past the constraint: the first settles, the second is refused."""
    provider.pay(payment.provider_id)
    settle(payment, gateway)
    intent = gateway.create_intent(payment_id=hold.pk, booking_id=hold.pk, amount_minor=3_300, currency="usd")
    second = Payment.objects.create(
        id=hold.pk,
        booking=hold,
        status="pending",
        amount_minor=3_300,
        currency="usd",
        provider_id=intent.id,
        created_at=timezone.now(),
    )
    provider.pay(intent.id)
    settle(second, gateway)
    second.refresh_from_db()
    hold.refresh_from_db()
    assert (hold.status, second.status, second.rejection) == ("confirmed", "rejected", "second_payment")
    assert second.refunds.get().amount_minor == 3_300


def test_late_money_confirms_while_the_time_is_free(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    lapse(hold)
    provider.pay(payment.provider_id)
    Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None)
    settle(payment, gateway)
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("confirmed", "succeeded")
    assert not payment.refunds.exists()


def test_late_money_for_a_taken_time_goes_back_with_an_apology(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, other_student: User
) -> None:
    lapse(hold)
    Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None)
    make_booking(mentor=hold.mentor, student=other_student, starts_at=hold.starts_at)
    provider.pay(payment.provider_id)
    settle(payment, gateway)
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status, payment.rejection) == ("expired", "rejected", "time_gone")
    run_jobs("payments.send_refund", "payments.mail_slot_gone")
    assert payment.refunds.get().status == Refund.Status.SUCCEEDED
    assert sent_mails() == ["refund_sent", "slot_gone_refunded"]
    [sorry] = [message for message in mail.outbox if message.extra_headers["X-Event"] == "slot_gone_refunded"]
    assert sorry.to == [hold.student.email]
    assert sorry.subject == "That time was taken. You have been refunded"
    assert "$33.00" in sorry.body
    assert sorry.body.count("\n- ") == settings.ALTERNATIVES
    assert sorry.body.count(", GMT") == 1  # which zone the times are in


def test_late_money_less_than_a_quarter_of_an_hour_ahead_goes_back(
    mentor: Mentor, student: User, provider: Provider, gateway: StripeGateway
) -> None:
    soon = timezone.now() + timedelta(seconds=settings.LATE_PAYMENT_NOTICE_SECONDS - 5)
    for starts_at, outcome in ((soon, "rejected"), (soon + timedelta(minutes=50), "succeeded")):
        hold = make_booking(mentor=mentor, student=student, status=Booking.Status.HELD, starts_at=starts_at)
        payment = services.create_intent(booking_id=hold.pk, gateway=gateway).payment
        lapse(hold)
        provider.pay(payment.provider_id)
        Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None)
        assert settle(payment, gateway).status == outcome


def test_money_for_a_hold_that_was_let_go_goes_back(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, student: User
) -> None:
    provider.pay(payment.provider_id)
    let_hold_go(booking_id=hold.pk, by=student)
    run_jobs()
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status, payment.rejection) == ("abandoned", "rejected", "hold_let_go")
    assert [back.amount for back in provider.refunds()] == [3_300]
    assert sent_mails() == ["refund_sent", "slot_gone_refunded"]


def test_letting_a_hold_go_cancels_its_intent_by_a_job(
    hold: Booking, payment: Payment, provider: Provider, student: User
) -> None:
    let_hold_go(booking_id=hold.pk, by=student)
    payment.refresh_from_db()
    assert (payment.status, payment.cancel_requested_at is not None) == ("pending", True)  # the provider decides
    run_jobs("payments.stop_payment")
    payment.refresh_from_db()
    assert (payment.status, provider.status_of(payment.provider_id)) == ("cancelled", "canceled")


def test_a_payment_is_cancelled_on_the_providers_word_only(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.owner.v1.payment_intents.cancel(payment.provider_id)
    payment.refresh_from_db()
    assert payment.status == "pending"
    settle(payment, gateway)
    payment.refresh_from_db()
    assert payment.status == "cancelled"


def test_the_banks_step_gives_five_minutes_once(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    assert provider.pay(payment.provider_id, ASKS_THE_BANK) == "requires_action"
    before = hold.hold_expires_at
    for _ in range(2):
        settle(payment, gateway)
        hold.refresh_from_db()
        assert hold.hold_expires_at == before + timedelta(seconds=settings.BANK_STEP_EXTENSION_SECONDS)
    provider.end_bank_step(payment.provider_id, succeeds=True)
    settle(payment, gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"


def test_a_decline_keeps_payment_and_hold_open_for_another_card(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    assert provider.pay(payment.provider_id, DECLINED) == "declined"
    for _ in range(2):
        settle(payment, gateway)
    payment.refresh_from_db()
    hold.refresh_from_db()
    assert (payment.status, payment.last_decline, hold.status) == ("pending", "generic_decline", "held")
    assert payment.events.filter(name="declined").count() == 1
    assert AnalyticsEvent.objects.filter(name="payment_failed").count() == 1
    assert sent_mails() == ["payment_failed"]
    assert mail.outbox[0].body.count(", GMT") == 1  # which zone the times are in
    provider.pay(payment.provider_id)
    settle(payment, gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"


def test_a_failed_bank_step_is_a_decline(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id, ASKS_THE_BANK)
    provider.end_bank_step(payment.provider_id, succeeds=False)
    settle(payment, gateway)
    payment.refresh_from_db()
    assert (payment.status, payment.last_decline) == ("pending", "payment_intent_authentication_failure")


def test_declines_that_nobody_told_us_of_are_counted_too(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CARD_DECLINE": "3/h"}
    for _ in range(3):
        provider.pay(payment.provider_id, DECLINED)
    settle(payment, gateway)  # one look at three tries
    hold.refresh_from_db()
    assert payment.events.filter(name="declined").count() == 3
    assert hold.status == "abandoned"


def test_too_many_declines_let_the_hold_go_and_make_the_student_wait(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, student: User
) -> None:
    for number in range(5):
        hold.refresh_from_db()
        assert hold.status == "held", number
        provider.pay(payment.provider_id, DECLINED)
        settle(payment, gateway)
    hold.refresh_from_db()
    assert hold.status == "abandoned"
    run_jobs("payments.stop_payment")
    payment.refresh_from_db()
    assert (payment.status, provider.status_of(payment.provider_id)) == ("cancelled", "canceled")
    assert sent_mails() == ["payment_failed", "payment_failed"]  # the first decline, and the end of it


def test_declines_of_another_student_do_not_count(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CARD_DECLINE": "2/h"}
    other = make_booking(student=make_student(), status=Booking.Status.HELD)
    others = services.create_intent(booking_id=other.pk, gateway=gateway).payment
    for each in (others, payment):
        provider.pay(each.provider_id, DECLINED)
        settle(each, gateway)
    hold.refresh_from_db()
    assert hold.status == "held"
    provider.pay(payment.provider_id, DECLINED)
    settle(payment, gateway)
    hold.refresh_from_db()
    assert hold.status == "abandoned"


def test_an_answer_that_is_old_by_now_takes_nothing_back(
    hold: Booking, payment: Payment, provider: Provider, payment_server: PaymentSandbox
) -> None:
    """A worker reads "not paid" and sleeps; another settles the success; the first one writes."""

    class Slow(StripeGateway):
        def retrieve_intent(self, intent_id: str) -> Intent:
            unpaid = super().retrieve_intent(intent_id)
            provider.pay(intent_id)
            settle(payment, payment_gateway())
            return unpaid

    settle(payment, Slow(secret_key=payment_server.keys.secret, api_base=payment_server.url))
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("confirmed", "succeeded")
    assert not waiting_jobs("payments.send_refund")
