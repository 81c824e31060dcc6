"""The review desk by keys alone: two to approve, three to ask again; and only where single keys are wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from marketplace.sandbox.storage import Storage
from mentors.models import Mentor, VerificationDocument
from tests.accounts.soft_key import add_passkey
from tests.e2e.signin import sign_in_browser
from tests.factories import PASSWORD, make_staff
from tests.mentors.review_cast import document_of, make_application
from tests.signin import sign_in
from tests.uploads.files import png
from uploads.gateways.storage import private_files
from uploads.models import UploadPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = "/admin/mentors/review/"


@pytest.fixture
def application() -> Mentor:
    """Submitted, with a government ID and a certificate waiting."""
    return make_application(certificate=True)


@pytest.fixture
def faults(page: Page, storage_server: Storage) -> Iterator[list[str]]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert [line for line in said if "422" not in line] == []  # a wrong password


@pytest.fixture
def desk(page: Page, site: str, application: Mentor, reviewer: User, faults: list[str]) -> Page:
    """A reviewer, just signed in, in front of the government ID."""
    sign_in_browser(page.context, site, reviewer)
    page.goto(site + path_of(document_of(application)))
    return page


def path_of(document: VerificationDocument) -> str:
    return f"{DESK}{document.pk}/"


def wait_for(page: Page, path: str) -> None:
    page.wait_for_url(lambda url: urlsplit(url).path == path)


def press(page: Page, *keys: str) -> None:
    expect(page.locator(":focus")).to_have_count(1)  # the panel's, once the page has its script
    for key in keys:
        page.keyboard.press(key)


def test_two_keys_approve_and_the_next_opens(desk: Page, application: Mentor) -> None:
    identity, certificate = document_of(application), document_of(application, "certificate")

    press(desk, "a", "Enter")

    wait_for(desk, path_of(certificate))
    identity.refresh_from_db()
    assert identity.status == "approved"
    expect(desk.get_by_role("status").filter(has_text="document approved")).to_be_visible()
    desk.get_by_role("button", name="Undo").press("Enter")
    wait_for(desk, path_of(identity))
    identity.refresh_from_db()
    assert identity.status == "waiting"


def test_the_seconds_to_undo_are_counted_for_the_eyes_and_then_the_offer_is_gone(
    desk: Page, application: Mentor
) -> None:
    press(desk, "a", "Enter")
    wait_for(desk, path_of(document_of(application, "certificate")))
    left = desk.locator("[data-review-left]")
    expect(left).to_have_text(re.compile("^for [1-9] more seconds?$"))
    expect(left).to_have_attribute("aria-hidden", "true")
    said = desk.get_by_role("status").filter(has_text="document approved")
    expect(said).to_contain_text("for 10 more seconds")  # once, as the page came
    desk.get_by_role("button", name="Undo").focus()
    expect(desk.get_by_role("button", name="Undo")).to_have_count(0)
    expect(left).to_be_hidden()
    expect(said).to_be_visible()
    expect(desk.get_by_role("complementary", name="Review")).to_be_focused()  # where the keys work


def test_three_keys_ask_again_with_the_mail_before_the_eyes(desk: Page, application: Mentor) -> None:
    identity, certificate = document_of(application), document_of(application, "certificate")
    press(desk, "r")
    expect(desk.get_by_role("button", name="Read the e-mail")).to_be_visible()
    press(desk, "1")
    mail = desk.get_by_test_id("mail-text")
    expect(mail).to_contain_text("all four corners")  # a person reads it before the third key
    expect(desk.get_by_role("button", name="Send and open the next one")).to_be_visible()

    press(desk, "Enter")

    wait_for(desk, path_of(certificate))
    identity.refresh_from_db()
    assert (identity.status, identity.reason) == ("refused", "unreadable")


def test_words_that_changed_are_read_anew(desk: Page, application: Mentor) -> None:
    press(desk, "r", "1")
    mail = desk.get_by_test_id("mail-text")
    expect(mail).to_be_visible()
    note = desk.get_by_label("will also read")
    note.press_sequentially("narrow xylophones")  # whose letters are keys of the desk elsewhere
    expect(mail).to_contain_text("narrow xylophones")
    note.press("Control+a")
    note.press("Backspace")
    expect(mail).not_to_contain_text("xylophones")
    press(desk, "Shift+Tab")
    expect(desk.locator("[name=code][value=unreadable]")).to_be_focused()
    press(desk, "2")
    expect(mail).not_to_contain_text("all four corners")


def test_refusing_has_a_page_of_its_own(desk: Page, application: Mentor) -> None:
    press(desk, "x", "5", "Enter")
    expect(desk.get_by_role("heading", name="Refuse the whole application?")).to_be_visible()
    application.refresh_from_db()
    assert application.status == "submitted"
    press(desk, "Enter")
    wait_for(desk, DESK)
    application.refresh_from_db()
    assert application.status == "rejected"


# A sign-in that is too old


@pytest.fixture
def late_reviewer() -> User:
    return make_staff("reviewer", password=PASSWORD)


@pytest.fixture
def late_desk(page: Page, site: str, application: Mentor, late_reviewer: User, faults: list[str]) -> Page:
    """A reviewer whose sign-in is eleven minutes old, in front of the government ID."""
    sign_in_browser(page.context, site, late_reviewer, ago=timedelta(minutes=11))
    page.goto(site + path_of(document_of(application)))
    return page


def test_a_decision_waits_in_a_dialog_until_its_sign_in_is_fresh(late_desk: Page, application: Mentor) -> None:
    identity, certificate = document_of(application), document_of(application, "certificate")
    late_desk.get_by_label("Valid until").fill("2999-01-31")
    press(late_desk, "Shift+Tab")
    late_desk.get_by_role("radio", name="Approve").focus()
    press(late_desk, "a", "Enter")
    dialog = late_desk.get_by_role("dialog", name="Confirm it is you")
    password = dialog.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    password.fill("not this one")
    password.press("Enter")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()
    identity.refresh_from_db()
    assert identity.status == "waiting"

    password.fill(PASSWORD)
    password.press("Enter")

    wait_for(late_desk, path_of(certificate))
    identity.refresh_from_db()
    assert (identity.status, str(identity.expires_on)) == ("approved", "2999-01-31")
    press(late_desk, "a", "Enter")  # and for the next one it is fresh
    wait_for(late_desk, f"{DESK}applications/{application.handle}/")


@pytest.mark.parametrize("way", ["Cancel", "Escape"])
def test_whoever_would_rather_not_finds_everything_as_it_was(
    late_desk: Page, application: Mentor, late_reviewer: User, way: str
) -> None:
    identity = document_of(application)
    press(late_desk, "r", "1")
    late_desk.get_by_label("will also read").fill("The lower edge is missing.")
    expect(late_desk.get_by_test_id("mail-text")).to_contain_text("The lower edge is missing.")
    send = late_desk.get_by_role("button", name="Send and open the next one")
    send.press("Enter")
    dialog = late_desk.get_by_role("dialog", name="Confirm it is you")
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    if way == "Cancel":
        dialog.get_by_role("button", name="Cancel").press("Enter")
    else:
        late_desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(send).to_be_focused()
    expect(late_desk.get_by_label("will also read")).to_have_value("The lower edge is missing.")
    expect(late_desk.get_by_test_id("mail-text")).to_contain_text("The lower edge is missing.")
    identity.refresh_from_db()
    assert identity.status == "waiting"

    send.press("Enter")
    dialog.get_by_role("link", name="Use authenticator app or code").press("Enter")
    code = dialog.get_by_label("Code", exact=True)
    expect(code).to_be_focused()
    code.fill(RecoveryCodes.activate(late_reviewer).get_unused_codes()[0])
    code.press("Enter")
    wait_for(late_desk, path_of(document_of(application, "certificate")))
    identity.refresh_from_db()
    assert (identity.status, identity.note) == ("refused", "The lower edge is missing.")


def test_a_passkey_has_a_page_of_its_own_and_the_decision_goes_with_it(
    late_desk: Page, site: str, application: Mentor, late_reviewer: User
) -> None:
    add_passkey(sign_in(Client(), late_reviewer))
    late_desk.get_by_label("Valid until").fill("2999-01-31")
    late_desk.get_by_role("button", name="Approve and open the next one").press("Enter")
    dialog = late_desk.get_by_role("dialog", name="Confirm it is you")
    dialog.get_by_role("link", name="Use a security key").press("Enter")
    expect(late_desk.get_by_role("heading", level=1, name="Confirm it is you")).to_be_visible()
    late_desk.get_by_role("link", name="Use a security key").click()
    expect(late_desk.get_by_role("button", name="Use a passkey")).to_be_enabled()
    late_desk.go_back()
    late_desk.get_by_label("Password", exact=True).fill(PASSWORD)
    late_desk.get_by_test_id("confirm-it-is-you").press("Enter")
    wait_for(late_desk, path_of(document_of(application, "certificate")))
    identity = document_of(application)
    assert (identity.status, str(identity.expires_on)) == ("approved", "2999-01-31")


def test_a_complete_application_is_approved_at_once_and_undone_at_once(
    desk: Page, site: str, application: Mentor
) -> None:
    page = f"{DESK}applications/{application.handle}/"
    everything = desk.get_by_test_id("approve-all")
    desk.goto(site + page)
    expect(desk.get_by_role("heading", name="Documents")).to_be_visible()
    expect(everything).to_have_count(0)  # the certificate was not looked at yet
    desk.goto(site + path_of(document_of(application, "certificate")))
    desk.goto(site + page)
    expect(desk.get_by_text("You have had each of these open")).to_be_visible()
    desk.get_by_label("Certificate for Linear algebra").fill("2999-01-31")

    everything.press("Enter")

    wait_for(desk, DESK)
    application.refresh_from_db()
    assert application.status == "approved"
    decided = application.documents.order_by("kind").values_list("kind", "status", "expires_on")
    assert list(decided) == [("certificate", "approved", date(2999, 1, 31)), ("government_id", "approved", None)]
    desk.get_by_role("button", name="Undo").press("Enter")
    wait_for(desk, page)
    application.refresh_from_db()
    assert application.status == "submitted"
    assert set(application.documents.values_list("status", flat=True)) == {"waiting"}


def test_neighbours_zoom_and_help(desk: Page, site: str, application: Mentor) -> None:
    identity, certificate = document_of(application), document_of(application, "certificate")
    private_files.write("private/desk", png(), content_type="image/png")
    UploadPage.objects.create(
        upload=identity.upload, number=1, private_key="private/desk", content_type="image/png", width=60, height=40
    )
    desk.reload()
    picture = desk.get_by_alt_text("Page 1 of 1")
    expect(picture).to_have_js_property("naturalWidth", 60)
    narrow = picture.bounding_box()
    press(desk, "z")
    expect(desk.locator("[data-review-scale]")).to_have_text("150 %")
    wide = picture.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] == pytest.approx(1.5 * narrow["width"], abs=2)
    press(desk, "?")
    expect(desk.get_by_role("dialog", name="Keys")).to_be_visible()
    press(desk, "Enter")
    press(desk, "n")
    wait_for(desk, path_of(certificate))
    press(desk, "p")
    wait_for(desk, path_of(identity))


def test_keys_work_in_the_panel_alone_and_can_be_switched_off_for_good(desk: Page, application: Mentor) -> None:
    asked = desk.locator("[name=decision][value=ask]")
    expect(desk.locator("[data-review-side]")).to_be_focused()  # the script has come
    desk.get_by_role("region", name="Pages").focus()
    press(desk, "r")
    expect(asked).not_to_be_checked()
    switch = desk.get_by_role("button", name="Turn keys off")
    switch.press("Enter")
    press(desk, "r")  # in the panel
    expect(asked).not_to_be_checked()
    desk.reload()
    on = desk.get_by_role("button", name="Turn keys on")
    on.focus()
    press(desk, "r")
    expect(asked).not_to_be_checked()
    on.press("Enter")
    press(desk, "r")
    expect(asked).to_be_checked()


def test_keys_work_where_nothing_can_be_stored(desk: Page, application: Mentor) -> None:
    desk.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('switched off', 'SecurityError'); }})"
    )
    desk.reload()
    press(desk, "r")
    expect(desk.locator("[name=decision][value=ask]")).to_be_checked()
    desk.locator("[data-review-switch]").click()
    desk.locator("[data-review-side]").focus()
    press(desk, "a")
    expect(desk.locator("[name=decision][value=ask]")).to_be_checked()
