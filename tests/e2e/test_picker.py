"""The slot picker of a mentor's page, fed by the server: length, week, choice and focus, without a reload."""

from datetime import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mentors.models import Mentor
from tests.factories import make_mentor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mentor() -> Mentor:
    return make_mentor(open_from=time(9), open_until=time(13))


@pytest.fixture
def profile(page: Page, site: str, mentor: Mentor) -> Page:
    """The mentor's page, marked so that a reload would show."""
    page.goto(f"{site}/mentors/{mentor.handle}/")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.stayed = true")
    return page


def stayed(page: Page) -> Any:  # Any: what the browser answers
    return page.evaluate("window.stayed")


def test_another_length_brings_its_own_starts_and_price(profile: Page) -> None:
    errors: list[str] = []
    profile.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    before = profile.locator(".slot").count()
    profile.locator("label.segment", has_text="90 min").click()
    expect(profile.locator("input[name=minutes]:checked")).to_have_value("90")
    expect(profile.locator(".slot")).not_to_have_count(before)
    profile.locator(".slot").first.click()
    expect(profile.locator("[data-picked=price]").first).to_have_text("$66")
    assert profile.evaluate("document.activeElement.name") == "starts_at"
    assert stayed(profile)
    assert errors == []


def test_the_arrow_to_the_next_week_keeps_the_focus(profile: Page) -> None:
    title = profile.locator(".picker__title")
    first = title.text_content()
    profile.locator("#picker-next").focus()
    profile.keyboard.press("Enter")
    expect(title).not_to_have_text(first or "")
    expect(profile.locator("#picker-next")).to_be_focused()
    assert stayed(profile)


def test_page_keys_change_the_week_and_put_the_focus_on_its_heading(profile: Page) -> None:
    title = profile.locator(".picker__title")
    first = title.text_content()
    profile.locator(".slot").first.click()
    profile.keyboard.press("PageDown")
    expect(title).not_to_have_text(first or "")
    expect(title).to_be_focused()
    profile.locator(".slot").first.click()
    profile.keyboard.press("PageUp")
    expect(title).to_have_text(first or "")
    assert stayed(profile)


def test_without_a_choice_the_button_leads_to_the_times(profile: Page) -> None:
    button = profile.locator("[data-pick-label]:visible").first
    assert button.text_content() == "Pick a time"
    button.click()
    assert profile.evaluate("document.activeElement.name") == "starts_at"
    assert stayed(profile)
