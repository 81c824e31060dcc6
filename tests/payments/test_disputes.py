"""Disputed payments: the share waits, the books follow, and the mentor never pays for a lost one."""

import random

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from bookings.services import lock_with_people
from marketplace.invariants import verify
from payments import services
from payments.gateways import StripeGateway
from payments.models import Dispute, Earning, Payment, Refund
from payments.services import disputes
from tests.jobs import run_jobs
from tests.payments.paid import accept, act_on, books, hear, let_pass
from tests.payments.provider import REFUND_FAILS, Provider
from tests.races import race

pytestmark = pytest.mark.django_db

FEE = 1_500
WITHDRAWN = {"dispute_loss": 3_300, "provider_balance": -FEE, "provider_fees": FEE, "student_funds": -3_300}


@pytest.fixture
def paid(payment: Payment, provider: Provider, gateway: StripeGateway) -> Payment:
    """33.00, accepted; 28.05 of it are the mentor's."""
    return accept(payment, provider, gateway)


def dispute(provider: Provider, payment: Payment, **words: str) -> None:
    """The cardholder's bank, and what it decides."""
    provider.ask("disputes", {"payment_intent": payment.provider_id, **words})


def earning() -> Earning:
    return Earning.objects.get()


def test_an_open_dispute_keeps_the_share_and_books_the_loss(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    dispute(provider, paid)
    hear(provider, gateway, "charge.dispute")
    row = Dispute.objects.get()
    assert (row.status, row.reason, row.amount_minor, row.fee_minor) == ("open", "fraudulent", 3_300, FEE)
    assert (row.is_withdrawn, row.closed_at, row.evidence_due_at is not None) == (True, None, True)
    assert (earning().status, earning().found) == ("frozen", "pending")
    assert books(hold) == WITHDRAWN
    run_jobs("deliver_mail")
    told = {m.to[0] for m in mail.outbox if m.subject == "A payment is being disputed"}
    assert told == {finance.email, hold.mentor.user.email}


def test_an_inquiry_and_the_dispute_it_becomes_are_told_once_each(
    paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    dispute(provider, paid, reason="inquiry")
    hear(provider, gateway, "charge.dispute")
    hear(provider, gateway, "charge.dispute")
    dispute(provider, paid, outcome="escalated")
    hear(provider, gateway, "charge.dispute")
    hear(provider, gateway, "charge.dispute")
    run_jobs("deliver_mail")
    told = [m for m in mail.outbox if m.extra_headers["X-Event"] == "dispute_opened"]
    assert [m.subject for m in told] == ["A bank asks about a payment"] * 2 + ["A payment is being disputed"] * 2
    to_finance = [m.body for m in told if m.to == [finance.email]]
    assert ["Nothing is taken back yet" in body for body in to_finance] == [True, False]
    assert all("Evidence is due on" in body for body in to_finance)


def test_a_won_dispute_gives_everything_but_the_fee_back(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid)
    hear(provider, gateway, "charge.dispute")
    dispute(provider, paid, outcome="won")
    hear(provider, gateway, "charge.dispute")
    row = Dispute.objects.get()
    assert (row.status, row.is_withdrawn, row.closed_at is not None) == ("won", False, True)
    assert earning().status == "pending"
    assert books(hold) == {"provider_balance": 3_300 - FEE, "provider_fees": FEE, "student_funds": -3_300}


def test_a_lost_dispute_is_the_platforms_loss(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """docs/decisions: the mentor's share returns to where it was, and is paid out."""
    dispute(provider, paid)
    hear(provider, gateway, "charge.dispute")
    dispute(provider, paid, outcome="lost")
    hear(provider, gateway, "charge.dispute")
    assert (Dispute.objects.get().status, earning().status, earning().amount_minor) == ("lost", "pending", 2_805)
    assert books(hold) == WITHDRAWN


def test_an_inquiry_takes_no_money_and_keeps_the_share(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid, reason="inquiry")
    hear(provider, gateway, "charge.dispute")
    assert (Dispute.objects.get().status, Dispute.objects.get().is_withdrawn) == ("inquiry", False)
    assert earning().status == "frozen"
    assert books(hold) == {"provider_balance": 3_300, "student_funds": -3_300}
    dispute(provider, paid, outcome="won")
    hear(provider, gateway, "charge.dispute")
    assert (Dispute.objects.get().status, earning().status) == ("won", "pending")
    assert books(hold) == {"provider_balance": 3_300, "student_funds": -3_300}


def test_an_escalated_inquiry_is_a_dispute(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid, reason="inquiry")
    hear(provider, gateway, "charge.dispute")
    dispute(provider, paid, outcome="escalated")
    hear(provider, gateway, "charge.dispute")
    assert (Dispute.objects.get().status, earning().status) == ("open", "frozen")
    assert books(hold) == WITHDRAWN


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_all_orders_and_duplicates_end_alike(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, outcome: str, seed: int
) -> None:
    dispute(provider, paid, reason="inquiry")
    dispute(provider, paid, outcome="escalated")
    dispute(provider, paid, outcome=outcome)
    happened = provider.events("charge.dispute") * 2
    random.Random(seed).shuffle(happened)
    for event in happened:
        act_on(event, gateway)
    assert (Dispute.objects.get().status, earning().status) == (outcome, "pending")
    back = 3_300 if outcome == "won" else 0
    loss = {} if back else {"dispute_loss": 3_300}
    expected = {"provider_balance": back - FEE, "provider_fees": FEE, "student_funds": -3_300} | loss
    assert books(hold) == expected


def test_an_answer_that_is_old_by_now_takes_nothing_back(
    paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid)
    [event] = provider.events("charge.dispute.created")
    old = gateway.retrieve_dispute(event["data"]["object"]["id"])
    dispute(provider, paid, outcome="won")
    hear(provider, gateway, "charge.dispute")
    disputes.hear_of_dispute(old, gateway=gateway)
    row = Dispute.objects.get()
    assert (row.status, row.is_withdrawn, earning().status) == ("won", False, "pending")


def test_a_settled_session_stays_frozen_until_the_bank_has_decided(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid)
    hear(provider, gateway, "charge.dispute")
    let_pass(hold)
    with transaction.atomic():
        booking, now = lock_with_people(hold.pk)
        Booking.objects.filter(pk=booking.pk).update(status="completed")
        booking.status = "completed"
        services.follow_booking(booking=booking, at=now)
    assert earning().status == "frozen"
    services.release_earnings()
    assert earning().status == "frozen"
    dispute(provider, paid, outcome="lost")
    hear(provider, gateway, "charge.dispute")
    assert earning().status == "pending"


def test_a_settled_session_goes_on_after_the_dispute(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """The time at which it clears was said while it was frozen, and counts."""
    dispute(provider, paid)
    hear(provider, gateway, "charge.dispute")
    let_pass(hold)
    with transaction.atomic():
        booking, now = lock_with_people(hold.pk)
        Booking.objects.filter(pk=booking.pk).update(status="completed")
        booking.status = "completed"
        services.follow_booking(booking=booking, at=now)
    dispute(provider, paid, outcome="won")
    hear(provider, gateway, "charge.dispute")
    assert earning().clears_at is not None


def test_a_dispute_of_rejected_money_has_no_share_to_keep(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.change(payment.provider_id, amount=3_000)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    dispute(provider, payment)
    hear(provider, gateway, "charge.dispute")
    assert Dispute.objects.get().status == "open"
    assert not Earning.objects.exists()


def test_a_dispute_faster_than_the_word_of_the_payment(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id, "pm_card_createDispute")
    hear(provider, gateway, "charge.dispute")
    hold.refresh_from_db()
    assert (hold.status, earning().status) == ("confirmed", "frozen")


def test_a_dispute_of_somebody_else_is_left_alone(provider: Provider, gateway: StripeGateway) -> None:
    provider.owner.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "payment_method": "pm_card_createDispute",
            "confirm": True,
            "allowed_payment_method_types": ["card"],
        }
    )
    hear(provider, gateway, "charge.dispute")
    assert not Dispute.objects.exists()


def test_the_daily_sweep_finds_a_dispute_nobody_told_of(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid)
    services.sweep(gateway=gateway)
    assert earning().status == "frozen"
    dispute(provider, paid, outcome="lost")
    services.sweep(gateway=gateway)
    assert (Dispute.objects.get().status, earning().status) == ("lost", "pending")


@pytest.mark.django_db(transaction=True)
def test_many_workers_take_it_in_once(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    dispute(provider, paid)
    pk = provider.events("charge.dispute.created")[0]["data"]["object"]["id"]
    assert race([lambda: services.read_dispute(provider_id=pk, gateway=gateway)] * 6) == {"won": 6}
    assert books(hold) == WITHDRAWN
    assert paid.events.filter(name="dispute_open").count() == 1
    run_jobs("deliver_mail")
    assert len([m for m in mail.outbox if m.extra_headers["X-Event"] == "dispute_opened"]) == 2


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("warning_needs_response", "inquiry"),
        ("warning_under_review", "inquiry"),
        ("warning_closed", "won"),
        ("needs_response", "open"),
        ("under_review", "open"),
        ("won", "won"),
        ("prevented", "won"),
        ("lost", "lost"),
        ("something_new", "open"),
    ],
)
def test_every_word_of_the_provider_has_a_meaning(word: str, status: str) -> None:
    assert disputes.status_of(word) == status


def test_a_dispute_in_the_past_is_closed_with_its_time(
    paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    dispute(provider, paid)
    dispute(provider, paid, outcome="lost")
    before = timezone.now()
    hear(provider, gateway, "charge.dispute")
    closed_at = Dispute.objects.get().closed_at
    assert closed_at is not None
    assert closed_at >= before
    run_jobs("deliver_mail")
    assert not [m for m in mail.outbox if m.extra_headers["X-Event"] == "dispute_opened"]


def test_a_refund_refused_during_a_lost_dispute_counts_as_sent(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    """The bank gave the money back itself, so the refund would wait in finance's queue for ever."""
    let_pass(hold)
    dispute(provider, paid)
    refund = services.decide_refund(booking_id=hold.pk, amount_minor=1_000, reason="x", by=finance)
    run_jobs("payments.send_refund")
    refund.refresh_from_db()
    assert refund.status == "failed"
    dispute(provider, paid, outcome="lost")
    hear(provider, gateway, "charge.dispute")
    hear(provider, gateway, "charge.dispute.closed")
    refund.refresh_from_db()
    paid.refresh_from_db()
    assert (refund.status, paid.status) == ("succeeded", "part_refunded")
    loss = {"dispute_loss": 2_300, "provider_balance": -FEE, "provider_fees": FEE, "student_funds": -2_300}
    assert books(hold) == loss
    assert "ledger_apart_from_refunds" not in {each.invariant.name for each in verify() if not each.holds}


def test_a_lost_dispute_stands_for_no_more_than_it_took(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    """It is read again each night: what a bank returns after it was used up is still owed."""
    accept(payment, provider, gateway, REFUND_FAILS)
    let_pass(hold)
    before = services.decide_refund(booking_id=hold.pk, amount_minor=1_000, reason="x", by=finance)
    run_jobs("payments.send_refund")
    dispute(provider, payment)
    during = services.decide_refund(booking_id=hold.pk, amount_minor=2_300, reason="x", by=finance)
    run_jobs("payments.send_refund")
    dispute(provider, payment, outcome="lost")
    hear(provider, gateway, "charge.dispute")
    assert (Dispute.objects.get().amount_minor, Refund.objects.get(pk=during.pk).status) == (2_300, "succeeded")
    provider.hurry_banks()
    hear(provider, gateway, "refund.failed")
    services.sweep(gateway=gateway)
    assert Refund.objects.get(pk=before.pk).status == "failed"


def test_what_a_lost_dispute_stands_for_is_not_taken_off_twice(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    """A bank may dispute a part: the rest is still finance's to send back."""
    let_pass(hold)
    dispute(provider, paid)
    services.decide_refund(booking_id=hold.pk, amount_minor=1_000, reason="x", by=finance)
    run_jobs("payments.send_refund")
    [happened] = provider.events("charge.dispute.created")
    sent = gateway.retrieve_dispute(happened["data"]["object"]["id"])
    [taken] = sent.balance_transactions
    part = taken.model_copy(update={"amount": -1_000, "net": -1_000 - taken.fee})
    lost = {"status": "lost", "amount": 1_000, "balance_transactions": (part,)}
    disputes.hear_of_dispute(sent.model_copy(update=lost), gateway=gateway)
    assert paid.refunds.get().status == "succeeded"
    assert services.left_to_refund(paid) == 2_300


def test_a_refund_refused_during_a_won_dispute_stays_with_finance(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    let_pass(hold)
    dispute(provider, paid)
    refund = services.decide_refund(booking_id=hold.pk, amount_minor=1_000, reason="x", by=finance)
    run_jobs("payments.send_refund")
    dispute(provider, paid, outcome="won")
    hear(provider, gateway, "charge.dispute")
    services.send_refund_again(refund_id=refund.pk, by=finance)
    run_jobs("payments.send_refund")
    refund.refresh_from_db()
    assert refund.status == "succeeded"
    assert [back.amount for back in provider.refunds()] == [1_000]
