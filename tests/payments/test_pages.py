"""What the student sees while paying, in every state; and what the browser's return does not do."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from accounts.models import User
from bookings.models import Booking
from payments import services
from payments.gateways import StripeGateway
from payments.headers import may_pay
from payments.models import Payment, WebhookEvent
from tests.factories import make_booking, make_student
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.conftest import lapse
from tests.payments.provider import DECLINED, Provider
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def pay_url(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/pay/"


def return_url(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/pay/return/"


def waited(booking: Booking, seconds: int) -> str:
    return f"{return_url(booking)}?since={int((timezone.now() - timedelta(seconds=seconds)).timestamp())}"


@pytest.fixture
def payer(client: Client, student: User) -> Client:
    """The student whose hold it is, signed in."""
    client.force_login(student)
    return client


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def test_a_held_time_is_shown_with_clock_price_and_both_zones(payer: Client, hold: Booking) -> None:
    User.objects.filter(pk=hold.student_id).update(time_zone="Europe/Lisbon")
    page = payer.get(pay_url(hold))
    seen = text(payer, pay_url(hold))
    assert f'data-expires="{hold.hold_expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")}"' in page.text
    assert "Pay $33.00" in seen
    assert "45 minutes, online video" in seen
    assert "Lisbon" in seen
    assert "in Berlin" in seen  # the mentor's time beside the reader's
    assert "More time" in seen
    assert "Let the time go" in seen
    assert "Card entry needs JavaScript" in seen
    assert not Payment.objects.exists()  # a GET opens nothing


def test_more_time_is_offered_once(payer: Client, hold: Booking) -> None:
    assert "More time" in text(payer, pay_url(hold))
    payer.post(f"/bookings/{hold.pk}/extend/")
    assert "More time" not in text(payer, pay_url(hold))


def test_the_last_two_minutes_are_said(payer: Client, hold: Booking) -> None:
    assert "is yours for now" in text(payer, pay_url(hold))
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() + timedelta(seconds=100))
    assert "About 2 minutes left. Need longer?" in text(payer, pay_url(hold))
    payer.post(f"/bookings/{hold.pk}/extend/")
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() + timedelta(seconds=100))
    assert "Need longer?" not in payer.get(pay_url(hold)).text, "there is no more to be had"


@pytest.mark.parametrize(
    ("policy", "hours", "said"),
    [
        ("standard", 72, ["Cancel or move it for free until", "After that you get half back until"]),
        ("standard", 20, ["If you cancel you get half back until", "Within 30 minutes of booking"]),
        ("standard", 1, ["if you cancel, nothing comes back"]),
        ("strict", 72, ["Cancel or move it for free until", "After that nothing comes back"]),
        ("flexible", 10, ["If you cancel you get half back until"]),
    ],
)
def test_the_policy_is_spelled_out(payer: Client, student: User, policy: str, hours: int, said: list[str]) -> None:
    hold = make_booking(
        student=student, status="held", policy=policy, starts_at=timezone.now() + timedelta(hours=hours, minutes=5)
    )
    seen = text(payer, pay_url(hold))
    for sentence in said:
        assert sentence in seen


def test_the_pay_page_alone_may_load_the_providers_script(payer: Client, hold: Booking) -> None:
    origin = settings.STRIPE_API_BASE
    page = payer.get(pay_url(hold))
    policy = page.headers["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert origin in directives["script-src"]
    assert directives["frame-src"] == [origin]
    assert origin in directives["connect-src"]
    assert "'unsafe-inline'" not in policy
    assert f'payment=(self "{origin}")' in page.headers["Permissions-Policy"]
    other = payer.get(return_url(hold))
    assert origin not in other.headers["Content-Security-Policy"]
    assert "payment=()" in other.headers["Permissions-Policy"]


def test_with_real_keys_it_is_stripes_own_script() -> None:
    """The policy is made where the view is; built here again with the address that a real deployment has."""
    with override_settings(STRIPE_JS_URL="https://js.stripe.com/v3/"):
        response = may_pay(lambda request: HttpResponse())(HttpRequest())
    policy: dict[str, list[str]] = response._csp_config  # type: ignore[attr-defined]  # where Django's decorator puts it
    assert "https://js.stripe.com" in policy["script-src"]
    assert "https://hooks.stripe.com" in policy["frame-src"]
    assert "https://api.stripe.com" in policy["connect-src"]


def test_posting_keeps_the_note_and_opens_the_payment(payer: Client, hold: Booking, provider: Provider) -> None:
    response = payer.post(pay_url(hold), {"note": "Problem sheet 4"})
    assert (response.status_code, response.headers["Location"]) == (302, pay_url(hold))
    hold.refresh_from_db()
    assert hold.note == "Problem sheet 4"
    assert [intent.amount for intent in provider.intents()] == [3_300]
    assert "Problem sheet 4" in text(payer, pay_url(hold))


def test_the_note_alone_is_kept_without_leaving_the_page(payer: Client, hold: Booking) -> None:
    assert payer.post(pay_url(hold) + "note/", {"note": "x" * 2_001}).status_code == 422
    assert payer.post(pay_url(hold) + "note/", {"note": "x" * 2_000}).status_code == 204
    hold.refresh_from_db()
    assert hold.note == "x" * 2_000


def test_a_note_too_long_comes_back_with_all_that_was_typed(payer: Client, hold: Booking) -> None:
    response = payer.post(pay_url(hold), {"note": "y" * 2_001})
    assert response.status_code == 422
    assert "y" * 2_001 in response.text
    assert "There is a problem" in response.text
    assert not Payment.objects.exists()


def test_a_decline_is_said_above_the_form_and_the_hold_is_kept(
    payer: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    assert re.search(r'id="pay-error"[^>]* hidden', payer.get(pay_url(hold)).text)
    provider.pay(payment.provider_id, DECLINED)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    page = payer.get(pay_url(hold))
    assert "The bank declined the card" in page.text
    assert not re.search(r'id="pay-error"[^>]* hidden', page.text)


def test_an_expired_hold_whose_time_is_free_can_be_held_again(payer: Client, hold: Booking) -> None:
    payer.post(pay_url(hold) + "note/", {"note": "Eigenvectors"})
    lapse(hold)
    page = payer.get(pay_url(hold))
    assert "Your hold has run out" in page.text
    assert re.search(r"Hold \d\d:\d\d again", page.text)
    again = payer.post(
        "/bookings/",
        {"mentor": hold.mentor.handle, "minutes": 45, "starts_at": hold.starts_at.isoformat()},
    )
    assert again.status_code == 302
    assert "Eigenvectors" in payer.get(again.headers["Location"]).text  # answers kept


def test_an_expired_hold_whose_time_is_taken_offers_three_others(
    payer: Client, hold: Booking, other_student: User
) -> None:
    lapse(hold)
    Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None)
    make_booking(mentor=hold.mentor, student=other_student, starts_at=hold.starts_at)
    page = payer.get(pay_url(hold))
    assert "again</button>" not in page.text
    assert page.text.count('name="starts_at"') == settings.ALTERNATIVES


def test_a_hold_let_go_says_so(payer: Client, hold: Booking) -> None:
    payer.post(f"/bookings/{hold.pk}/let-go/")
    assert "You let this time go" in text(payer, pay_url(hold))


def test_after_too_many_declines_the_page_says_how_long_to_wait(
    payer: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CARD_DECLINE": "1/h"}
    provider.pay(payment.provider_id, DECLINED)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    seen = text(payer, pay_url(hold))
    assert "Too many cards were declined" in seen
    assert "You can pay by card again in 1 hour" in seen


def test_paying_for_a_hold_that_ran_out_is_refused_with_what_can_be_had(payer: Client, hold: Booking) -> None:
    lapse(hold)
    response = payer.post(pay_url(hold), {"note": ""})
    assert response.status_code == 409
    assert "Your hold has run out" in response.text


def test_what_is_booked_goes_on_to_its_session(payer: Client, student: User) -> None:
    booking = make_booking(student=student)
    for url in (pay_url(booking), return_url(booking)):
        response = payer.get(url)
        assert (response.status_code, response.headers["Location"]) == (302, f"/bookings/{booking.pk}/")
    assert payer.post(pay_url(booking), {"note": ""}).headers["Location"] == f"/bookings/{booking.pk}/"


def test_a_payment_that_the_bank_works_on_waits_on_the_return_page(
    payer: Client, hold: Booking, payment: Payment
) -> None:
    Payment.objects.filter(pk=payment.pk).update(status="processing")
    assert payer.get(pay_url(hold)).headers["Location"] == return_url(hold)
    assert "confirming…" in text(payer, return_url(hold))


def test_a_wait_after_the_hold_is_over_says_the_state_that_the_api_says(
    payer: Client, hold: Booking, payment: Payment
) -> None:
    """The page compares the two, and shows itself anew when they differ: for ever, were they never the same."""
    lapse(hold)
    page = payer.get(return_url(hold)).text
    assert payer.get(f"/api/bookings/{hold.pk}").json()["status"] == "expired"
    assert 'data-live-status="expired"' in page


def confirming(client: Client, booking: Booking) -> bool:
    """Whether the session's own page says that it is paid and waits; else it says what it would have said before."""
    seen = text(client, f"/bookings/{booking.pk}/")
    assert ("Not booked yet." in seen) != ("Payment received, confirming…" in seen)
    return "Payment received, confirming…" in seen


