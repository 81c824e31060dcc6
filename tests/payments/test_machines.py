"""The machines of money, state by state: what each word of the provider makes of each, and what a report or a dispute keeps.

``docs/product.md``, "Booking and money". Which steps there are at all stands in ``tests/machines.py``.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from bookings.models import Booking
from bookings.services import cancel_booking, expire_hold
from mentors.models import Mentor
from payments import services
from payments.gateways import StripeGateway, payment_gateway
from payments.models import OPEN_STATUSES, Dispute, Earning, Payment, Refund, Transfer
from payments.schemas import Intent, SentDispute, SentRefund
from payments.services import disputes
from payments.services.refunds import record_refund
from tests.factories import make_booking, make_paid_booking
from tests.jobs import waiting_jobs
from tests.machines import is_a_step, steps_taken, watched_machines
from tests.payments.conftest import lapse
from tests.payments.mentors_money import clear, open_account, pay_session, release, settle
from tests.payments.paid import accept
from tests.payments.provider import Provider

pytestmark = pytest.mark.django_db

# Payments


class Saying(StripeGateway):
    """A provider that says one thing of every intent, and has no failed charges."""

    def __init__(self, provider: Provider, word: str) -> None:
        super().__init__(secret_key=provider.server.keys.secret, api_base=provider.server.url)
        self.word = word

    def retrieve_intent(self, intent_id: str) -> Intent:
        known = super().retrieve_intent(intent_id)
        received = known.amount if self.word == "succeeded" else 0
        return known.model_copy(update={"status": self.word, "amount_received": received})


WORDS = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "processing",
    "canceled": "cancelled",
    "succeeded": "succeeded",
    "something_new": "pending",
}


@pytest.mark.parametrize("status", ["pending", "processing"])
@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_provider_moves_an_open_payment(
    hold: Booking, payment: Payment, provider: Provider, word: str, status: str
) -> None:
    Payment.objects.filter(pk=payment.pk).update(status=status)
    services.settle_payment(payment_id=payment.pk, gateway=Saying(provider, word))
    payment.refresh_from_db()
    hold.refresh_from_db()
    assert payment.status == WORDS[word]
    assert hold.status == ("confirmed" if word == "succeeded" else "held")
    assert (payment.settled_at is None) is (payment.status in OPEN_STATUSES)
    assert payment.events.filter(name=payment.status).exists() is (payment.status != status)


@pytest.mark.parametrize("word", WORDS)
def test_no_word_moves_a_payment_that_is_settled(
    hold: Booking, payment: Payment, provider: Provider, word: str
) -> None:
    now = timezone.now()
    for status in ("succeeded", "part_refunded", "refunded", "cancelled", "failed", "rejected"):
        why = (
            {"rejection": "time_gone", "received_minor": 1, "received_currency": "usd"} if status == "rejected" else {}
        )
        Payment.objects.filter(pk=payment.pk).update(
            **{"status": status, "settled_at": now, "rejection": "", "received_minor": None, "received_currency": ""}
            | why
        )
        services.settle_payment(payment_id=payment.pk, gateway=Saying(provider, word))
        services.stop_payment(payment_id=payment.pk, gateway=Saying(provider, word))
        payment.refresh_from_db()
        hold.refresh_from_db()
        assert (payment.status, hold.status) == (status, "held")


def test_only_the_providers_word_cancels_a_payment(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """Neither the hold's end nor our own wish does."""
    lapse(hold)
    hold.refresh_from_db()
    assert expire_hold(booking=hold, at=timezone.now())
    payment.refresh_from_db()
    assert (payment.status, payment.cancel_requested_at is not None) == ("pending", True)
    services.stop_payment(payment_id=payment.pk, gateway=gateway)
    payment.refresh_from_db()
    assert payment.status == "cancelled"


def test_the_key_of_a_payment_is_its_own(payment: Payment, provider: Provider) -> None:
    [made] = provider.events("payment_intent.created")
    assert made["request"]["idempotency_key"] == f"payment-{payment.pk}"


