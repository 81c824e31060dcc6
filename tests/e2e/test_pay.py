"""Paying in a browser: the provider's element in its own frame, the bank's step, a decline, the wait for the server's word.

The provider sends its webhooks to the site under test by itself; the jobs are run here, as the worker would.
"""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import FrameLocator, Locator, Page, expect

from accounts.models import User
from bookings.models import Booking
from marketplace.sandbox.payments import PaymentSandbox
from mentors.models import Mentor
from payments.models import WebhookEvent
from tests.e2e.late import Late
from tests.e2e.signin import sign_in_browser
from tests.factories import make_booking
from tests.jobs import run_jobs
from tests.payments.provider import Provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOOD, DECLINED, ASKS_THE_BANK = "4242424242424242", "4000000000000002", "4000002760003184"


@pytest.fixture
def provider(payment_server: PaymentSandbox) -> Iterator[Provider]:
    provider = Provider(payment_server)
    provider.ask("reset", {})
    yield provider
    provider.ask("reset", {})


@pytest.fixture
def hold(mentor: Mentor, student: User) -> Booking:
    return make_booking(mentor=mentor, student=student, status=Booking.Status.HELD)


@pytest.fixture
def faults(page: Page) -> Iterator[list[str]]:
    """Nothing may be said in the console: no error of ours, no breach of the content-security policy."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    # A declined card is a 402 between the provider's own frame and the provider: browsers report it, we can't.
    assert [line for line in said if "402" not in line] == []


@pytest.fixture
def paying(page: Page, site: str, student: User, hold: Booking, provider: Provider, faults: list[str]) -> Page:
    """The pay page, with the provider's element ready."""
    sign_in_browser(page.context, site, student)
    page.goto(f"{site}/bookings/{hold.pk}/pay/")
    expect(card(page).get_by_label("Card number")).to_be_visible(timeout=15_000)
    return page


def card(page: Page) -> FrameLocator:
    return page.frame_locator("[data-pay-element] iframe")


def fill_in(page: Page, number: str) -> None:
    frame = card(page)
    frame.get_by_label("Card number").fill(number)
    frame.get_by_label("Expiration date").fill("12 / 40")
    frame.get_by_label("Security code").fill("123")


def pay_button(page: Page) -> Locator:
    """The one that can be seen: the dock repeats it on phones."""
    return page.get_by_test_id("pay").filter(visible=True)


def settle(hold: Booking, *, until: str) -> None:
    """Run the jobs that the webhooks bring until the booking is there."""
    deadline = time.monotonic() + 20
    while hold.status != until:
        assert time.monotonic() < deadline, f"the booking is {hold.status}"
        run_jobs()
        hold.refresh_from_db()
        time.sleep(0.1)


def wait_for_the_word() -> None:
    """Until the webhook is in; no job has worked on it."""
    told = WebhookEvent.objects.filter(type="payment_intent.succeeded", processed_at=None)
    deadline = time.monotonic() + 20
    while not told.exists():
        assert time.monotonic() < deadline, "no webhook came"
        time.sleep(0.1)


def test_a_card_pays_and_the_session_is_confirmed_by_the_webhook_alone(
    paying: Page, site: str, hold: Booking, provider: Provider
) -> None:
    paying.get_by_label(re.compile("A line or two")).fill("Question 3, please")
    fill_in(paying, GOOD)
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    expect(paying.get_by_role("heading", level=1)).to_have_text("Payment received, confirming…")
    hold.refresh_from_db()
    assert (hold.status, hold.note) == ("held", "Question 3, please")
    settle(hold, until="confirmed")
    expect(paying).to_have_url(f"{site}/bookings/{hold.pk}/", timeout=10_000)


def test_the_sessions_page_waits_and_turns_by_itself(paying: Page, site: str, hold: Booking) -> None:
    """By asking: no stream is held under this server."""
    fill_in(paying, GOOD)
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    wait_for_the_word()
    paying.goto(f"{site}/bookings/{hold.pk}/")
    expect(paying.get_by_role("status").filter(has_text="Payment received, confirming…")).to_be_visible()
    hold.refresh_from_db()
    assert hold.status == "held"
    settle(hold, until="confirmed")
    expect(paying.get_by_role("heading", name="Meet here")).to_be_visible()
    expect(paying.get_by_text("Payment received, confirming…")).to_have_count(0)