def test_the_sessions_page_says_that_the_bank_works_on_it(payer: Client, hold: Booking, payment: Payment) -> None:
    assert not confirming(payer, hold), "an open payment is not a paid one"
    Payment.objects.filter(pk=payment.pk).update(status="processing")
    assert confirming(payer, hold)
    mentor = Client()
    mentor.force_login(hold.mentor.user)
    assert "Go on and pay" not in text(payer, f"/bookings/{hold.pk}/")
    assert "Being paid for." in text(mentor, f"/bookings/{hold.pk}/"), "it is the student's payment"


def test_the_sessions_page_says_that_the_word_has_come_and_turns_when_it_is_worked_on(
    payer: Client, hold: Booking, payment: Payment, provider: Provider
) -> None:
    provider.pay(payment.provider_id)
    told = WebhookEvent.objects.create(
        id="evt_1", type="payment_intent.payment_failed", object_id=payment.provider_id, received_at=timezone.now()
    )
    assert not confirming(payer, hold)
    WebhookEvent.objects.filter(pk=told.pk).update(type="payment_intent.succeeded")
    assert confirming(payer, hold)
    hold.refresh_from_db()
    assert hold.status == "held", "a page that says so confirms nothing"
    WebhookEvent.objects.filter(pk=told.pk).update(processed_at=timezone.now())
    assert not confirming(payer, hold)


