"""The availability pages as a browser without script uses them: nothing typed is ever lost."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import TimeMachineFixture

from mentors import services
from mentors.models import BusyTime, Mentor
from mentors.queries import Session, hours_of
from mentors.signals import sessions_wanted
from mentors.windows import DatedException, Rule, WallWindow
from tests.factories import make_mentor, make_user

WEEKLY, DATES, REMOVE, RULES = (f"/mentor/availability/{part}" for part in ("", "dates/", "dates/remove/", "rules/"))
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def signed_in(client: Client, db: None) -> Mentor:
    """Open on Mondays from 9 to 12 in Berlin, and signed in."""
    mentor = make_mentor()
    services.save_availability(mentor=mentor, by=mentor.user, weekly=[Rule(0, time(9), time(12))])
    client.force_login(mentor.user)
    return mentor


def week(**blocks: str) -> dict[str, str]:
    """``monday="09:00-12:30 18:00-22:00"`` as the form posts it. A leading "off " leaves the switch off."""
    data: dict[str, str] = {}
    for day, text in blocks.items():
        pairs = text.split()
        if pairs[0] == "off":
            pairs.pop(0)
        else:
            data[f"{day}-open"] = "on"
        for number, pair in enumerate(pairs):
            data[f"{day}-{number}-start"], data[f"{day}-{number}-end"] = pair.split("-")
    return data


def chosen(html: str) -> dict[str, str]:
    """What the selects of the page stand at."""
    found = {}
    for name, options in re.findall(
        r'<select[^>]* name="([a-z]+-\d+-(?:start|end))"[^>]*>(.*?)</select>', html, re.DOTALL
    ):
        picked = re.search(r"<option selected>([\d:]+)</option>", options)
        found[name] = picked[1] if picked else ""
    return found


def rules(mentor: Mentor) -> list[Rule]:
    return list(hours_of(mentor).rules)


def test_the_saved_hours_stand_in_the_form(client: Client, signed_in: Mentor) -> None:
    response = client.get(WEEKLY)
    assert chosen(response.text) == {"monday-0-start": "09:00", "monday-0-end": "12:00"}
    assert 'name="monday-open" data-hours-switch checked' in response.text
    assert "Berlin (GMT+" in response.text


def test_hours_are_saved_and_said_to_be(client: Client, signed_in: Mentor) -> None:
    data = week(monday="09:00-12:30 18:00-22:00", sunday="22:15-01:00")
    response = client.post(WEEKLY, data, follow=True)
    assert response.redirect_chain == [(WEEKLY, 302)]
    assert "Saved. Students see these hours from now on." in response.text
    assert "until 01:00 Mon" in response.text
    assert rules(signed_in) == [
        Rule(0, time(9), time(12, 30)),
        Rule(0, time(18), time(22)),
        Rule(6, time(22, 15), time(1)),
    ]


def test_a_day_that_is_switched_off_is_saved_without_its_blocks(client: Client, signed_in: Mentor) -> None:
    client.post(WEEKLY, week(monday="off 09:00-12:30", tuesday="10:00-11:00"))
    assert rules(signed_in) == [Rule(1, time(10), time(11))]


def test_empty_blocks_are_left_out_and_gaps_in_the_numbers_do_not_matter(client: Client, signed_in: Mentor) -> None:
    data = week(monday="- 10:00-11:00") | {"monday-17-start": "14:00", "monday-17-end": "15:00"}
    client.post(WEEKLY, data)
    assert rules(signed_in) == [Rule(0, time(10), time(11)), Rule(0, time(14), time(15))]


@pytest.mark.parametrize(
    ("wrong", "target", "message", "right"),
    [
        (
            week(monday="09:00-12:00 11:00-13:00"),
            "monday-1-start",
            "This block overlaps Monday 09:00–12:00.",
            week(monday="09:00-12:00 12:00-13:00"),
        ),
        (
            week(monday="00:00-02:00", sunday="22:00-01:00"),
            "sunday-0-start",
            "This block overlaps Monday 00:00–02:00.",
            week(monday="01:00-02:00", sunday="22:00-01:00"),
        ),
        (week(monday="09:00-"), "monday-0-end", "Say until when this block goes.", week(monday="09:00-10:00")),
        (week(monday="-09:00"), "monday-0-start", "Say when this block begins.", week(monday="08:00-09:00")),
        (week(monday="09:10-10:00"), "monday-0-start", "09:10 is not one of the available choices", week(monday="09:15-10:00")),
        (week(monday="-"), "", "Add hours to Monday, or switch it off.", week(monday="off -")),
    ],
    ids=["overlap", "over Sunday night", "no end", "no start", "off the quarter", "open without hours"],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_row_and_keeps_everything(
    client: Client, signed_in: Mentor, wrong: dict[str, str], target: str, message: str, right: dict[str, str]
) -> None:
    before = rules(signed_in)
    extra = week(friday="off 08:00-15:00")
    response = client.post(WEEKLY, wrong | extra)
    assert response.status_code == 422
    assert "<title>Error:" in response.text
    assert message in response.text
    if target:
        assert f'<a href="#id_{target}">' in response.text
        assert f'id="id_{target}"' in response.text
    kept = {
        name: value for name, value in (wrong | extra).items() if name.endswith(("start", "end")) and value != "09:10"
    }
    assert kept.items() <= chosen(response.text).items()
    assert rules(signed_in) == before
    assert client.post(WEEKLY, right | extra).status_code == 302


def test_a_block_is_added_without_script(client: Client, signed_in: Mentor) -> None:
    response = client.post(WEEKLY, week(monday="09:00-12:30") | {"add": "monday"})
    assert response.status_code == 200
    assert chosen(response.text) == {
        "monday-0-start": "09:00", "monday-0-end": "12:30", "monday-1-start": "", "monday-1-end": "",
    }  # fmt: skip
    response = client.post(WEEKLY, {"add": "tuesday"})
    assert chosen(response.text) == {"tuesday-0-start": "09:00", "tuesday-0-end": "17:00"}
    assert "Not saved yet" in response.text
    assert rules(signed_in) == [Rule(0, time(9), time(12))]


def test_a_block_is_removed_without_script(client: Client, signed_in: Mentor) -> None:
    response = client.post(WEEKLY, week(monday="09:00-12:30 18:00-22:00") | {"remove": "monday-0"})
    assert chosen(response.text) == {"monday-0-start": "18:00", "monday-0-end": "22:00"}
    response = client.post(WEEKLY, week(monday="09:00-12:30") | {"remove": "monday-0"})
    assert chosen(response.text) == {}
    assert 'name="monday-open" data-hours-switch>' in response.text
    assert rules(signed_in) == [Rule(0, time(9), time(12))]


def test_a_day_is_copied_without_script(client: Client, signed_in: Mentor) -> None:
    data: dict[str, Any] = week(monday="09:00-12:30", friday="08:00-15:00")
    response = client.post(WEEKLY, data | {"copy": "1", "copy_from": "monday", "copy_to": ["tuesday", "friday"]})
    assert chosen(response.text) == {
        f"{day}-0-{end}": value for day in ("monday", "tuesday", "friday") for end, value in (("start", "09:00"), ("end", "12:30"))
    }  # fmt: skip
    assert rules(signed_in) == [Rule(0, time(9), time(12))]


def test_the_week_is_shown_as_typed_before_anything_is_saved(
    client: Client, signed_in: Mentor, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=False)
    response = client.post(WEEKLY, week(monday="09:00-12:00", tuesday="10:00-15:30") | {"preview": "1"})
    assert response.status_code == 200
    assert "Tuesday: open 10:00–15:30." in response.text
    assert "8½ hours open, room for about" in response.text
    assert "As typed, not saved yet." in response.text
    assert rules(signed_in) == [Rule(0, time(9), time(12))]
    page = client.get(WEEKLY).text
    assert "Tuesday: not bookable." in page
    assert "As typed" not in page


def test_a_preview_of_a_mistake_shows_what_is_whole(
    client: Client, signed_in: Mentor, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=False)
    typed = week(monday="09:00-12:00 11:00-13:00", tuesday="10:00-", friday="off 08:00-09:00")
    page = client.post(WEEKLY, typed | {"preview": "1"}).text
    assert "Monday: open 09:00–13:00." in page
    assert "Tuesday: not bookable." in page
    assert "Friday: not bookable." in page
    assert client.post(WEEKLY, typed).status_code == 422


def test_a_block_past_midnight_says_until_when_and_the_script_can_say_the_same(
    client: Client, signed_in: Mentor
) -> None:
    page = client.post(WEEKLY, week(monday="22:00-01:00") | {"preview": "1"}).text
    assert "until 01:00 Tue" in page
    assert 'data-text="until __t__ Tue"' in page
    assert 'data-text="until __t__ Mon"' in page


@pytest.mark.parametrize(
    "nonsense",
    [{"add": "someday"}, {"remove": "monday-9"}, {"remove": "monday"}, {"remove": "x-0"}, {"copy": "1", "copy_from": "x", "copy_to": "y"}],
)  # fmt: skip
def test_nonsense_changes_nothing(client: Client, signed_in: Mentor, nonsense: dict[str, str]) -> None:
    response = client.post(WEEKLY, week(monday="09:00-12:30") | nonsense)
    assert response.status_code == 200
    assert chosen(response.text) == {"monday-0-start": "09:00", "monday-0-end": "12:30"}


def test_enter_saves_and_does_not_add_a_block(client: Client, signed_in: Mentor) -> None:
    form = client.get(WEEKLY).text.split("data-confirm-leave", 1)[1]
    first = re.search(r"<button[^>]*type=\"submit\"[^>]*>", form)
    assert first is not None
    assert "name=" not in first[0]


def test_the_first_hours_ask_for_their_zone(client: Client, db: None) -> None:
    user = make_user(role="mentor", time_zone="Africa/Lagos")
    client.force_login(user)
    page = client.get(WEEKLY).text
    assert '<option value="Africa/Lagos" selected>Lagos, GMT+1</option>' in page
    refused = client.post(WEEKLY, week(monday="09:00-10:00") | {"time_zone": "Mars/Olympus"})
    assert refused.status_code == 422
    assert chosen(refused.text) == {"monday-0-start": "09:00", "monday-0-end": "10:00"}
    client.post(WEEKLY, week(monday="09:00-10:00") | {"time_zone": "Africa/Lagos"})
    assert user.mentor.time_zone == "Africa/Lagos"
    assert rules(user.mentor) == [Rule(0, time(9), time(10))]


def test_a_suspended_mentor_looks_and_does_not_save(client: Client, signed_in: Mentor) -> None:
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.SUSPENDED)
    assert client.get(WEEKLY).status_code == 200
    assert client.post(WEEKLY, week(tuesday="09:00-10:00")).status_code == 403
    assert rules(signed_in) == [Rule(0, time(9), time(12))]
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.APPROVED)
    assert client.post(WEEKLY, week(tuesday="09:00-10:00")).status_code == 302


@pytest.mark.parametrize("url", [WEEKLY, DATES, REMOVE, RULES])
def test_the_pages_are_for_mentors(client: Client, student: Any, url: str) -> None:
    assert client.get(url).status_code == 302
    client.force_login(student)
    assert client.post(url).status_code == 403


# --- what stands beside the hours -------------------------------------------------------------------------------


@pytest.fixture
def booked() -> Iterator[list[Session]]:
    """Sessions that the floor above tells of."""
    sessions: list[Session] = []

    def answer(starts_at: datetime, ends_at: datetime, **_kwargs: object) -> list[Session]:
        return [each for each in sessions if each.starts_at < ends_at and each.ends_at > starts_at]

    sessions_wanted.connect(answer)
    yield sessions
    sessions_wanted.disconnect(answer)


def session(start: datetime, student: str = "Amara") -> Session:
    return Session(start, start + timedelta(minutes=45), student, "/bookings/1/")


def test_the_week_says_what_is_open_and_how_much_fits(
    client: Client, signed_in: Mentor, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=False)
    services.save_availability(
        mentor=signed_in,
        by=signed_in.user,
        break_minutes=15,
        weekly=[
            Rule(0, time(9), time(12, 30)), Rule(0, time(18), time(22)), Rule(1, time(10), time(12)), Rule(1, time(19), time(22)),
            Rule(2, time(18), time(20)), Rule(3, time(9), time(11)), Rule(4, time(8), time(15)), Rule(5, time(11), time(16)),
        ],
        exceptions=[DatedException(date(2026, 11, 25), "remove")],
    )  # fmt: skip
    page = client.get(WEEKLY).text
    assert "26½ hours open, room for about 26 sessions with your 15-minute breaks." in page
    assert "Monday: open 09:00–12:30, 18:00–22:00." in page
    assert "Wednesday: day off." in page
    assert "Sunday: not bookable." in page
    assert "23–29 November" in page


@pytest.mark.parametrize("url", [WEEKLY, "/mentor/"])
def test_the_week_leaves_out_what_is_busy_in_another_calendar(
    client: Client, signed_in: Mentor, time_machine: TimeMachineFixture, url: str
) -> None:
    time_machine.move_to(NOW, tick=False)
    assert "3 hours open, room for about 4 sessions." in client.get(url).text
    monday_at_nine = datetime(2026, 11, 23, 8, tzinfo=UTC)
    hour = timedelta(hours=1)
    for mentor, first, last in ((signed_in, 1, 2), (make_mentor(), 0, 3)):
        BusyTime.objects.create(
            mentor=mentor, starts_at=monday_at_nine + first * hour, ends_at=monday_at_nine + last * hour
        )
    page = client.get(url).text
    assert "Monday: open 09:00–12:00. Busy in your calendar: 10:00–11:00." in page
    assert "2 hours open, room for about 2 sessions. What is busy in your calendar is left out." in page
    assert "week-preview__block--busy" in page
    typed = client.post(WEEKLY, week(monday="14:00-17:00") | {"preview": "1"}).text
    assert "Monday: open 14:00–17:00. Tuesday" in typed


def test_sessions_outside_the_hours_are_listed_and_stay(
    client: Client, signed_in: Mentor, booked: list[Session], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=False)
    booked += [session(datetime(2026, 11, 30, 9, tzinfo=UTC)), session(datetime(2026, 12, 1, 9, tzinfo=UTC), "Kofi")]
    page = client.get(WEEKLY).text
    assert "1 booking falls outside these hours." in page
    assert "Kofi, " in page
    assert "Amara, " not in page


def test_the_overview_shows_the_next_session(
    client: Client, signed_in: Mentor, booked: list[Session], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=False)
    assert "Nothing is booked." in client.get("/mentor/").text
    booked += [session(NOW + timedelta(days=3), "Kofi"), session(NOW + timedelta(days=2))]
    page = client.get("/mentor/").text
    assert "With Amara" in page
    assert "All 2 coming sessions" in page


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (datetime(2026, 3, 10, tzinfo=UTC), "Clocks in Berlin go forward on Sunday 29 March."),
        (datetime(2026, 10, 10, tzinfo=UTC), "Clocks in Berlin go back on Sunday 25 October."),
        (datetime(2026, 6, 10, tzinfo=UTC), ""),
        (datetime(2026, 2, 20, tzinfo=UTC), ""),
    ],
)
def test_a_change_of_clocks_within_four_weeks_is_told(
    client: Client, signed_in: Mentor, time_machine: TimeMachineFixture, now: datetime, sentence: str
) -> None:
    time_machine.move_to(now, tick=False)
    page = client.get(WEEKLY).text
    if sentence:
        assert sentence in page
        assert "between 02:00 and 03:00" in page
    else:
        assert "Clocks in" not in page


@pytest.mark.parametrize("url", [WEEKLY, DATES])
def test_a_page_takes_the_same_queries_for_one_row_and_many(client: Client, signed_in: Mentor, url: str) -> None:
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    today = datetime.now(UTC).date()
    services.save_availability(
        mentor=signed_in,
        by=signed_in.user,
        weekly=[Rule(day, time(hour), time(hour + 1)) for day in range(7) for hour in (8, 12, 16)],
        exceptions=[DatedException(today + timedelta(days=2 * number), "remove") for number in range(20)],
    )
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(one) <= 8


# --- dates ------------------------------------------------------------------------------------------------------


def exceptions(mentor: Mentor) -> list[DatedException]:
    return list(hours_of(mentor).exceptions)


@pytest.fixture
def on_the_day(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.mark.usefixtures("on_the_day")
def test_tomorrow_is_blocked_in_one_form(client: Client, signed_in: Mentor) -> None:
    page = client.get(DATES).text
    assert 'name="date" value="2026-11-26"' in page
    response = client.post(DATES, {"kind": "remove", "date": "2026-11-26"}, follow=True)
    assert "Saved. Students see it from now on." in response.text
    assert exceptions(signed_in) == [DatedException(date(2026, 11, 26), "remove")]


@pytest.mark.usefixtures("on_the_day")
def test_extra_hours_and_a_run_of_days(client: Client, signed_in: Mentor) -> None:
    block = {"windows-0-start": "10:00", "windows-0-end": "14:00", "windows-2-start": "18:00", "windows-2-end": "19:00"}
    client.post(DATES, {"kind": "add", "date": "2026-12-06"} | block)
    client.post(DATES, {"kind": "remove", "date": "2026-12-24", "until": "2026-12-26", "yearly": "on"})
    windows = (WallWindow(time(10), time(14)), WallWindow(time(18), time(19)))
    assert exceptions(signed_in) == [
        DatedException(date(2026, 12, 6), "add", windows),
        *(DatedException(date(2026, 12, day), "remove", (), yearly=True) for day in (24, 25, 26)),
    ]
    page = client.get(DATES).text
    assert "10:00–14:00, 18:00–19:00" in page
    assert page.count("Remove<span") == 2, "the run is one entry"


@pytest.mark.usefixtures("on_the_day")
def test_an_entry_is_changed_in_its_place(client: Client, signed_in: Mentor) -> None:
    client.post(DATES, {"kind": "add", "date": "2026-12-06", "windows-0-start": "10:00", "windows-0-end": "14:00"})
    page = client.get(f"{DATES}?edit=add%202026-12-06").text
    assert "Change this date" in page
    assert '<option value="10:00" selected>' in page
    assert 'value="add 2026-12-06"' in page
    data = {"kind": "replace", "date": "2026-12-07", "windows-0-start": "10:00", "windows-0-end": "14:00"}
    client.post(DATES, data | {"instead_of": "add 2026-12-06"})
    assert exceptions(signed_in) == [DatedException(date(2026, 12, 7), "replace", (WallWindow(time(10), time(14)),))]


@pytest.mark.usefixtures("on_the_day")
def test_a_run_of_days_is_changed_in_its_place(client: Client, signed_in: Mentor) -> None:
    client.post(DATES, {"kind": "remove", "date": "2026-12-24", "until": "2026-12-28"})
    page = client.get(DATES).text
    assert "?edit=remove%202026-12-24%202026-12-28#add" in page
    page = client.get(f"{DATES}?edit=remove%202026-12-24%202026-12-28").text
    assert 'name="until" value="2026-12-28"' in page
    assert 'value="remove 2026-12-24 2026-12-28"' in page
    data = {"kind": "remove", "date": "2026-12-25", "until": "2026-12-26"}
    client.post(DATES, data | {"instead_of": "remove 2026-12-24 2026-12-28"})
    assert exceptions(signed_in) == [DatedException(date(2026, 12, day), "remove") for day in (25, 26)]


@pytest.mark.parametrize(
    "nonsense",
    ["", "remove", "remove 2026-13-01", "remove 2026-12-24 soon", "drop 2026-12-24", "remove 2026-12-24 x y"],
)
@pytest.mark.usefixtures("on_the_day")
def test_what_names_no_dates_changes_none(client: Client, signed_in: Mentor, nonsense: str) -> None:
    client.post(DATES, {"kind": "remove", "date": "2026-12-24"})
    assert "Add a date" in client.get(DATES, {"edit": nonsense}).text
    client.post(DATES, {"kind": "remove", "date": "2026-12-30", "instead_of": nonsense})
    assert exceptions(signed_in) == [DatedException(date(2026, 12, day), "remove") for day in (24, 30)]


@pytest.mark.usefixtures("on_the_day")
def test_a_date_of_the_same_kind_is_replaced(client: Client, signed_in: Mentor) -> None:
    for end in ("14:00", "15:00"):
        client.post(DATES, {"kind": "add", "date": "2026-12-06", "windows-0-start": "10:00", "windows-0-end": end})
    assert exceptions(signed_in) == [DatedException(date(2026, 12, 6), "add", (WallWindow(time(10), time(15)),))]


@pytest.mark.usefixtures("on_the_day")
def test_an_entry_is_removed(client: Client, signed_in: Mentor) -> None:
    client.post(DATES, {"kind": "remove", "date": "2026-12-24", "until": "2026-12-26"})
    client.post(REMOVE, {"place": ["remove 2026-12-24", "remove 2026-12-25", "nonsense", "add 2026-12-26"]})
    assert exceptions(signed_in) == [DatedException(date(2026, 12, 26), "remove")]


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize(
    ("wrong", "message", "right"),
    [
        ({"date": ""}, "Enter the date.", {"date": "2026-12-06"}),
        ({"date": "6.12."}, "Enter a date such as 2026-12-06.", {"date": "2026-12-06"}),
        ({"date": "2026-11-24"}, "This date has passed.", {"date": "2026-11-25"}),
        ({"date": "2025-12-25"}, "This date has passed.", {"date": "2025-12-25", "yearly": "on"}),
        ({"date": "9999-12-31"}, "This date is too far ahead.", {"date": "2199-12-31"}),
        ({"until": "9999-12-31"}, "This date is too far ahead.", {"until": "2026-12-07"}),
        ({"date": "9999-12-30", "until": "9999-12-31"}, "This date is too far ahead.", {"date": "2199-12-30", "until": "2199-12-31"}),
        ({"until": "2026-12-05"}, "Choose a last date from the first one on", {"until": "2026-12-06"}),
        ({"until": "2027-12-06"}, "at most 92 days", {"until": "2027-03-07"}),
        ({"kind": "add"}, "Say from when until when.", {"kind": "add", "windows-0-start": "09:00", "windows-0-end": "10:00"}),
        ({"windows-1-start": "09:00"}, "Say from when until when.", {"windows-1-start": "09:00", "windows-1-end": "10:00"}),
        (
            {"windows-0-start": "09:00", "windows-0-end": "11:00", "windows-1-start": "10:00", "windows-1-end": "12:00"},
            "These hours overlap each other.",
            {"windows-0-start": "09:00", "windows-0-end": "11:00", "windows-1-start": "11:00", "windows-1-end": "12:00"},
        ),
        ({"kind": "move"}, "Select a valid choice", {"kind": "remove"}),
    ],
)  # fmt: skip
def test_a_wrong_date_is_explained_and_kept(
    client: Client, signed_in: Mentor, wrong: dict[str, str], message: str, right: dict[str, str]
) -> None:
    base = {"kind": "remove", "date": "2026-12-06"}
    response = client.post(DATES, base | wrong)
    assert response.status_code == 422
    assert message in response.text
    for value in wrong.values():
        assert value in response.text
    assert exceptions(signed_in) == []
    assert client.post(DATES, base | right).status_code == 302


@pytest.mark.usefixtures("on_the_day")
def test_past_dates_leave_the_list_and_yearly_ones_come_again(client: Client, signed_in: Mentor) -> None:
    services.add_exceptions(
        mentor=signed_in,
        by=signed_in.user,
        exceptions=[
            DatedException(date(2026, 11, 24), "remove"),
            DatedException(date(2020, 1, 6), "remove", yearly=True),
        ],
    )
    page = client.get(DATES).text
    assert "24 Nov" not in page
    assert "6 Jan" in page
    assert "every year" in page


# --- rules ------------------------------------------------------------------------------------------------------

GOOD = {
    "notice_hours": "12", "break_minutes": "10", "horizon_days": "30", "day_cap": "3", "policy": "strict",
    "time_zone": "Africa/Lagos",
}  # fmt: skip


def test_rules_are_saved(client: Client, signed_in: Mentor) -> None:
    assert client.post(RULES, GOOD | {"paused": "on"}).status_code == 302
    signed_in.refresh_from_db()
    assert (signed_in.notice_hours, signed_in.break_minutes, signed_in.horizon_days) == (12, 10, 30)
    assert (signed_in.day_cap, signed_in.policy, signed_in.time_zone) == (3, "strict", "Africa/Lagos")
    assert signed_in.paused_at is not None
    assert "You are paused." in client.get(RULES).text
    client.post(RULES, GOOD | {"day_cap": ""})
    signed_in.refresh_from_db()
    assert signed_in.day_cap is None
    assert signed_in.paused_at is None


@pytest.mark.parametrize(
    ("field", "wrong", "message"),
    [
        ("notice_hours", "0", "Enter 1 hour or more."),
        ("notice_hours", "73", "Enter 72 hours or fewer."),
        ("notice_hours", "a day", "Enter the notice in whole hours."),
        ("break_minutes", "7", "Select a valid choice"),
        ("horizon_days", "81", "Enter 80 days or fewer."),
        ("day_cap", "0", "Enter 1 or more, or nothing."),
        ("policy", "harsh", "Select a valid choice"),
        ("time_zone", "Mars/Olympus", "Select a valid choice"),
    ],
)
def test_a_wrong_rule_is_explained(client: Client, signed_in: Mentor, field: str, wrong: str, message: str) -> None:
    response = client.post(RULES, GOOD | {field: wrong})
    assert response.status_code == 422
    assert message in response.text
    signed_in.refresh_from_db()
    assert signed_in.notice_hours == 4
    assert client.post(RULES, GOOD).status_code == 302


@pytest.mark.usefixtures("on_the_day")
def test_the_policies_are_spelled_out_with_dates(client: Client, signed_in: Mentor) -> None:
    page = client.get(RULES).text
    assert "for example for a session on Wed 2 Dec, 18:00" in page
    assert "100% back until Wed 2 Dec, 06:00, 50% back until Wed 2 Dec, 16:00, then nothing." in page
    assert "100% back until Tue 1 Dec, 18:00, 50% back until Wed 2 Dec, 16:00, then nothing." in page
    assert "100% back until Tue 1 Dec, 18:00, then nothing." in page


def test_the_tabs_lead_to_each_other(client: Client, signed_in: Mentor) -> None:
    for name in ("availability", "dates", "rules"):
        assert f'href="{reverse(f"mentors:{name}")}" aria-current="page"' in client.get(reverse(f"mentors:{name}")).text