def test_a_declined_card_is_said_and_another_one_pays(paying: Page, hold: Booking) -> None:
    fill_in(paying, DECLINED)
    pay_button(paying).click()
    summary = paying.locator("#pay-error")
    expect(summary).to_be_visible()
    expect(summary).to_contain_text("Your card was declined.")
    expect(summary).to_be_focused()
    expect(pay_button(paying)).to_be_enabled()
    fill_in(paying, GOOD)
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    settle(hold, until="confirmed")


def test_the_banks_step_opens_in_a_dialog(paying: Page, hold: Booking) -> None:
    fill_in(paying, ASKS_THE_BANK)
    pay_button(paying).click()
    bank = paying.frame_locator("iframe[src*='/v3/authenticate/'], dialog iframe").last
    bank.get_by_test_id("authenticate-succeed").click(timeout=15_000)
    expect(paying).to_have_url(re.compile("/pay/return/"), timeout=15_000)
    settle(hold, until="confirmed")


def test_with_every_webhook_lost_waiting_is_enough(paying: Page, site: str, hold: Booking, provider: Provider) -> None:
    provider.webhooks(drop=True)
    fill_in(paying, GOOD)
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    settle(hold, until="confirmed")  # the page itself asks after ten seconds
    expect(paying).to_have_url(f"{site}/bookings/{hold.pk}/", timeout=10_000)


def test_the_cards_fields_follow_the_colours_of_the_page(paying: Page) -> None:
    number = card(paying).get_by_label("Card number")
    for scheme in ("dark", "light"):
        paying.emulate_media(color_scheme=scheme)
        expect(number).to_have_css(
            "background-color", {"dark": "rgb(22, 30, 27)", "light": "rgb(255, 255, 255)"}[scheme]
        )
    paying.get_by_label("Colours").select_option("dark")
    expect(number).to_have_css("color", "rgb(237, 243, 239)")


def test_while_the_provider_is_down_the_page_says_so_and_can_be_tried_again(
    paying: Page, provider: Provider, faults: list[str]
) -> None:
    provider.fail("/v1/", status=503, times=1000)
    paying.reload()
    again = paying.get_by_role("button", name="Try again").filter(visible=True)
    expect(again).to_be_visible()
    with paying.expect_response(re.compile("/create-intent")):  # by the page that the server answers with
        again.click()
    expect(paying.get_by_text("The payment service does not answer right now. Nothing was charged.")).to_have_count(1)
    expect(card(paying).get_by_label("Card number")).to_have_count(0)
    provider.ask("faults", {"api": None})
    again.click()
    expect(card(paying).get_by_label("Card number")).to_be_visible(timeout=15_000)
    fill_in(paying, GOOD)
    provider.fail("/v1/payment_intents", status=429, times=2)  # the confirmation, and the question after it
    pay_button(paying).click()
    expect(paying.locator("#pay-error")).to_contain_text("Try again in a moment; you can’t be charged twice.")
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    faults[:] = [line for line in faults if "status of 503" not in line and "status of 429" not in line]


def test_an_answer_lost_after_the_money_moved_leads_on(
    paying: Page, hold: Booking, provider: Provider, faults: list[str]
) -> None:
    fill_in(paying, GOOD)
    provider.fail("/v1/payment_intents/*/confirm", status=500, after_commit=True)
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    settle(hold, until="confirmed")
    faults[:] = [line for line in faults if "status of 500" not in line]


def test_a_hold_that_runs_out_on_the_page_offers_the_time_again(paying: Page, hold: Booking) -> None:
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() + timedelta(seconds=3))
    paying.reload()
    paying.get_by_label(re.compile("A line or two")).fill("Kept through it all")
    again = paying.get_by_role("button", name=re.compile(r"Hold \d\d:\d\d again"))
    expect(again).to_be_visible(timeout=10_000)
    again.click()
    expect(paying.get_by_label(re.compile("A line or two"))).to_have_value("Kept through it all")


def clock(page: Page) -> Locator:
    return page.locator("[data-countdown-clock]")


def note(page: Page) -> Locator:
    return page.get_by_label(re.compile("A line or two"))


