"""The component gallery and the text pages in a browser: narrow screens, keys and behaviours.

What talks to our JSON routes (uploads, chat, paying) is shown in the journeys; here is what a page does by itself.
"""

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Dialog, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GALLERY = "/dev/components/"


def column(page: Page, row: int) -> list[str]:
    return [select.input_value() for select in page.locator("[data-hours-row]").nth(row).locator("select").all()]


def focused(page: Page, attribute: str) -> str:
    return str(page.evaluate(f"document.activeElement.{attribute}"))


def test_the_picker_is_walked_with_arrow_keys_and_fills_the_summary(page: Page, site: str) -> None:
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    page.focus(".slot input:checked")
    page.keyboard.press("ArrowRight")
    assert focused(page, "value") == "2026-11-27T12:45:00Z"  # the nearest time of the next day
    assert page.text_content("[data-picked=day]") == "Friday 27 November"
    page.keyboard.press("Home")
    assert focused(page, "value") == "2026-11-27T07:30:00Z"
    page.keyboard.press("ArrowLeft")
    assert focused(page, "value") == "2026-11-26T08:15:00Z"
    page.keyboard.press("End")
    assert focused(page, "value") == "2026-11-26T20:00:00Z"


def test_a_start_taken_meanwhile_is_struck_out_and_said(page: Page, site: str) -> None:
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.dispatchEvent(new CustomEvent('slot-taken', {detail: '2026-11-26T18:30:00Z'}))")
    assert page.text_content("[data-picker-status]") == "18:30 was just taken."
    assert page.locator("input[value='2026-11-26T18:30:00Z']").is_disabled()
    button = page.locator("[data-pick-label]")
    assert button.text_content() == "Pick a time"
    button.click()
    assert page.url.endswith(GALLERY)
    assert focused(page, "name") == "starts_at"


def test_on_a_phone_one_day_is_shown_at_a_time(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site + GALLERY)
    assert page.locator(".picker__day:visible").count() == 1
    page.locator(".picker__strip-day", has_text="28").click()
    assert page.locator(".picker__day:visible .slot").all_text_contents() == ["10:00", "10:45", "11:30", "14:00"]


def test_weekly_hours_are_added_removed_and_copied(page: Page, site: str) -> None:
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    monday, sunday = page.locator("[data-hours-row]").nth(0), page.locator("[data-hours-row]").nth(2)
    assert not page.locator("[data-savebar]").is_visible()
    monday.locator("[data-hours-add]").click()
    assert focused(page, "name") == "0-2-start"
    assert page.locator("[data-savebar]").is_visible()
    monday.locator("[data-hours-remove]").nth(2).click()
    monday.locator("[data-hours-copy]").click()
    page.check("dialog[data-hours-days] input[value='6']")
    page.click("dialog[data-hours-days] button[value=copy]")
    assert column(page, 2) == column(page, 0) == ["09:00", "12:30", "18:00", "01:00"]
    assert sunday.locator("[data-hours-note]:visible").all_text_contents() == ["until 01:00 Mon"]


def test_leaving_a_changed_form_warns_and_an_unchanged_one_does_not(page: Page, site: str) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    page.goto(site + "/help/")
    assert asked == []
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    page.locator("[data-hours-row]").nth(1).locator("[data-hours-switch]").uncheck()
    page.goto(site + "/help/")
    assert asked == ["beforeunload"]


def test_a_dialog_offers_the_safe_choice_first_and_gives_the_focus_back(page: Page, site: str) -> None:
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    page.click("[data-dialog]")
    assert focused(page, "textContent") == "Keep the session"
    page.keyboard.press("Escape")
    assert focused(page, "dataset.dialog") == "gallery-dialog"


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(page: Page, site: str) -> None:
    page.goto(f"{site}{GALLERY}?errors")
    page.wait_for_load_state("networkidle")
    assert page.title().startswith("Error: ")
    assert focused(page, "id") == "error-summary"
    page.click("#error-summary a >> text=Choose at least one level")
    assert focused(page, "id") == "id_levels_0"


def test_colours_are_kept_in_a_cookie_that_the_server_reads(page: Page, site: str) -> None:
    page.goto(site + "/help/")
    page.select_option("[data-theme-picker]", "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 20, 18)"


def test_another_zone_is_offered_once(browser: Browser, site: str) -> None:
    context = browser.new_context(timezone_id="Europe/Madrid")
    page = context.new_page()
    page.goto(site + GALLERY)
    offer = page.locator("[data-zone-text]")
    offer.wait_for()
    assert offer.text_content() == "You seem to be in Madrid. Show times in Madrid?"
    page.get_by_role("link", name="Show", exact=True).click()
    page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("data-zone") == "Europe/Madrid"
    assert offer.count() == 0
    context.close()


def test_being_offline_is_said_and_unsaid(page: Page, site: str) -> None:
    page.goto(site + GALLERY)
    page.wait_for_load_state("networkidle")
    banner = page.locator("[data-offline]")
    assert not banner.is_visible()
    page.context.set_offline(True)
    banner.wait_for(state="visible")
    page.context.set_offline(False)
    banner.wait_for(state="hidden")


def test_without_script_the_picker_the_menu_and_the_form_are_there(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(site + GALLERY)
    page.locator(".picker__strip-day", has_text="27").click()
    assert page.locator(".picker__day:visible .slot").count() == 3
    assert not page.locator("[data-theme-picker]").is_visible()
    assert page.locator("form.form button").first.is_visible()
    context.close()


def test_the_gallery_is_for_developers_on_their_own_machine() -> None:
    assert django_settings.ON_LOOPBACK
