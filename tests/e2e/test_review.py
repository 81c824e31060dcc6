"""The review desk by keys alone: two to approve, three to ask again; and only where single keys are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from marketplace.sandbox.storage import Storage
from mentors.models import Mentor, VerificationDocument
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
    assert said == []


@pytest.fixture
def desk(page: Page, site: str, application: Mentor, reviewer: User, faults: list[str]) -> Page:
    """A reviewer, just signed in, in front of the government ID."""
    client = sign_in(Client(), reviewer)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
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
    undo = desk.get_by_role("status").filter(has_text="document approved")
    expect(undo).to_be_visible()
    undo.get_by_role("button", name="Undo").press("Enter")
    wait_for(desk, path_of(identity))
    identity.refresh_from_db()
    assert identity.status == "waiting"


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
