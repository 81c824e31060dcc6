"""Trouble between a page and the site: no answer, the wrong one, one that comes late, a script that is not there yet."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.late import Late
from tests.e2e.people import Door, Person

pytestmark = pytest.mark.browser

BUSY = "<!doctype html><title>Busy</title><main><h1>We are busy</h1></main>"


def busy(route: Route) -> None:
    route.fulfill(status=503, content_type="text/html", body=BUSY)


def gone(route: Route) -> None:
    route.abort()


def sign_out_elsewhere(person: Person) -> None:
    """The sign-in ends, and this page is not told."""
    person.page.context.clear_cookies(name="sessionid")


def has_come(person: Person, script: str) -> None:
    """Wait until a behaviour is attached: its module is there, and whoever asked for it first was told first."""
    person.page.evaluate(
        """async script => {
            const named = each => new RegExp(`/js/${script}[.]`).test(each.name);
            let found;
            while (!(found = performance.getEntriesByType("resource").find(named))) await new Promise(next => setTimeout(next, 20));
            await import(found.name);
        }""",
        script,
    )


@pytest.mark.parametrize("trouble", [busy, gone])
def test_times_stay_on_screen_when_others_cannot_be_loaded(come: Door, trouble: Callable[[Route], None]) -> None:
    person = come()
    person.complaints.foresee("status of 503", "ERR_FAILED", "Failed to fetch")
    page = person.page
    person.goto("/mentors/clara-steiner/")
    has_come(person, "answers")
    starts, title = page.locator(".slot input").count(), page.locator(".picker__title").inner_text()
    length = page.locator("input[name=minutes]:checked").get_attribute("value") or ""
    other = page.locator("input[name=minutes]:not(:checked)").first.get_attribute("value") or ""
    place = re.compile(r"/mentors/clara-steiner/\?")
    page.route(place, trouble)
    said = page.locator("[data-not-loaded]")
    page.locator("[data-picker-next]").click()
    expect(said).to_be_visible()
    page.locator(f"label:has(input[name=minutes][value='{other}'])").click()
    expect(said).to_have_count(1)
    # Times, length and price belong together.
    expect(page.locator("input[name=minutes]:checked")).to_have_value(length)
    expect(page.locator(".slot input")).to_have_count(starts)
    expect(page.locator(".picker__title")).to_have_text(title)
    page.unroute(place)
    page.locator("[data-picker-next]").click()
    expect(page.locator(".picker__title")).not_to_have_text(title)
    expect(said).to_have_count(0)


@pytest.mark.parametrize("trouble", [busy, gone])
def test_results_stay_on_screen_when_others_cannot_be_loaded(come: Door, trouble: Callable[[Route], None]) -> None:
    person = come()
    person.complaints.foresee("status of 503", "ERR_FAILED", "Failed to fetch")
    page = person.page
    person.goto("/mentors/")
    has_come(person, "answers")
    mentors = page.get_by_role("article").count()
    place = re.compile(r"/mentors/\?")
    page.route(place, trouble)
    page.get_by_label("Morning").check()
    said = page.locator("[data-not-loaded]")
    expect(said).to_contain_text("Could not load. Try again.")
    expect(page.get_by_role("article")).to_have_count(mentors)
    expect(page.locator("#result-list")).not_to_have_attribute("aria-busy", "true")
    assert person.path == "/mentors/"
    page.unroute(place)
    page.get_by_role("button", name="Show mentors").click()
    page.wait_for_url(re.compile("part_of_day=morning"))
    expect(said).to_have_count(0)


def test_the_sign_in_page_is_no_part_of_another(come: Door) -> None:
    person = come("mentor1@demo.test")
    person.complaints.foresee("status of 401")  # of the stream
    page = person.page
    person.goto("/mentor/profile/")
    has_come(person, "answers")
    sign_out_elsewhere(person)
    with page.expect_response("**/accounts/login/**"):
        page.get_by_label("About you").press_sequentially("And more. ")
    page.wait_for_timeout(300)  # nothing comes of it
    expect(page.locator("#preview")).to_have_count(1)
    expect(page.locator("input[type=password]")).to_have_count(0)


def test_a_summary_of_errors_that_comes_late_interrupts_nobody(come: Door) -> None:
    person = come()
    person.complaints.foresee("status of 422", "status of 400")
    page = person.page
    person.goto("/accounts/login/")
    script = Late(page, "**/js/error-summary*.js")
    person.press(person.control("log-in"))
    script.wait()
    email = page.get_by_label("E-mail")
    email.fill("amara@")
    script.comes()
    has_come(person, "error-summary")
    expect(email).to_be_focused()
    # Who has done nothing yet is brought to it.
    page.unroute("**/js/error-summary*.js")
    person.press(person.control("log-in"))
    expect(page.locator("[data-error-summary]")).to_be_focused()
