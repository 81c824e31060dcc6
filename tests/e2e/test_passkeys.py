"""Passkeys in a real browser, under the strict content-security policy, with the browser's own virtual device."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.e2e.signin import forget_sign_in
from tests.factories import PASSWORD, make_student

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def host(site: str) -> str:
    """The site by name: a browser makes no passkey for a bare address."""
    return site.replace("127.0.0.1", "localhost")


@pytest.fixture
def member(transactional_db: None) -> User:
    return make_student(password=PASSWORD, name="Ada Lovelace")


def give_device(page: Page) -> None:
    """Plug in a device that knows its owner, as a phone's or a laptop's lock does."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_signs_in(browser: Browser, host: str, member: User) -> None:
    page = browser.new_context().new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    give_device(page)
    page.goto(f"{host}/accounts/login/?next=/accounts/2fa/webauthn/add/")
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_test_id("log-in").click()
    page.get_by_label("Name of this passkey").fill("Laptop")
    page.get_by_test_id("add-passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto(f"{host}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Laptop").first).to_be_visible()
    forget_sign_in(page.context)
    page.goto(f"{host}/accounts/login/?next=/account/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")
    assert complaints == []
    page.context.close()


def test_a_refused_passkey_says_so_and_leaves_the_other_ways(browser: Browser, host: str, member: User) -> None:
    page = browser.new_context().new_page()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")  # and no device that knows this site
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
            }
        },
    )
    page.goto(f"{host}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("main").get_by_text("The passkey was not used.")).to_be_visible(timeout=90_000)
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_test_id("log-in").click()
    expect(page).to_have_url(f"{host}/")
    page.context.close()