def test_the_providers_script_may_come_late(page: Page, site: str, student: User, hold: Booking, paying: Page) -> None:
    script = Late(paying, "**/v3/stripe.js")
    with paying.expect_response(re.compile("/create-intent")):
        paying.reload(wait_until="commit")
        script.wait()
    script.comes()
    expect(card(paying).get_by_label("Card number")).to_be_visible(timeout=15_000)
    expect(paying.locator("#pay-error")).to_be_hidden()


def test_the_page_that_one_comes_back_to_is_of_now(paying: Page, site: str, hold: Booking) -> None:
    """Browsers show the page as it was, out of their cache or their memory."""
    note(paying).fill("Kept on the way back")
    paying.goto(f"{site}/help/")
    soon = timezone.now() + timedelta(seconds=100)
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=soon)
    paying.go_back()
    expect(clock(paying)).to_have_text(re.compile("^[01]:"))
    expect(note(paying)).to_have_value("Kept on the way back")
    expect(card(paying).get_by_label("Card number")).to_be_visible(timeout=15_000)

    pay_button(paying).evaluate("button => { button.disabled = true; button.textContent = 'Paying…'; }")
    paying.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(pay_button(paying)).to_be_enabled()
    expect(pay_button(paying)).to_have_text(re.compile("^Pay "))


def test_a_time_that_runs_out_without_a_network_takes_nothing_away(
    paying: Page, hold: Booking, faults: list[str]
) -> None:
    paying.clock.install()
    paying.reload()
    expect(card(paying).get_by_label("Card number")).to_be_visible(timeout=15_000)
    note(paying).fill("Typed in a tunnel")
    paying.context.set_offline(True)
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() - timedelta(seconds=1))
    paying.clock.fast_forward("15:00")
    expect(clock(paying)).to_have_text("0:00")
    paying.wait_for_timeout(500)  # nothing comes of it
    expect(note(paying)).to_have_value("Typed in a tunnel")
    paying.context.set_offline(False)
    expect(paying.get_by_role("heading", name="Your hold has run out")).to_be_visible()
    hold.refresh_from_db()
    assert hold.note == "Typed in a tunnel"
    faults[:] = [line for line in faults if "ERR_INTERNET_DISCONNECTED" not in line]


def test_a_hold_that_ends_during_a_payment_is_said_once_the_payment_failed(paying: Page, hold: Booking) -> None:
    paying.route("**/events/*", lambda route: route.fulfill(status=204))  # it is told once, not again and again
    paying.reload()
    answers = Late(paying, "**/v1/payment_intents/*/confirm")
    fill_in(paying, DECLINED)
    pay_button(paying).click()
    answers.wait()
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() - timedelta(seconds=1))
    with paying.expect_response(re.compile(r"/api/bookings/")):
        paying.evaluate(
            "booking => document.dispatchEvent(new CustomEvent('live', {detail: {kind: 'booking', data: {booking}}}))",
            str(hold.pk),
        )
    expect(paying.get_by_role("heading", name="Confirm and pay")).to_be_visible()
    answers.comes()
    expect(paying.get_by_role("heading", name="Your hold has run out")).to_be_visible()


def test_who_was_signed_out_pays_nothing_and_goes_on_when_they_are_back(
    paying: Page, site: str, student: User, hold: Booking, provider: Provider, faults: list[str]
) -> None:
    note(paying).fill("Still here")
    fill_in(paying, GOOD)
    paying.context.clear_cookies(name="sessionid")
    pay_button(paying).click()
    expect(paying.locator("#pay-error")).to_contain_text("You are signed out. Nothing was charged.")
    hold.refresh_from_db()
    assert hold.note == ""
    # In another tab, as the sign-in does it: with a new token, which makes this page's worthless.
    paying.context.clear_cookies(name="csrftoken")
    sign_in_browser(paying.context, site, student)
    other = paying.context.new_page()
    other.goto(f"{site}/help/report/")
    other.close()
    pay_button(paying).click()
    expect(paying).to_have_url(re.compile("/pay/return/"))
    settle(hold, until="confirmed")
    hold.refresh_from_db()
    assert hold.note == "Still here"
    faults[:] = [line for line in faults if "status of 401" not in line and "status of 403" not in line]