def test_the_sessions_page_says_that_its_student_waited_until_another_word_comes(
    payer: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    payer.post(waited(hold, 12))
    assert confirming(payer, hold)
    assert f'href="{pay_url(hold)}"' in payer.get(f"/bookings/{hold.pk}/").text
    provider.pay(payment.provider_id, DECLINED)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    assert not confirming(payer, hold)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    assert "Meet here" in text(payer, f"/bookings/{hold.pk}/")


def test_money_that_may_be_late_is_said_on_the_sessions_page_without_a_promise(
    payer: Client, hold: Booking, payment: Payment
) -> None:
    lapse(hold)
    assert "The hold ran out." in text(payer, f"/bookings/{hold.pk}/")
    Payment.objects.filter(pk=payment.pk).update(status="processing")
    seen = text(payer, f"/bookings/{hold.pk}/")
    assert "The hold ran out meanwhile. If the time is still free it is yours, else all of it goes back" in seen
    assert "Go on and pay" not in seen


@pytest.mark.parametrize("claim", ["succeeded", "failed", "nonsense"])
def test_the_browsers_return_changes_nothing(payer: Client, hold: Booking, payment: Payment, claim: str) -> None:
    for _ in range(3):
        seen = text(payer, f"{return_url(hold)}?payment_intent={payment.provider_id}&redirect_status={claim}")
        assert "confirming…" in seen
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status, payment.read_requested_at) == ("held", "pending", None)
    assert not waiting_jobs("payments.settle_payment")


def test_the_wait_polls_then_asks_then_lets_the_reader_go(payer: Client, hold: Booking, payment: Payment) -> None:
    fresh = payer.get(waited(hold, 2), headers=HTMX).text
    assert 'hx-get="' in fresh
    assert 'hx-trigger="every 2s"' in fresh
    assert "<html" not in fresh  # the partial alone
    longer = payer.get(waited(hold, 12), headers=HTMX).text
    assert 'hx-post="' in longer
    late = payer.get(waited(hold, 61), headers=HTMX).text
    assert "We will e-mail you; you can close this page." in late


