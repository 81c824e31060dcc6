"""Finance's desk: what waits, what is stuck, the books; refunds decided and sent again from its pages."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from bookings.models import Attendance, Booking
from chat.services import delete_message, open_thread, post_message
from marketplace.common.models import AuditEvent
from payments import desk
from payments.models import (
    BalanceDifference,
    Dispute,
    Earning,
    Payment,
    Payout,
    Refund,
    RefundRequest,
    Reversal,
    Transfer,
    WebhookEvent,
)
from tests.factories import make_paid_booking, make_staff
from tests.payments.test_constraints import make_payment
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

OLD = timedelta(days=30)


@pytest.fixture
def staff(client: Client, finance: User) -> Client:
    return sign_in(client, finance)


def paid() -> Payment:
    return make_paid_booking(price_minor=66_000).payments.get()


def failed_refund(payment: Payment, amount_minor: int = 100) -> Refund:
    now = timezone.now()
    return Refund.objects.create(
        payment=payment, amount_minor=amount_minor, reason="finance", status="failed", created_at=now, settled_at=now
    )


def asked(payment: Payment) -> RefundRequest:
    by = make_staff("finance", name="Ada Colleague")
    return RefundRequest.objects.create(
        payment=payment, amount_minor=60_000, reason="Room was down.", by=by, created_at=timezone.now()
    )


def one_of_each() -> None:
    """A row for every list of the desk."""
    payment = paid()
    now = timezone.now()
    earning = payment.earning
    Earning.objects.filter(pk=earning.pk).update(status="blocked", found="releasable", released_at=now)
    Transfer.objects.create(earning=earning, status="failed", amount_minor=1, currency="usd", created_at=now)
    Payout.objects.create(
        pk=f"po_{payment.pk.hex[:8]}", mentor=earning.mentor, status="failed", amount_minor=1, currency="usd",
        created_at=now,
    )  # fmt: skip
    failed_refund(payment)
    asked(payment)
    Dispute.objects.create(pk=f"du_{payment.pk.hex[:8]}", payment=payment, status="open", amount_minor=1, opened_at=now)
    BalanceDifference.objects.create(
        provider_id=f"txn_{payment.pk.hex[:8]}", kind="charge", provider_minor=1, ledger_minor=0, currency="usd",
        happened_at=now, found_at=now,
    )  # fmt: skip


def page(client: Client, name: str = "payments:desk") -> str:
    response = client.get(reverse(name))
    assert response.status_code == 200
    return response.text


def test_with_nothing_to_do_the_desk_says_so(staff: Client) -> None:
    text = page(staff)
    for sentence in (
        "Nothing is stuck.",
        "No refund waits.",
        "No refund failed.",
        "No dispute is open.",
        "Both agree.",
    ):
        assert sentence in text
    assert "No disputes" in page(staff, "payments:desk-disputes")


def test_a_failed_payout_stands_on_the_desk_until_the_next_goes_out(staff: Client) -> None:
    mentor = paid().earning.mentor

    def payout(status: str, hours_ago: int, **fields: str) -> None:
        at = timezone.now() - timedelta(hours=hours_ago)
        Payout.objects.create(
            pk=f"po_{hours_ago}", mentor=mentor, status=status, amount_minor=2_805, currency="usd", created_at=at,
            settled_at=None if status == "pending" else at, **fields,
        )  # fmt: skip

    payout("paid", 30)
    payout("failed", 20, failure="account_closed")
    payout("failed", 10, failure="no_account")
    text = page(staff)
    assert ("The bank account is closed." in text, "There is no bank account with this number." in text) == (True, True)
    payout("pending", 1)
    assert "The bank account is closed." not in page(staff)
    assert "Every transfer and payout went through." in page(staff)


@pytest.mark.parametrize("name", ["payments:desk", "payments:desk-disputes"])
def test_the_desk_costs_the_same_for_one_row_and_many(
    staff: Client, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one_of_each()
    with CaptureQueriesContext(connection) as once:
        page(staff, name)
    for _ in range(4):
        one_of_each()
    with django_assert_num_queries(len(once)):
        page(staff, name)


def orphan() -> None:
    booking = make_paid_booking()
    Booking.objects.filter(pk=booking.pk).update(status="expired", confirmed_at=None)


def rejected_without_refund() -> None:
    make_payment(status="rejected")


def open_for_days() -> None:
    make_payment(created_at=timezone.now() - OLD)


def refund_not_sent() -> None:
    Refund.objects.create(payment=paid(), amount_minor=1, reason="finance", created_at=timezone.now() - OLD)


def refund_not_arrived() -> None:
    Refund.objects.create(
        payment=paid(), amount_minor=1, reason="finance", status="sent", provider_id="re_1",
        created_at=timezone.now() - OLD, sent_at=timezone.now() - OLD,
    )  # fmt: skip


def earning_not_released() -> None:
    Earning.objects.filter(payment=paid()).update(clears_at=timezone.now() - OLD)


def transfer_not_sent() -> None:
    Transfer.objects.create(earning=paid().earning, amount_minor=1, currency="usd", created_at=timezone.now() - OLD)


def reversal_not_sent() -> None:
    transfer = Transfer.objects.create(
        earning=paid().earning, amount_minor=1, currency="usd", status="sent", provider_id="tr_1",
        created_at=timezone.now(),
    )  # fmt: skip
    Reversal.objects.create(transfer=transfer, amount_minor=1, created_at=timezone.now() - OLD)


def event_not_acted_on() -> None:
    WebhookEvent.objects.create(id="evt_1", type="charge.refunded", received_at=timezone.now() - OLD)


@pytest.mark.parametrize(
    "happen",
    [
        orphan,
        rejected_without_refund,
        open_for_days,
        refund_not_sent,
        refund_not_arrived,
        earning_not_released,
        transfer_not_sent,
        reversal_not_sent,
        event_not_acted_on,
    ],
)
def test_what_is_stuck_is_counted(staff: Client, happen: Callable[[], None]) -> None:
    paid()
    assert sum(line.count for line in desk.stuck(at=timezone.now())) == 0
    happen()
    counts = [line.count for line in desk.stuck(at=timezone.now())]
    assert sum(counts) == 1
    assert 'data-count="1"' in page(staff)


def test_the_webhooks_lag_is_measured() -> None:
    now = timezone.now()
    assert desk.lag(at=now).count == 0
    for number, late in enumerate((1, 3)):
        WebhookEvent.objects.create(
            id=f"evt_{number}", type="x", received_at=now, provider_created_at=now - timedelta(seconds=late)
        )
    WebhookEvent.objects.create(
        id="evt_old", type="x", received_at=now - OLD, provider_created_at=now - OLD - timedelta(hours=1)
    )
    lag = desk.lag(at=now)
    assert (lag.count, lag.mean_seconds, lag.longest_seconds) == (2, 2.0, 3.0)


def test_all_accounts_of_the_ledger_sum_to_zero(staff: Client) -> None:
    paid()
    assert sum(int(str(row["amount_minor"])) for row in desk.balances()) == 0
    text = page(staff)
    assert ("money</th>" in text, "$660.00" in text) == (True, True)


def test_finance_sends_money_back(staff: Client, finance: User) -> None:
    payment = paid()
    url = reverse("payments:decide-refund", args=[payment.booking_id])
    text = staff.get(url).text
    assert ("$660.00 is left." in text, "$500.00" in text) == (True, True)
    refused = staff.post(url, {"amount_minor": "660.01", "reason": "Room was down."})
    assert (refused.status_code, "more than what is left" in refused.text) == (422, True)
    assert "Room was down." in refused.text  # nothing typed is lost
    assert staff.post(url, {"amount_minor": "", "reason": ""}).status_code == 422
    answer = staff.post(url, {"amount_minor": "10", "reason": "Room was down."})
    assert answer["Location"] == reverse("payments:desk")
    assert (Refund.objects.get().amount_minor, Refund.objects.get().by) == (1_000, finance)


def test_a_big_refund_goes_past_a_second_person(staff: Client, finance: User) -> None:
    payment = paid()
    staff.post(
        reverse("payments:decide-refund", args=[payment.booking_id]),
        {"amount_minor": "600", "reason": "Room was down."},
    )
    request = RefundRequest.objects.get()
    url = reverse("payments:decide-request", args=[request.pk])
    assert "You asked for this refund yourself" in staff.get(url).text
    refused = staff.post(url, {"decision": "approve"})
    assert (refused.status_code, Refund.objects.count()) == (409, 0)
    second = sign_in(Client(), make_staff("finance"))
    text = second.get(url).text
    assert ("Room was down." in text, "$600.00" in text) == (True, True)
    assert second.post(url, {"decision": "perhaps"}).status_code == 422
    assert second.post(url, {"decision": "approve"}).status_code == 302
    assert Refund.objects.get().amount_minor == 60_000
    assert second.post(url, {"decision": "decline"}).status_code == 409


def test_a_refund_can_be_declined(staff: Client) -> None:
    request = asked(paid())
    assert staff.post(reverse("payments:decide-request", args=[request.pk]), {"decision": "decline"}).status_code == 302
    request.refresh_from_db()
    assert (request.status, Refund.objects.count()) == ("declined", 0)


def test_a_failed_refund_is_sent_again(staff: Client) -> None:
    refund = failed_refund(paid())
    assert reverse("payments:send-again", args=[refund.pk]) in page(staff)
    url = reverse("payments:send-again", args=[refund.pk])
    assert "Send $1.00 again?" in staff.get(url).text
    assert staff.post(url).status_code == 302
    refund.refresh_from_db()
    assert (refund.status, refund.attempt) == ("requested", 2)
    assert staff.post(url).status_code == 409


@pytest.mark.parametrize("name", ["decide-refund", "decide-request", "send-again", "evidence"])
def test_deciding_needs_a_fresh_sign_in(client: Client, finance: User, name: str) -> None:
    payment = paid()
    now = timezone.now()
    dispute = Dispute.objects.create(pk="du_1", payment=payment, status="open", amount_minor=1, opened_at=now)
    subject = {
        "decide-refund": payment.booking_id,
        "decide-request": asked(payment).pk,
        "send-again": failed_refund(payment).pk,
        "evidence": dispute.pk,
    }[name]
    url = reverse("dispute-evidence" if name == "evidence" else f"payments:{name}", args=[subject])
    body = {"amount_minor": "1", "reason": "x", "decision": "approve"}
    sign_in(client, finance, ago=timedelta(minutes=11))
    answer = client.get(url) if name == "evidence" else client.post(url, body)
    assert answer["Location"].startswith("/accounts/")
    assert not AuditEvent.objects.exists()
    sign_in(client, finance)
    answer = client.get(url) if name == "evidence" else client.post(url, body)
    assert not answer.get("Location", "").startswith("/accounts/")
    assert AuditEvent.objects.exists()


def test_the_evidence_of_a_dispute_is_one_download(staff: Client, finance: User, student: User) -> None:
    booking = make_paid_booking(student=student, policy="strict", note="Eigenvalues, please.")
    payment = booking.payments.get()
    now = timezone.now()
    Attendance.objects.create(booking=booking, user=student, from_at=now, until_at=now)
    thread, _is_new = open_thread(
        handle=booking.mentor.handle, body="<b>See you</b> then", client_id="evidence-1", by=student
    )
    unsaid = post_message(thread=thread, body="I never came", client_id="evidence-3", by=student)[0]
    delete_message(message=unsaid, by=student)
    other = make_paid_booking(mentor=booking.mentor, starts_at=booking.ends_at)
    open_thread(handle=booking.mentor.handle, body="Not yours", client_id="evidence-2", by=other.student)
    dispute = Dispute.objects.create(
        pk="du_1", payment=payment, status="open", reason="fraudulent", amount_minor=3_300, opened_at=now
    )
    response = staff.get(reverse("dispute-evidence", args=[dispute.pk]))
    assert (response["Content-Type"], response["Cache-Control"]) == ("application/zip", "no-store")
    assert response["Content-Disposition"] == 'attachment; filename="evidence-du_1.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        evidence = json.loads(archive.read("evidence.json"))
        text = archive.read("evidence.html").decode()
    assert [row["who"] for row in evidence["attendance"]] == ["student"]
    said, deleted = evidence["messages"]
    assert (said["who"], said["body"], said["before"]) == ("student", "<b>See you</b> then", [])
    assert (deleted["body"], [version["body"] for version in deleted["before"]]) == ("", ["I never came"])
    assert "I never came" in text
    assert evidence["policy"]["name"] == "strict"
    assert evidence["session"]["note"] == "Eigenvalues, please."
    assert ("&lt;b&gt;See you&lt;/b&gt;" in text, "<b>See you" in text, "Not yours" in text) == (True, False, False)
    [audited] = AuditEvent.objects.filter(action="evidence_downloaded")
    assert (audited.actor_id, audited.subject_id) == (finance.pk, "du_1")


MODELS = [
    "payment",
    "refund",
    "refundrequest",
    "dispute",
    "receipt",
    "ledgertransaction",
    "balancedifference",
    "earning",
    "transfer",
    "reversal",
    "payout",
    "payoutaccount",
    "debt",
    "webhookevent",
]


@pytest.mark.parametrize("model", MODELS)
def test_finance_looks_up_everything_and_changes_nothing(staff: Client, model: str) -> None:
    one_of_each()
    assert staff.get(f"/admin/payments/{model}/").status_code == 200
    assert staff.get(f"/admin/payments/{model}/add/").status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_support_looks_up_payments_and_no_books(client: Client, support: User, model: str) -> None:
    sign_in(client, support)
    expected = 200 if model in {"payment", "refund", "webhookevent"} else 403
    assert client.get(f"/admin/payments/{model}/").status_code == expected


def test_from_a_payment_finance_goes_on_to_its_refund(staff: Client, support: User) -> None:
    payment = paid()
    url = reverse("admin:payments_payment_change", args=[payment.pk])
    way = reverse("payments:decide-refund", args=[payment.booking_id])
    assert way in staff.get(url).text
    assert way not in sign_in(Client(), support).get(url).text


def test_the_admin_leads_finance_to_the_desk(staff: Client, support: User) -> None:
    way = reverse("payments:desk")
    assert f'href="{way}"' in staff.get("/admin/").text
    assert f'href="{way}"' not in sign_in(Client(), support).get("/admin/").text


def test_why_money_was_sent_back_only_finance_reads(client: Client, support: User, finance: User) -> None:
    refund = failed_refund(paid())
    Refund.objects.filter(pk=refund.pk).update(note="The student was in hospital.")
    url = reverse("admin:payments_refund_change", args=[refund.pk])
    for reader, reads in ((support, False), (finance, True)):
        page = sign_in(client, reader).get(url)
        assert page.status_code == 200
        assert ("in hospital" in page.text) is reads
