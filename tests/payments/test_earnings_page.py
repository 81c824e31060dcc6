"""The mentor's earnings page, its table, and setting up payouts."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from mentors.models import Mentor
from payments.gateways import StripeGateway
from payments.models import Debt, Earning, Payment, Payout, PayoutAccount, Transfer
from tests.factories import make_booking, make_mentor, make_student
from tests.payments.mentors_money import clear, open_account, pay_session, release, settle
from tests.payments.provider import Provider

pytestmark = pytest.mark.django_db

EARNINGS, SET_UP = reverse("payments:earnings"), reverse("payments:payouts-setup")


@pytest.fixture
def page(client: Client, mentor: Mentor) -> Client:
    """Signed in as ``mentor``."""
    client.force_login(mentor.user)
    return client


def make_earning(
    mentor: Mentor,
    *,
    student: User | None = None,
    days_ago: int = 3,
    status: str = Earning.Status.PENDING,
    transfer: dict[str, object] | None = None,
    **fields: object,
) -> Earning:
    """An earning as the operations would have left it: 33.00 paid, 28.05 earned."""
    now = timezone.now()
    starts_at = (now - timedelta(days=days_ago)).replace(minute=0, second=0, microsecond=0)
    over = Booking.Status.COMPLETED if days_ago > 0 else Booking.Status.CONFIRMED
    booking = make_booking(mentor=mentor, student=student, starts_at=starts_at, status=over)
    payment = Payment.objects.create(
        booking=booking,
        status=Payment.Status.SUCCEEDED,
        amount_minor=3_300,
        currency="usd",
        provider_id=f"pi_{uuid4().hex}",
        created_at=now,
        settled_at=now,
    )
    defaults: dict[str, object] = {
        "gross_minor": 3_300,
        "fee_minor": 495,
        "amount_minor": 2_805,
        "currency": "usd",
        "created_at": now,
        "released_at": None if status in {"pending", "void"} else now,
        "found": "releasable" if status in {"frozen", "blocked"} else "",
    }
    earning = Earning.objects.create(
        booking=booking, mentor=mentor, payment=payment, status=status, **(defaults | fields)
    )
    if transfer is not None:
        sent: dict[str, object] = {
            "status": Transfer.Status.SENT,
            "amount_minor": 2_805,
            "currency": "usd",
            "provider_id": f"tr_{uuid4().hex}",
            "created_at": now,
            "sent_at": now,
        }
        Transfer.objects.create(earning=earning, **(sent | transfer))
    return earning


def make_payout(mentor: Mentor, status: str, **fields: object) -> Payout:
    now = timezone.now()
    return Payout.objects.create(
        provider_id=f"po_{uuid4().hex}",
        mentor=mentor,
        status=status,
        amount_minor=2_805,
        currency="usd",
        arrives_on=now.date(),
        created_at=now,
        settled_at=None if status == "pending" else now,
        **fields,
    )


def test_a_mentor_without_earnings_reads_what_will_stand_here(page: Client) -> None:
    text = page.get(EARNINGS).text
    assert "Nothing earned yet" in text
    assert "Payouts are not set up." in text


def test_the_page_says_of_every_session_where_its_money_is(page: Client, mentor: Mentor) -> None:
    paid, failed = make_payout(mentor, "paid"), make_payout(mentor, "pending")
    make_earning(mentor, days_ago=-2)
    make_earning(mentor, days_ago=2, clears_at=timezone.now() + timedelta(days=1))
    make_earning(mentor, days_ago=3, status="frozen")
    make_earning(mentor, days_ago=4, status="blocked")
    make_earning(mentor, days_ago=5, status="transferred", transfer={})
    make_earning(mentor, days_ago=6, status="transferred", transfer={"payout": failed})
    make_earning(mentor, days_ago=7, status="transferred", transfer={"payout": paid})
    make_earning(mentor, days_ago=8, status="void", amount_minor=0, fee_minor=0, refund_minor=3_300)
    text = page.get(EARNINGS).text
    for label in (
        "Coming up",
        "Clearing",
        "Being looked at",
        "Waiting for you",
        "On its way",
        "In your bank",
        "Refunded",
    ):
        assert f">{label}</span>" in text, label
    assert "with your next payout" in text
    assert "once payouts are set up" in text
    assert "after a decision about this session" in text
    assert "$28.05 is waiting for you" in text


def test_the_sums_add_up_to_what_was_earned(page: Client, mentor: Mentor) -> None:
    payout = make_payout(mentor, "paid")
    make_earning(mentor, days_ago=-2)
    make_earning(mentor, days_ago=2)
    make_earning(mentor, days_ago=5, status="transferred", transfer={"amount_minor": 1_805, "set_off_minor": 1_000})
    make_earning(mentor, days_ago=7, status="transferred", transfer={"payout": payout})
    sums = page.get(EARNINGS).context["sums"]
    assert (sums.coming, sums.clearing, sums.on_its_way, sums.in_bank) == (2_805, 2_805, 1_805, 2_805)
    assert sum(sums.by_month.values()) == 3 * 2_805


def test_nobody_elses_earnings_are_there(page: Client, mentor: Mentor) -> None:
    other = make_mentor()
    make_earning(other, student=make_student(name="Someone Elses"))
    assert "Someone Elses" not in page.get(EARNINGS).text
    make_earning(mentor, student=make_student(name="My Own"))
    assert "My Own" in page.get(EARNINGS).text


def test_a_failed_payout_is_said_until_the_next_goes_out(page: Client, mentor: Mentor) -> None:
    payout = make_payout(mentor, "failed", failure="account_closed")
    make_earning(mentor, status="transferred", transfer={"payout": payout})
    shown = page.get(EARNINGS)
    assert "Your last payout did not go through." in shown.text
    assert "The bank account is closed." in shown.text
    assert (shown.context["sums"].waiting, shown.context["sums"].on_its_way) == (2_805, 0)
    mended = make_payout(mentor, "pending")
    Transfer.objects.update(payout=mended)
    shown = page.get(EARNINGS)
    assert "Your last payout did not go through." not in shown.text
    assert (shown.context["sums"].waiting, shown.context["sums"].on_its_way) == (0, 2_805)


def test_what_is_owed_is_said(page: Client, mentor: Mentor) -> None:
    earning = make_earning(mentor)
    Debt.objects.create(
        mentor=mentor,
        booking=earning.booking,
        amount_minor=900,
        left_minor=700,
        currency="usd",
        created_at=timezone.now(),
    )
    assert "$7.00 is kept from what you earn next" in page.get(EARNINGS).text


def test_seven_queries_however_many_earnings(page: Client, mentor: Mentor) -> None:
    student = make_student()
    payout = make_payout(mentor, "paid")
    make_earning(mentor, student=student, status="transferred", transfer={"payout": payout})
    page.get(EARNINGS)
    with CaptureQueriesContext(connection) as one:
        page.get(EARNINGS)
    for number in range(40):
        make_earning(mentor, student=student, days_ago=4 + number, status="transferred", transfer={"payout": payout})
    with CaptureQueriesContext(connection) as many:
        text = page.get(EARNINGS).text
    assert len(one) == len(many)
    assert len(many) <= 7, [query["sql"][:200] for query in many.captured_queries]
    assert "1–25 of 41" in text
    assert "26–41 of 41" in page.get(EARNINGS, {"page": 2}).text
    assert page.get(EARNINGS, {"page": "-1"}).status_code == 200


def test_the_table_has_every_earning_and_no_formula(page: Client, mentor: Mentor) -> None:
    payout = make_payout(mentor, "paid")
    make_earning(
        mentor, student=make_student(name="=cmd|' /C calc'!A0"), status="transferred", transfer={"payout": payout}
    )
    make_earning(mentor, days_ago=9)
    response = page.get(reverse("payments:earnings-table"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))  # type: ignore[attr-defined]  # streams
    assert [row["status"] for row in rows] == ["transferred", "pending"]
    first = rows[0]
    assert (first["price"], first["platform_fee"], first["earned"]) == ("33.00", "4.95", "28.05")
    assert first["student"].startswith("'=")
    assert (first["payout"], first["payout_status"]) == (payout.pk, "paid")


# Setting up


def test_setting_up_leads_to_the_providers_form_and_back(
    page: Client, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    first = page.get(SET_UP)
    assert first.context["form"]["country"].initial == "DE"  # from the zone of their hours
    refused = page.post(SET_UP, {"country": ""})
    assert refused.status_code == 422
    gone = page.post(SET_UP, {"country": "DE"})
    assert gone.status_code == 302
    assert gone["Location"].startswith(f"{provider.server.url}/_sandbox/onboarding/")
    account = PayoutAccount.objects.get()
    assert (account.mentor, account.country) == (mentor, "DE")

    provider.ask(f"accounts/{account.provider_id}/onboard", {"complete": False})
    assert page.get(reverse("payments:payouts-return"))["Location"] == SET_UP
    text = page.get(SET_UP).text
    assert "A photo of your identity card or passport" in text
    assert 'name="country"' not in text
    again = page.post(SET_UP)
    assert again["Location"].startswith(f"{provider.server.url}/_sandbox/onboarding/")
    assert again["Location"] != gone["Location"]

    provider.ask(f"accounts/{account.provider_id}/onboard", {})
    assert page.get(reverse("payments:payouts-return"))["Location"] == EARNINGS
    assert "Payouts are set up. What you earn goes to your bank by itself." in page.get(EARNINGS).text


def test_a_link_that_is_used_up_is_made_anew(page: Client, mentor: Mentor, provider: Provider) -> None:
    refresh = reverse("payments:payouts-refresh")
    assert page.get(refresh)["Location"] == SET_UP  # nothing is begun
    first = page.post(SET_UP, {"country": "US"})["Location"]
    second = page.get(refresh)["Location"]
    assert second.startswith(f"{provider.server.url}/_sandbox/onboarding/")
    assert second != first


def test_a_provider_that_is_down_is_said_and_nothing_is_lost(page: Client, provider: Provider) -> None:
    provider.fail("/v1/account", status=503, times=4)
    response = page.post(SET_UP, {"country": "FR"})
    assert response.status_code == 503
    assert '<option value="FR" selected>' in response.text
    assert "Our payment provider does not answer right now. Try again in a moment." in response.text
    assert "charged" not in response.text
    provider.ask("faults", {"api": None})
    assert page.post(SET_UP, {"country": "FR"}).status_code == 302


def test_a_country_that_the_provider_refuses_is_said_beside_it(page: Client, provider: Provider) -> None:
    provider.fail("/v1/accounts", status=400)
    response = page.post(SET_UP, {"country": "TH"})
    assert response.status_code == 422
    assert "can’t pay out there" in response.text
    assert page.post(SET_UP, {"country": "FR"}).status_code == 302


def test_before_the_approval_there_is_nothing_to_set_up(client: Client, provider: Provider) -> None:
    pending = make_mentor(status=Mentor.Status.SUBMITTED)
    client.force_login(pending.user)
    assert "This comes after your approval." in client.get(SET_UP).text
    assert client.post(SET_UP, {"country": "FR"}).status_code == 409
    Mentor.objects.filter(pk=pending.pk).update(approved_at=timezone.now(), status=Mentor.Status.APPROVED)
    assert client.post(SET_UP, {"country": "FR"}).status_code == 302


def test_browsers_may_follow_the_form_to_the_provider(page: Client, provider: Provider) -> None:
    policy = page.get(SET_UP)["Content-Security-Policy"]
    assert f"form-action 'self' {provider.server.url}" in policy
    assert page.get(SET_UP)["Cache-Control"] == "no-store"


def test_the_dashboard_opens_once_there_is_one(
    page: Client, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    dashboard = reverse("payments:payouts-dashboard")
    assert page.post(dashboard)["Location"] == SET_UP
    open_account(mentor, provider, gateway)
    assert page.post(dashboard)["Location"].startswith(provider.server.url)
    assert page.get(dashboard).status_code == 405


# The floor below


def test_the_overview_and_the_task_list_tell_how_far_it_is(
    page: Client, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    assert "Payouts are not set up." in page.get(reverse("mentors:overview")).text
    assert "Not set up yet" in page.get(reverse("mentors:start")).text
    open_account(mentor, provider, gateway)
    assert "Payouts are not set up." not in page.get(reverse("mentors:overview")).text
    assert "Not set up yet" not in page.get(reverse("mentors:start")).text


def test_a_session_can_be_booked_long_before_payouts_are_set_up(
    page: Client, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    payment = pay_session(provider, gateway, mentor=mentor)
    assert payment.status == "succeeded"
    earning = settle(payment)
    clear(earning)
    release(earning)
    assert earning.status == "blocked"
    assert "$28.05 is waiting for you" in page.get(EARNINGS).text