def test_what_is_paid_stays_with_the_platform(payment: Payment, provider: Provider, gateway: StripeGateway) -> None:
    """Separate charges and transfers: the charge itself sends nothing on and takes no fee."""
    paid = accept(payment, provider, gateway)
    [intent] = [made.to_dict() for made in provider.intents()]
    assert intent["transfer_group"] == f"booking-{paid.booking_id}"
    assert [intent.get(name) for name in ("transfer_data", "on_behalf_of", "application_fee_amount")] == [None] * 3
    assert not provider.owner.v1.transfers.list().data


@pytest.mark.parametrize("mark", ["booking", "payment"])
def test_money_marked_for_anything_else_is_rejected(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, mark: str
) -> None:
    provider.change(payment.provider_id, metadata={mark: str(uuid4())})
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    payment.refresh_from_db()
    hold.refresh_from_db()
    assert (hold.status, payment.status, payment.rejection) == ("held", "rejected", "amount_mismatch")
    assert payment.refunds.get().amount_minor == 3_300


# In one transaction


def written_by(table: str, column: str, key: UUID) -> set[int]:
    """Which transactions wrote the rows as they are now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT xmin::text::bigint FROM {table} WHERE {column} = %s", [key])
        return {transaction for (transaction,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_money_is_refused_and_its_refund_written_in_one_transaction(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.change(payment.provider_id, amount=100)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    [one] = written_by("payments_payment", "id", payment.pk)
    assert written_by("payments_refund", "payment_id", payment.pk) == {one}


@pytest.mark.django_db(transaction=True)
def test_a_session_is_cancelled_and_its_refund_written_in_one_transaction() -> None:
    booking = make_paid_booking()
    cancel_booking(booking_id=booking.pk, by=booking.student, side=Booking.Side.STUDENT)
    [one] = written_by("bookings_booking", "id", booking.pk)
    assert written_by("payments_refund", "payment_id", booking.payments.get().pk) == {one}
    assert one in written_by("bookings_bookingevent", "booking_id", booking.pk)


# Refunds

REFUND_STATES = ["requested", "sending", "sent", "succeeded", "failed"]
REFUND_WORDS = {
    "pending": "sent",
    "requires_action": "sent",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


@pytest.mark.parametrize("word", REFUND_WORDS)
@pytest.mark.parametrize("status", REFUND_STATES)
def test_a_refund_only_moves_on(status: str, word: str) -> None:
    paid = make_paid_booking().payments.get()
    refund = Refund.objects.create(payment=paid, amount_minor=100, reason="finance", created_at=timezone.now())
    Refund.objects.filter(pk=refund.pk).update(status=status, provider_id="re_1" if status in REFUND_STATES[2:] else "")
    sent = SentRefund.model_validate(
        {"id": "re_1", "status": word, "amount": 100, "metadata": {"refund": str(refund.pk), "attempt": "1"}}
    )
    record_refund(refund_id=refund.pk, sent=sent)
    refund.refresh_from_db()
    assert refund.status == max(status, REFUND_WORDS[word], key=REFUND_STATES.index)
    # Each step stands in the payment's history, and what is none does not.
    told = [event.name for event in paid.events.all()]
    assert told == ([] if refund.status == status else [f"refund_{refund.status}"])


# Disputes

DISPUTE_STATES = ["inquiry", "open", "won", "lost"]
DISPUTE_WORDS = {"warning_needs_response": "inquiry", "needs_response": "open", "won": "won", "lost": "lost"}


@pytest.mark.parametrize("word", DISPUTE_WORDS)
@pytest.mark.parametrize("status", DISPUTE_STATES)
def test_a_dispute_only_moves_on(status: str, word: str) -> None:
    paid, now = make_paid_booking().payments.get(), timezone.now()
    closed_at = now if status in {"won", "lost"} else None
    Dispute.objects.create(
        pk="du_1", payment=paid, status=status, amount_minor=3_300, opened_at=now, closed_at=closed_at
    )
    sent = SentDispute(id="du_1", status=word, amount=3_300, currency="usd", payment_intent=paid.provider_id, created=0)
    disputes.hear_of_dispute(sent, gateway=payment_gateway())
    dispute, expected = Dispute.objects.get(), max(status, DISPUTE_WORDS[word], key=DISPUTE_STATES.index)
    assert (dispute.status, dispute.closed_at is not None) == (expected, expected in {"won", "lost"})
    assert (Earning.objects.get().status == "frozen") is (dispute.closed_at is None)


# Earnings


def stand(payment: Payment, status: str) -> Earning:
    """The earning of a completed session in one state, its transfer as it is then."""
    earning = settle(payment)
    found = "releasable" if status == "blocked" else ""
    released = None if status == "pending" else timezone.now()
    Earning.objects.filter(pk=earning.pk).update(status=status, found=found, released_at=released)
    return Earning.objects.get(pk=earning.pk)


@pytest.mark.parametrize(
    ("status", "kept", "after"),
    [
        ("pending", "frozen", "pending"),
        ("releasable", "frozen", "releasable"),
        ("blocked", "frozen", "releasable"),  # the next pass finds out whether it is blocked still
        ("transferring", "transferring", "transferring"),  # somebody is sending it
        ("transferred", "transferred", "transferred"),
    ],
)
def test_a_report_keeps_what_is_still_here_and_lets_it_return_to_where_it_was(
    status: str, kept: str, after: str
) -> None:
    payment = make_paid_booking().payments.get()
    stand(payment, status)
    assert settle(payment, Booking.Status.PROBLEM).status == kept
    services.release_earnings()
    assert (Earning.objects.get().status, waiting_jobs("payments.send_transfer")) == (kept, [])
    assert settle(payment, Booking.Status.COMPLETED, percent=0).status == after


def test_what_is_blocked_and_was_kept_waits_for_its_account_again(
    mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    payment = pay_session(provider, gateway, mentor=mentor)
    earning = settle(payment)
    clear(earning)
    release(earning)
    assert earning.status == "blocked"
    settle(payment, Booking.Status.PROBLEM)
    settle(payment, Booking.Status.COMPLETED, percent=0)
    release(earning)
    assert (earning.status, earning.found) == ("blocked", "releasable")
    open_account(mentor, provider, gateway)
    earning.refresh_from_db()
    assert earning.status == "transferring"


@pytest.mark.parametrize("last", ["report", "dispute"])
def test_an_earning_stays_frozen_until_report_and_dispute_are_both_closed(
    last: str,
) -> None:
    payment = make_paid_booking().payments.get()
    settle(payment, Booking.Status.PROBLEM)
    booking = Booking.objects.get()
    report = booking.problem_reports.create(
        side="student", found="ended", opened_at=timezone.now(), answer_due_at=timezone.now()
    )

    def bank_says(status: str) -> None:
        sent = SentDispute(
            id="du_1", status=status, amount=3_300, currency="usd", payment_intent=payment.provider_id, created=0
        )
        disputes.hear_of_dispute(sent, gateway=payment_gateway())

    def support_decides() -> None:
        booking.problem_reports.filter(pk=report.pk).update(
            decided_at=timezone.now(), decided_by=booking.student, percent=0, decision="So."
        )
        settle(payment, Booking.Status.COMPLETED, percent=0)

    bank_says("needs_response")
    closings: list[Callable[[], None]] = [support_decides, lambda: bank_says("won")]
    if last == "report":
        closings.reverse()
    for number, close in enumerate(closings):
        assert (number, Earning.objects.get().status) == (number, "frozen")
        close()
    assert Earning.objects.get().status == "pending"


# When the money is the mentor's


@pytest.mark.parametrize(
    ("status", "percent", "word", "waits"),
    [
        ("completed", None, "fine", False),
        ("completed", None, "", True),
        ("completed", 0, "problem", True),  # support has decided, long before
        ("refunded", 50, "problem", True),
        ("refunded", 50, "fine", True),  # they thought better of it
        ("cancelled", 50, "", True),
        ("cancelled", 0, "", True),
        ("no_show_student", 0, "", True),
    ],
)
def test_what_is_left_is_due_48_hours_after_the_planned_end_or_at_the_students_word(
    status: str, percent: int | None, word: str, waits: bool
) -> None:
    booking = make_paid_booking()
    payment, before = booking.payments.get(), timezone.now()
    if word:
        booking.outcomes.create(side="student", word=word, by=booking.student, at=before)
    earning = settle(payment, status, percent=percent)
    assert earning.clears_at is not None
    if waits:
        assert earning.clears_at == booking.ends_at + timedelta(hours=48)
    else:
        assert before <= earning.clears_at <= timezone.now()


def test_what_is_decided_after_that_time_is_due_at_once() -> None:
    long_ago = timezone.now() - timedelta(days=3)
    booking = make_paid_booking(starts_at=long_ago, created_at=long_ago, confirmed_at=long_ago)
    before = timezone.now()
    earning = settle(booking.payments.get(), Booking.Status.REFUNDED, percent=50)
    assert earning.clears_at is not None
    assert before <= earning.clears_at <= timezone.now()


def test_it_goes_in_that_second_and_not_before(time_machine: object) -> None:
    earning = settle(make_paid_booking().payments.get(), Booking.Status.NO_SHOW_STUDENT, percent=0)
    due = Booking.objects.get().ends_at + timedelta(hours=48)
    time_machine.move_to(due - timedelta(seconds=1), tick=False)  # type: ignore[attr-defined]  # the plugin's
    assert release(earning) is None
    assert earning.status == "pending"
    time_machine.move_to(due, tick=False)  # type: ignore[attr-defined]  # the plugin's
    release(earning)
    assert earning.status == "blocked"  # its mentor has no account: but it went on


def test_all_of_it_takes_only_steps_that_there_are(
    mentor: Mentor, provider: Provider, gateway: StripeGateway, settings: Settings
) -> None:
    """From the card to the bank and back to the card, with a report between and an account that was shut."""
    settings.RECONCILE_AFTER_SECONDS = 0
    with watched_machines():
        account = open_account(mentor, provider, gateway)
        hold = make_booking(mentor=mentor, status=Booking.Status.HELD)
        payment = accept(services.create_intent(booking_id=hold.pk, gateway=gateway).payment, provider, gateway)
        Booking.objects.filter(pk=hold.pk).update(status="ended")
        settle(payment, Booking.Status.PROBLEM)
        earning = settle(payment, Booking.Status.COMPLETED, percent=0)
        clear(earning)
        provider.ask(f"accounts/{account.provider_id}/restrict", {})
        transfer = release(earning)
        assert transfer is not None
        services.send_transfer(transfer_id=transfer.pk, gateway=gateway.connect)
        earning.refresh_from_db()
        assert earning.status == "blocked"
        provider.ask(f"accounts/{account.provider_id}/onboard", {})
        services.read_payout_account(mentor_id=mentor.pk, gateway=gateway.connect)
        Transfer.objects.update(again_at=timezone.now())
        release(earning)
        services.send_transfer(transfer_id=transfer.pk, gateway=gateway.connect)
        settle(payment, Booking.Status.PROBLEM)
        settle(payment, Booking.Status.REFUNDED, percent=100)
        for _ in range(2):
            services.reconcile(gateway=gateway)
        taken = steps_taken()
    earning.refresh_from_db()
    payment.refresh_from_db()
    assert (earning.status, payment.status) == ("reversed", "refunded")
    assert [step for step in taken if not is_a_step(step)] == []
    money = {step for step in taken if step[0].startswith("payments_")}
    assert {("payments_transfer", "failed", "requested"), ("payments_reversal", "sending", "sent")} <= money
