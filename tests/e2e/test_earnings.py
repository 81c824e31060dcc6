"""A mentor's money in a browser: payouts set up on the provider's hosted form, and a session's way to the bank.

The provider sends its webhooks to the site under test by itself; the jobs are run here, as the worker would.
"""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from marketplace.sandbox.payments import PaymentSandbox
from mentors.models import Mentor
from payments import services
from payments.gateways import StripeGateway, payment_gateway
from payments.models import Earning, Payment, PayoutAccount
from tests.e2e.signin import sign_in_browser
from tests.jobs import run_jobs
from tests.payments.mentors_money import clear, pay_session, settle
from tests.payments.provider import Provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_jobs_of_earlier_tests(transactional_db: None) -> None:
    """The queue's tables are not Django's to empty."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def provider(payment_server: PaymentSandbox) -> Iterator[Provider]:
    provider = Provider(payment_server)
    provider.ask("reset", {})
    yield provider
    provider.ask("reset", {})


@pytest.fixture
def gateway(provider: Provider) -> StripeGateway:
    return payment_gateway()


@pytest.fixture
def faults(page: Page) -> Iterator[list[str]]:
    """Nothing may be said in the console: no error of ours, no breach of the content-security policy."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert said == []


@pytest.fixture
def earnings(
    page: Page, site: str, mentor: Mentor, provider: Provider, gateway: StripeGateway, faults: list[str]
) -> Page:
    """The earnings page of a mentor with one session that took place, and no payouts yet."""
    payment: Payment = pay_session(provider, gateway, mentor=mentor)
    clear(settle(payment))
    services.release_earnings()
    sign_in_browser(page.context, site, mentor.user)
    page.goto(f"{site}/mentor/earnings/")
    return page


def until(is_so: Callable[[], bool]) -> None:
    """Run the jobs that the webhooks bring until it is so."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        run_jobs()
        time.sleep(0.1)


def set_up(page: Page, choice: str) -> None:
    """Go through the provider's form, by the keyboard as far as ours goes."""
    page.get_by_label("Country of your bank account").select_option("US")
    page.get_by_test_id("set-up-payouts").press("Enter")
    page.wait_for_url(re.compile("/_sandbox/onboarding/"))
    page.get_by_role("button", name=choice).click()


def test_payouts_are_set_up_on_the_hosted_form_and_the_money_goes_to_the_bank(
    earnings: Page, site: str, mentor: Mentor, provider: Provider
) -> None:
    page = earnings
    expect(page.get_by_text("$28.05 is waiting for you.")).to_be_visible()
    page.get_by_role("link", name="Set up payouts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up payouts")
    set_up(page, "Complete with a working bank account")
    page.wait_for_url(f"{site}/mentor/earnings/")
    expect(page.get_by_text("Payouts are set up.").first).to_be_visible()
    until(lambda: Earning.objects.get().status == "transferred")
    page.reload()
    row = page.get_by_role("listitem").filter(has_text="$28.05").first
    expect(row.get_by_text("On its way", exact=True)).to_be_visible()
    expect(row.get_by_text("with your next payout")).to_be_visible()

    provider.ask(f"accounts/{PayoutAccount.objects.get().provider_id}/payout", {})
    until(lambda: mentor.payouts.filter(status="paid").exists())
    page.reload()
    expect(row.get_by_text("In your bank", exact=True).first).to_be_visible()
    expect(page.get_by_role("table").filter(has_text="Sent on")).to_contain_text("$28.05")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert "28.05" in download.value.path().read_text()


def test_a_form_left_half_done_is_gone_on_with_from_a_list_of_what_is_missing(earnings: Page, site: str) -> None:
    page = earnings
    page.goto(f"{site}/mentor/payouts/setup/")
    set_up(page, "Leave it half done")
    page.wait_for_url(f"{site}/mentor/payouts/setup/")
    expect(page.get_by_role("heading", name="What is still missing")).to_be_visible()
    expect(page.get_by_text("A photo of your identity card or passport")).to_be_visible()
    page.get_by_test_id("set-up-payouts").click()
    page.wait_for_url(re.compile("/_sandbox/onboarding/"))
    page.go_back()
    page.go_forward()  # the link is used up: the provider sends us back for a fresh one
    page.wait_for_url(re.compile("/_sandbox/onboarding/"))
    page.get_by_role("button", name="Complete with a working bank account").click()
    page.wait_for_url(f"{site}/mentor/earnings/")


def test_a_payout_that_fails_is_said_with_the_way_to_mend_it(
    earnings: Page, site: str, mentor: Mentor, provider: Provider
) -> None:
    page = earnings
    page.goto(f"{site}/mentor/payouts/setup/")
    set_up(page, "Complete with a bank account that refuses payouts")
    page.wait_for_url(f"{site}/mentor/earnings/")
    until(lambda: Earning.objects.get().status == "transferred")
    provider.ask(f"accounts/{PayoutAccount.objects.get().provider_id}/payout", {})
    until(lambda: mentor.payouts.filter(status="failed").exists())
    page.reload()
    expect(page.get_by_text("Your last payout did not go through.")).to_be_visible()
    expect(page.get_by_text("The bank account is closed.")).to_be_visible()
    page.get_by_test_id("payouts-dashboard").click()
    page.wait_for_url(re.compile("/_sandbox/"))
