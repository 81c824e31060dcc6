"""A mentor's week in a browser: hours are changed by hand and by keyboard alone, in few clicks, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from bookings.models import Booking
from mentors import services
from mentors.models import Mentor
from mentors.queries import hours_of
from mentors.windows import DatedException, Rule
from tests.e2e.hands import Keyboard, Mouse, Touch
from tests.e2e.late import Late
from tests.e2e.signin import sign_in_browser
from tests.factories import make_booking, make_mentor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NINE_TO_FIVE = [Rule(0, time(9), time(17)), Rule(2, time(9), time(12))]


@pytest.fixture
def mentor() -> Mentor:
    """In Berlin, open on Mondays and Wednesdays."""
    mentor = make_mentor()
    services.save_availability(mentor=mentor, by=mentor.user, weekly=NINE_TO_FIVE)
    return mentor


@pytest.fixture
def faults(page: Page) -> Iterator[list[str]]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert [line for line in said if "422" not in line] == []


def come(page: Page, site: str, mentor: Mentor, path: str = "/mentor/") -> None:
    sign_in_browser(page.context, site, mentor.user)
    page.goto(site + path)


def rules(mentor: Mentor) -> list[Rule]:
    return list(hours_of(mentor).rules)


@pytest.mark.parametrize("hands", [Mouse, Keyboard])
def test_weekly_hours_change_in_four_clicks(
    page: Page, site: str, mentor: Mentor, faults: list[str], hands: type[Mouse]
) -> None:
    come(page, site, mentor)
    person = hands(page)
    person.press(page.get_by_role("navigation", name="Mentor workspace").get_by_role("link", name="Availability"))
    bar = page.get_by_role("region", name="Unsaved changes")
    expect(bar).to_be_hidden()
    person.select(page.get_by_label("Monday, block 1 until"), "13:30")
    expect(bar).to_be_visible()
    person.press(page.get_by_test_id("save-availability"))
    expect(page.get_by_text("Saved. Students see these hours from now on.").first).to_be_visible()
    assert person.clicks <= 4
    assert rules(mentor) == [Rule(0, time(9), time(13, 30)), NINE_TO_FIVE[1]]


@pytest.mark.parametrize("hands", [Mouse, Keyboard])
def test_tomorrow_is_blocked_in_four_clicks(
    page: Page, site: str, mentor: Mentor, faults: list[str], hands: type[Mouse]
) -> None:
    come(page, site, mentor)
    person = hands(page)
    tomorrow = datetime.now(ZoneInfo("Europe/Berlin")).date() + timedelta(days=1)
    person.press(page.get_by_role("navigation", name="Mentor workspace").get_by_role("link", name="Availability"))
    person.press(page.get_by_role("link", name="Add a date"))
    bar = page.get_by_role("region", name="Unsaved changes")
    expect(bar).to_be_hidden()
    person.choose(page.get_by_role("radio", name="Day off"))
    expect(bar).to_be_visible()
    person.press(page.get_by_test_id("save-date"))
    expect(page.get_by_text("Saved. Students see it from now on.").first).to_be_visible()
    assert person.clicks <= 4
    assert person.fields == 0
    assert hours_of(mentor).exceptions[0].on >= tomorrow
    assert hours_of(mentor).exceptions[0].kind == "remove"


def test_a_whole_week_is_edited_by_keyboard_alone(page: Page, site: str, mentor: Mentor, faults: list[str]) -> None:
    """Switch a day on, add and remove blocks, go past midnight, copy a day to two others, save."""
    come(page, site, mentor, "/mentor/availability/")
    keys = Keyboard(page)
    keys.choose(page.get_by_role("switch", name="Friday"))
    expect(page.get_by_label("Friday, block 1 from")).to_have_value("09:00")
    keys.press(page.get_by_role("button", name="Add a block on Friday"))
    expect(page.get_by_label("Friday, block 2 from")).to_be_focused()
    keys.select(page.get_by_label("Friday, block 2 from"), "22:00")
    keys.select(page.get_by_label("Friday, block 2 until"), "01:00")
    expect(page.get_by_text("until 01:00 Sat")).to_be_visible()
    keys.press(page.get_by_role("button", name="Remove Friday, block 1"))
    expect(page.get_by_role("button", name="Add a block on Friday")).to_be_focused()
    keys.press(page.get_by_role("button", name="Copy Wednesday to other days"))
    dialog = page.get_by_role("dialog", name="Copy to which days?")
    for day in ("Tuesday", "Sunday"):
        keys.choose(dialog.get_by_role("checkbox", name=day))
    keys.press(dialog.get_by_role("button", name="Copy", exact=True))
    expect(page.get_by_label("Sunday, block 1 until")).to_have_value("12:00")
    keys.press(page.get_by_test_id("save-availability"))
    expect(page.get_by_text("Saved. Students see these hours from now on.").first).to_be_visible()
    morning = (time(9), time(12))
    assert rules(mentor) == [
        NINE_TO_FIVE[0], Rule(1, *morning), NINE_TO_FIVE[1], Rule(4, time(22), time(1)), Rule(6, *morning),
    ]  # fmt: skip


def test_an_overlap_is_told_at_its_row_and_nothing_is_lost(
    page: Page, site: str, mentor: Mentor, faults: list[str]
) -> None:
    come(page, site, mentor, "/mentor/availability/")
    keys = Keyboard(page)
    keys.press(page.get_by_role("button", name="Add a block on Monday"))
    keys.select(page.get_by_label("Monday, block 2 from"), "16:00")
    keys.select(page.get_by_label("Monday, block 2 until"), "18:00")
    keys.press(page.get_by_test_id("save-availability"))
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_text("This block overlaps Monday 09:00–17:00.").first).to_be_visible()
    expect(page.get_by_label("Monday, block 2 from")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Monday, block 2 until")).to_have_value("18:00")
    keys.select(page.get_by_label("Monday, block 2 from"), "17:00")
    keys.press(page.get_by_test_id("save-availability"))
    expect(page.get_by_text("Saved. Students see these hours from now on.").first).to_be_visible()
    assert Rule(0, time(17), time(18)) in rules(mentor)


def test_the_week_beside_the_hours_follows_and_undo_puts_everything_back(
    page: Page, site: str, mentor: Mentor, faults: list[str]
) -> None:
    come(page, site, mentor, "/mentor/availability/")
    week = page.locator("#week-preview")
    expect(week).to_contain_text("11 hours open")
    page.get_by_role("switch", name="Wednesday").locator("xpath=ancestor::label").click()
    expect(week).to_contain_text("8 hours open")
    expect(week).to_contain_text("As typed, not saved yet.")
    page.get_by_role("button", name="Add a block on Monday").click()
    page.get_by_label("Monday, block 2 from").select_option("18:00")
    page.get_by_label("Monday, block 2 until").select_option("20:00")
    expect(week).to_contain_text("10 hours open")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Unsaved changes")).to_be_hidden()
    expect(page.get_by_label("Monday, block 2 from")).to_have_count(0)
    expect(page.get_by_role("switch", name="Wednesday")).to_be_checked()
    expect(week).to_contain_text("11 hours open")
    expect(page.get_by_label("Wednesday, block 1 until")).to_have_value("12:00")
    assert rules(mentor) == NINE_TO_FIVE


def test_a_day_switched_on_before_its_script_came_gets_its_hours(
    page: Page, site: str, mentor: Mentor, faults: list[str]
) -> None:
    script = Late(page, "**/js/hours*.js")
    come(page, site, mentor, "/mentor/availability/")
    page.get_by_role("switch", name="Friday").locator("xpath=ancestor::label").click()
    expect(page.get_by_label("Friday, block 1 from")).to_have_count(0)
    script.comes()
    expect(page.get_by_label("Friday, block 1 from")).to_have_value("09:00")
    page.get_by_test_id("save-availability").click()
    expect(page.get_by_text("Saved. Students see these hours from now on.").first).to_be_visible()
    assert Rule(4, time(9), time(17)) in rules(mentor)


def test_a_change_made_before_the_script_came_can_be_saved_and_undone(
    page: Page, site: str, mentor: Mentor, faults: list[str]
) -> None:
    script = Late(page, "**/js/confirm-leave*.js")
    come(page, site, mentor, "/mentor/availability/")
    page.get_by_label("Monday, block 1 until").select_option("13:30")
    script.comes()
    bar = page.get_by_role("region", name="Unsaved changes")
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(bar).to_be_hidden()
    expect(page.get_by_label("Monday, block 1 until")).to_have_value("17:00")


@pytest.mark.parametrize(
    ("tab", "label", "value", "kept"),
    [
        ("", "Monday, block 1 until", "13:00", "17:00"),
        ("dates/", "Block 1 from", "13:00", ""),
        ("rules/", "Break between sessions", "15", "0"),
    ],
    ids=["hours", "dates", "rules"],
)
def test_each_tab_has_one_save_that_comes_with_a_change_and_leaving_warns(
    page: Page, site: str, mentor: Mentor, tab: str, label: str, value: str, kept: str
) -> None:
    come(page, site, mentor, f"/mentor/availability/{tab}")
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]  # Playwright's
        dialog.dismiss()  # type: ignore[attr-defined]  # the same

    page.on("dialog", stay)
    bar = page.get_by_role("region", name="Unsaved changes")
    expect(bar).to_be_hidden()
    field = page.get_by_label(label)
    field.select_option(value)
    expect(bar).to_contain_text("Not saved yet.")
    expect(bar.get_by_role("button")).to_have_count(2)
    assert page.get_by_role("main").get_by_role("button", name=re.compile("^Save")).count() == 1
    page.get_by_role("link", name="Calendars").click(no_wait_after=True)
    page.wait_for_timeout(0)
    expect(field).to_have_value(value)
    assert asked == ["beforeunload"]
    bar.get_by_role("button", name="Undo").click()
    expect(bar).to_be_hidden()
    expect(field).to_have_value(kept)
    page.get_by_role("link", name="Calendars").click()
    expect(page.get_by_role("heading", name="Calendars we read")).to_be_visible()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("hands", [Mouse, Touch])
def test_a_session_that_falls_outside_is_shown_while_typing_and_kept(
    page: Page, site: str, mentor: Mentor, faults: list[str], hands: type[Mouse]
) -> None:
    booking = next_wednesday(mentor)
    come(page, site, mentor, "/mentor/availability/")
    outside = page.get_by_text("1 booking falls outside these hours.")
    expect(outside).to_have_count(0)
    page.get_by_role("switch", name="Wednesday").locator("xpath=ancestor::label").click()
    expect(outside).to_be_visible()
    page.get_by_test_id("save-availability").click()
    expect(page.get_by_text("Saved. Students see these hours from now on.").first).to_be_visible()
    expect(page.get_by_role("link", name=f"Move {booking.student.name}")).to_be_visible()
    expect(page.get_by_role("link", name=f"Cancel {booking.student.name}")).to_be_visible()
    page.get_by_test_id("keep-session").click()
    expect(page.get_by_text("The session stays as it is.").first).to_be_visible()
    expect(page.get_by_text("You keep 1 session outside these hours.")).to_be_visible()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def next_wednesday(mentor: Mentor) -> Booking:
    """A session on a Wednesday at ten in Berlin, at least a week ahead."""
    zone = ZoneInfo("Europe/Berlin")
    day = datetime.now(zone).date() + timedelta(days=8)
    day += timedelta(days=(2 - day.weekday()) % 7)
    return make_booking(mentor=mentor, starts_at=datetime.combine(day, time(10), zone).astimezone(UTC))


def test_without_script_hours_are_added_copied_previewed_and_saved(site: str, browser: object, mentor: Mentor) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]  # Playwright's
    page = context.new_page()
    come(page, site, mentor, "/mentor/availability/")
    page.get_by_role("button", name="Add a block on Thursday").click()
    expect(page.get_by_text("Not saved yet. Choose the times, then save.")).to_be_visible()
    page.get_by_text("Copy one day to others").click()
    page.locator("select[name=copy_from]").select_option(label="Wednesday")
    page.get_by_role("group", name="To").get_by_label("Friday").check()
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("button", name="Show the week as typed").click()
    expect(page.get_by_text("As typed, not saved yet.")).to_be_visible()
    assert rules(mentor) == NINE_TO_FIVE
    page.get_by_test_id("save-availability").click()
    expect(page.get_by_text("Saved. Students see these hours from now on.").first).to_be_visible()
    assert rules(mentor) == [*NINE_TO_FIVE, Rule(3, time(9), time(17)), Rule(4, time(9), time(12))]
    context.close()


def test_a_date_that_is_there_is_edited_in_its_place(page: Page, site: str, mentor: Mentor, faults: list[str]) -> None:
    first = datetime.now(UTC).date() + timedelta(days=20)
    days = [DatedException(first + timedelta(days=number), "remove") for number in range(3)]
    services.add_exceptions(mentor=mentor, by=mentor.user, exceptions=days)
    come(page, site, mentor, "/mentor/availability/dates/")
    keys = Keyboard(page)
    keys.press(page.get_by_role("link", name="Edit"))
    expect(page.get_by_role("heading", name="Change this date")).to_be_visible()
    keys.choose(page.get_by_label("Repeat every year"))
    keys.press(page.get_by_test_id("save-date"))
    expect(page.get_by_text("Saved. Students see it from now on.").first).to_be_visible()
    assert [each.yearly for each in hours_of(mentor).exceptions] == [True] * 3
