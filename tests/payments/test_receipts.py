"""Receipts: numbered without a gap, at acceptance; a credit note for each refund; pages to print and to look back."""

import re

import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from bookings.models import Booking
from payments import services, tasks
from payments.gateways import StripeGateway
from payments.models import Payment, Receipt, ReceiptCounter, Refund
from payments.services import receipts
from tests.factories import make_booking, make_staff, make_student
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.paid import accept, hear, let_pass
from tests.payments.provider import DECLINED, Provider
from tests.payments.test_constraints import make_payment
from tests.races import race
from tests.signin import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(payment: Payment, provider: Provider, gateway: StripeGateway) -> Payment:
    return accept(payment, provider, gateway)


def give_back(payment: Payment, amount_minor: int) -> Refund:
    refund = services.decide_refund(
        booking_id=payment.booking_id, amount_minor=amount_minor, reason="x", by=make_staff("finance")
    )
    run_jobs("payments.send_refund")
    assert isinstance(refund, Refund)
    refund.refresh_from_db()
    return refund


def test_an_accepted_payment_has_its_receipt(hold: Booking, paid: Payment, settings: Settings) -> None:
    receipt = Receipt.objects.get()
    assert receipt.number == f"{timezone.now().year}-000001"
    assert (receipt.payment, receipt.refund, receipt.amount_minor, receipt.currency) == (paid, None, 3_300, "usd")
    assert receipt.seller == {
        "name": settings.SELLER_NAME,
        "address": settings.SELLER_ADDRESS,
        "tax_id": settings.SELLER_TAX_ID,
    }
    run_jobs("payments.mail_receipt", "deliver_mail")
    [message] = [m for m in mail.outbox if m.extra_headers["X-Event"] == "receipt"]
    assert message.subject == f"Receipt for $33.00, session with {hold.mentor.user.first_name}"
    assert message.to == [hold.student.email]
    assert receipt.number in message.body
    assert reverse("payments:receipt", args=[hold.pk]) in message.body


def test_a_receipt_is_mailed_once_however_often_its_job_runs(paid: Payment) -> None:
    [arguments] = waiting_jobs("payments.mail_receipt")
    for _run in range(2):
        tasks.mail_receipt(**arguments)
    assert [job["mail"]["name"] for job in waiting_jobs("deliver_mail")].count("receipt") == 1


def test_rejected_money_has_none(payment: Payment, provider: Provider, gateway: StripeGateway) -> None:
    provider.change(payment.provider_id, amount=3_000)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    run_jobs("payments.send_refund")
    assert Refund.objects.get().status == "succeeded"
    assert not Receipt.objects.exists()
    assert not ReceiptCounter.objects.exists()


def test_each_refund_that_is_sent_has_a_credit_note(hold: Booking, paid: Payment) -> None:
    let_pass(hold)
    first, second = give_back(paid, 1_000), give_back(paid, 300)
    notes = Receipt.objects.exclude(refund=None).order_by("number")
    assert [(note.refund_id, note.amount_minor) for note in notes] == [(first.pk, 1_000), (second.pk, 300)]
    assert [receipt.number[-6:] for receipt in Receipt.objects.order_by("number")] == ["000001", "000002", "000003"]