def test_a_wait_of_ten_seconds_has_the_payment_read_and_moves_on(
    payer: Client, hold: Booking, payment: Payment, provider: Provider
) -> None:
    provider.pay(payment.provider_id)
    for _ in range(3):
        assert payer.post(waited(hold, 12), headers=HTMX).status_code == 200
    assert run_jobs("payments.settle_payment") == ["payments.settle_payment"]  # once in ten seconds
    moved = payer.get(waited(hold, 14), headers=HTMX)
    assert moved.headers["HX-Redirect"] == f"/bookings/{hold.pk}/"
    assert payer.get(return_url(hold)).headers["Location"] == f"/bookings/{hold.pk}/"


def test_without_script_a_button_asks(payer: Client, hold: Booking, payment: Payment) -> None:
    page = waited(hold, 5)
    response = payer.post(page)
    assert (response.status_code, response.headers["Location"]) == (302, page)
    assert len(waiting_jobs("payments.settle_payment")) == 1


@pytest.mark.parametrize("since", ["", "x", "-1", "9" * 30, "99999999999"])
def test_the_begin_of_the_wait_may_be_anything(payer: Client, hold: Booking, payment: Payment, since: str) -> None:
    assert payer.get(return_url(hold), {"since": since}).status_code == 200


def test_a_decline_during_the_wait_is_said(
    payer: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id, DECLINED)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    assert "The bank declined the card" in text(payer, waited(hold, 5))
    assert "The bank declined the card" in text(payer, f"{return_url(hold)}?redirect_status=failed")
    assert "confirming…" in text(payer, return_url(hold))  # that decline was of an earlier try


def test_money_that_came_too_late_is_said_with_three_other_times(
    payer: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id)
    lapse(hold)
    Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None)
    make_booking(mentor=hold.mentor, student=make_student(), starts_at=hold.starts_at)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    page = payer.get(return_url(hold))
    assert "We are sorry: that time was taken" in page.text
    assert "$33.00" in page.text
    assert page.text.count('name="starts_at"') == settings.ALTERNATIVES
    assert payer.get(pay_url(hold)).headers["Location"] == return_url(hold)


def test_after_a_wrong_amount_the_hold_is_still_there_to_pay(
    payer: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.change(payment.provider_id, amount=100)
    provider.pay(payment.provider_id)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    seen = text(payer, return_url(hold))
    assert "$1.00" in seen
    assert "Go on and pay" in seen
    assert payer.get(pay_url(hold)).status_code == 200


def test_others_see_nothing_of_it(
    client: Client, hold: Booking, student: User, other_student: User, support: User
) -> None:
    urls: list[tuple[str, Callable[[str], object]]] = [
        (pay_url(hold), client.get),
        (pay_url(hold), client.post),
        (pay_url(hold) + "note/", client.post),
        (return_url(hold), client.get),
        (return_url(hold), client.post),
    ]
    for person, status in ((None, 302), (other_student, 404), (hold.mentor.user, 403), (support, 403)):
        if person is not None:
            sign_in(client, person)
        for url, ask in urls:
            assert ask(url).status_code == status, (person, url)  # type: ignore[attr-defined]
    client.force_login(student)
    assert client.get(pay_url(hold)).status_code == 200


def test_the_pages_cost_few_queries(
    payer: Client, hold: Booking, payment: Payment, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        payer.get(pay_url(hold))
    with django_assert_max_num_queries(5):
        payer.get(waited(hold, 5), headers=HTMX)


def test_staff_look_at_payments_and_change_nothing(
    client: Client, hold: Booking, payment: Payment, finance: User, reviewer: User
) -> None:
    sign_in(client, finance)
    for model, pk in (("payment", payment.pk), ("refund", None), ("webhookevent", None)):
        assert client.get(f"/admin/payments/{model}/").status_code == 200
        assert client.get(f"/admin/payments/{model}/add/").status_code == 403
        if pk:
            page = client.get(f"/admin/payments/{model}/{pk}/change/")
            assert page.status_code == 200
            assert 'name="_save"' not in page.text
            assert client.post(f"/admin/payments/{model}/{pk}/change/", {"status": "succeeded"}).status_code == 403
            assert client.post(f"/admin/payments/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403
    sign_in(client, reviewer)
    assert client.get("/admin/payments/payment/").status_code == 403