def test_a_refund_sent_twice_has_one_credit_note(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    let_pass(hold)
    refund = give_back(paid, 1_000)
    provider.ask(f"refunds/{refund.provider_id}/fail", {})
    hear(provider, gateway, "refund.failed")
    services.send_refund_again(refund_id=refund.pk, by=make_staff("finance"))
    run_jobs("payments.send_refund")
    refund.refresh_from_db()
    assert (refund.status, Receipt.objects.filter(refund=refund).count()) == ("succeeded", 1)


def test_a_refund_that_the_bank_returned_keeps_its_credit_note(
    client: Client, hold: Booking, paid: Payment, student: User, provider: Provider, gateway: StripeGateway
) -> None:
    let_pass(hold)
    refund = give_back(paid, 1_000)
    provider.ask(f"refunds/{refund.provider_id}/fail", {})
    hear(provider, gateway, "refund.failed")
    note = Receipt.objects.get(refund=refund).number
    for words in ("your bank returned it, we are sending it again", "What you pay in the end"):
        _, text = receipt_page(client, hold, student)
        assert (note in text, words in text, total(text)) == (True, True, "$23.00")
    assert "The bank returned it. We are sending it again: $10.00" in history(client, student)
    services.send_refund_again(refund_id=refund.pk, by=make_staff("finance"))
    _, text = receipt_page(client, hold, student)
    assert ("on its way to your card again" in text, total(text)) == (True, "$23.00")
    run_jobs("payments.send_refund")
    _, text = receipt_page(client, hold, student)
    assert (text.count("Credit note"), "What you paid in the end" in text, total(text)) == (1, True, "$23.00")
    run_jobs("deliver_mail")
    first, second = (m.body for m in mail.outbox if m.extra_headers["X-Event"] == "refund_sent")
    assert ("had returned it" in first, "Your bank had returned it" in second) == (False, True)


def test_what_takes_the_place_of_a_returned_refund_is_not_noted_twice(
    client: Client, hold: Booking, paid: Payment, student: User, provider: Provider, gateway: StripeGateway
) -> None:
    let_pass(hold)
    refund = give_back(paid, 3_300)
    provider.ask(f"refunds/{refund.provider_id}/fail", {})
    hear(provider, gateway, "refund.failed")
    provider.ask("refunds", {"payment_intent": paid.provider_id, "amount": 2_000})
    hear(provider, gateway, "refund.created")
    _, text = receipt_page(client, hold, student)
    assert (text.count("Credit note"), total(text)) == (1, "$0.00")
    services.send_refund_again(refund_id=refund.pk, by=make_staff("finance"))
    run_jobs("payments.send_refund")
    assert sorted(Refund.objects.values_list("status", "amount_minor")) == [("succeeded", 1_300), ("succeeded", 2_000)]
    assert [paper.amount_minor for paper in Receipt.objects.exclude(refund=None)] == [3_300]


def test_a_number_that_was_not_used_is_not_lost() -> None:
    payment = make_payment(status="succeeded")
    with transaction.atomic():
        receipts.issue_receipt(payment=payment, at=timezone.now())
        transaction.set_rollback(True)
    assert not Receipt.objects.exists()
    receipts.issue_receipt(payment=payment, at=timezone.now())
    assert Receipt.objects.get().number.endswith("-000001")


def test_a_receipt_is_never_changed() -> None:
    receipt = receipts.issue_receipt(payment=make_payment(status="succeeded"), at=timezone.now())
    with pytest.raises(ProgrammingError, match="receipt_append_only"), transaction.atomic():
        Receipt.objects.update(amount_minor=1)
    with pytest.raises(ProgrammingError, match="receipt_append_only"), transaction.atomic():
        receipt.delete()


def test_the_sweep_writes_what_an_earlier_release_left_out(gateway: StripeGateway) -> None:
    payment = make_payment(status="part_refunded")
    now = timezone.now()
    refund = Refund.objects.create(
        payment=payment, amount_minor=1_000, reason="finance", status="succeeded", provider_id="re_1", created_at=now
    )
    make_payment(status="pending")
    assert (receipts.issue_missing(), receipts.issue_missing()) == (1, 0)
    assert list(Receipt.objects.order_by("number").values_list("payment", "refund", "amount_minor")) == [
        (payment.pk, None, 3_300),
        (payment.pk, refund.pk, 1_000),
    ]
    assert not run_jobs("payments.mail_receipt", "deliver_mail")


WORKERS = 8


def issue_for(payment: Payment) -> None:
    with transaction.atomic():
        receipts.issue_receipt(payment=payment, at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_many_at_once_leave_no_gap_and_share_no_number() -> None:
    payments = [make_payment(status="succeeded") for _ in range(WORKERS)]
    ends = race([lambda payment=payment: issue_for(payment) for payment in payments])  # type: ignore[misc]  # bound now
    assert ends == {"won": WORKERS}
    numbers = [int(number[-6:]) for number in Receipt.objects.order_by("number").values_list("number", flat=True)]
    assert numbers == list(range(1, WORKERS + 1))


@pytest.mark.django_db(transaction=True)
def test_control_a_number_that_is_read_without_a_lock_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def count(at: object) -> str:
        return f"2026-{Receipt.objects.count() + 1:06d}"

    monkeypatch.setattr(receipts, "_next_number", count)
    payments = [make_payment(status="succeeded") for _ in range(WORKERS)]
    ends = race([lambda payment=payment: issue_for(payment) for payment in payments])  # type: ignore[misc]  # bound now
    assert ends["IntegrityError"] > 0


def receipt_page(client: Client, booking: Booking, reader: User) -> tuple[int, str]:
    sign_in(client, reader)
    response = client.get(reverse("payments:receipt", args=[booking.pk]))
    return response.status_code, response.text


def test_the_receipt_names_seller_buyer_amount_and_reference(
    client: Client, hold: Booking, student: User, settings: Settings, payment: Payment, provider: Provider,
    gateway: StripeGateway,
) -> None:  # fmt: skip
    settings.SELLER_NAME, settings.SELLER_ADDRESS, settings.SELLER_TAX_ID = "Lantern GmbH", "1 Main St", "DE123"
    accept(payment, provider, gateway)
    settings.SELLER_NAME = "Renamed since"
    status, text = receipt_page(client, hold, student)
    assert status == 200
    for part in (
        "Lantern GmbH",
        "1 Main St",
        "DE123",
        student.name,
        "$33.00",
        str(hold.pk),
        "-000001",
        "Paid",
        "taxes",
    ):
        assert part in text
    assert "Renamed since" not in text.split("<main")[1]


def test_without_a_tax_number_nothing_is_said_of_taxes(
    client: Client, hold: Booking, paid: Payment, student: User
) -> None:
    assert "taxes" not in receipt_page(client, hold, student)[1].split("<main")[1]


def total(text: str) -> str:
    found = re.search(r'data-testid="receipt-total">([^<]*)<', text)
    assert found
    return found[1]


def test_a_refund_stands_on_the_receipt(client: Client, hold: Booking, paid: Payment, student: User) -> None:
    let_pass(hold)
    give_back(paid, 1_000)
    _, text = receipt_page(client, hold, student)
    assert ("Refunded in part" in text, "Credit note" in text, total(text)) == (True, True, "$23.00")
    give_back(paid, 2_300)
    _, text = receipt_page(client, hold, student)
    assert ("Refunded in part" in text, total(text)) == (False, "$0.00")


def test_who_may_read_a_receipt(
    client: Client, hold: Booking, paid: Payment, student: User, other_student: User, support: User, finance: User,
    reviewer: User,
) -> None:  # fmt: skip
    readers = {student: 200, support: 200, finance: 200, other_student: 404, hold.mentor.user: 403, reviewer: 403}
    for reader, status in readers.items():
        assert receipt_page(client, hold, reader)[0] == status, reader.role


def test_what_was_never_paid_has_no_receipt(client: Client, hold: Booking, student: User) -> None:
    assert receipt_page(client, hold, student)[0] == 404
    receipts.issue_receipt(payment=make_payment(hold, status="succeeded"), at=timezone.now())
    assert receipt_page(client, hold, student)[0] == 200


def history(client: Client, reader: User) -> str:
    sign_in(client, reader)
    response = client.get(reverse("payments:history"))
    assert response.status_code == 200
    return response.text.split("<main")[1]


def test_without_payments_the_history_says_so(client: Client, student: User) -> None:
    assert "No payments yet" in history(client, student)


def test_the_history_tells_charges_refunds_and_declines(
    client: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, student: User
) -> None:
    provider.pay(payment.provider_id, DECLINED)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    text = history(client, student)
    assert "Declined, nothing charged" in text
    accept(payment, provider, gateway)
    let_pass(hold)
    give_back(payment, 1_000)
    text = history(client, student)
    assert "Declined" not in text
    assert ("$33.00" in text, "Sent back: $10.00" in text) == (True, True)
    assert reverse("payments:receipt", args=[hold.pk]) in text


def test_the_history_shows_nobody_elses(client: Client, paid: Payment, other_student: User) -> None:
    assert "No payments yet" in history(client, other_student)


def test_the_history_costs_the_same_for_one_payment_and_many(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    student = make_student()

    def paid_session() -> None:
        booking = make_booking(student=student)
        Booking.objects.filter(pk=booking.pk).update(status="completed")
        payment = make_payment(booking, status="succeeded", provider_id=f"pi_{booking.pk}")
        receipts.issue_receipt(payment=payment, at=timezone.now())
        Refund.objects.create(
            payment=payment, amount_minor=100, reason="finance", status="succeeded", provider_id=f"re_{payment.pk}",
            created_at=timezone.now(),
        )  # fmt: skip

    paid_session()
    client.force_login(student)
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("payments:history"))
    for _ in range(5):
        paid_session()
    with django_assert_num_queries(len(one)):
        response = client.get(reverse("payments:history"))
    assert response.text.count("history-row__amount") == 6
