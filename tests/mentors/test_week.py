"""Arithmetic beside the hours: overlaps, how much fits, the preview, runs of dates, clock changes, handles, prices."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.common.money import price_for, round_half_up
from mentors.clocks import next_clock_change, zone_groups
from mentors.dates import next_date, runs
from mentors.handles import MAX_LENGTH, RESERVED, handle_candidates
from mentors.languages import COMMON, known_languages, language_name
from mentors.preview import preview, room_sentence, week_of
from mentors.prices import highest_price, length_prices, receives
from mentors.week import Overlap, hours_text, open_minutes, overlaps, overlaps_on_a_day, room_for
from mentors.windows import DatedException, Hours, Rule, WallWindow, Window

QUARTER = timedelta(minutes=15)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
QUARTERS_A_WEEK = 7 * 24 * 4

clocks = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
rules = st.builds(Rule, st.integers(0, 6), clocks, clocks)


def quarters_of(rule: Rule) -> set[int]:
    """The quarters of the week that a block covers, the week taken as a circle."""
    start, end = (moment.hour * 4 + moment.minute // 15 for moment in (rule.start, rule.end))
    length = (end - start) % 96 or 96
    return {(rule.weekday * 96 + start + number) % QUARTERS_A_WEEK for number in range(length)}


@given(st.lists(rules, max_size=6))
def test_blocks_overlap_when_they_share_a_quarter_of_the_week(weekly: list[Rule]) -> None:
    sharing = {
        later
        for later in range(len(weekly))
        if any(quarters_of(weekly[later]) & quarters_of(weekly[earlier]) for earlier in range(later))
    }
    assert {overlap.later for overlap in overlaps(weekly)} == sharing


def test_an_overlap_names_both_blocks() -> None:
    weekly = [Rule(0, time(9), time(10)), Rule(1, time(9), time(10)), Rule(1, time(9, 45), time(11))]
    assert overlaps(weekly) == [Overlap(1, 2)]


def test_the_windows_of_one_date_do_not_wrap_around_to_its_morning() -> None:
    evening, morning = WallWindow(time(22), time(2)), WallWindow(time(1), time(3))
    assert overlaps_on_a_day([evening, morning]) == [], "the first ends on the morning after"
    assert overlaps_on_a_day([morning, WallWindow(time(2, 45), time(4))]) == [Overlap(0, 1)]


windows = st.builds(
    lambda start, length: Window(MONDAY + start * QUARTER, MONDAY + (start + length) * QUARTER),
    st.integers(0, 600),
    st.integers(1, 40),
)


@given(st.lists(windows, max_size=4), st.sampled_from([15, 45, 90]), st.sampled_from([0, 5, 10, 15, 30]))
def test_room_is_what_fits_one_after_another_on_the_grid(
    opened: list[Window], minutes: int, break_minutes: int
) -> None:
    count = 0
    for window in opened:
        start = window.starts_at
        while start + timedelta(minutes=minutes) <= window.ends_at:
            count += 1
            start += timedelta(minutes=minutes + break_minutes)
            start += -(start - window.starts_at) % QUARTER
    assert room_for(opened, minutes=minutes, break_minutes=break_minutes) == count


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0"), (15, "¼"), (30, "½"), (60, "1"), (1_590, "26½"), (225, "3¾"), (6_000, "100")]
)
def test_hours_are_written_in_quarters(minutes: int, text: str) -> None:
    assert hours_text(minutes) == text


class Booked(Window):
    """A session, as far as the preview knows it."""


def blocks_of(hours: Hours, sessions: Sequence[Window] = ()) -> list[tuple[int, int, int, str]]:
    shown = preview(week_of(hours, at=MONDAY + timedelta(days=2), sessions=sessions))
    return [(block["column"], block["row"], block["span"], block["kind"]) for block in shown["blocks"]]


def test_the_preview_places_blocks_by_half_hours_of_the_wall() -> None:
    hours = Hours(
        ZoneInfo("Africa/Lagos"),
        (Rule(0, time(9), time(12, 30)), Rule(1, time(22, 15), time(1))),
        (DatedException(date(2026, 11, 26), "remove"),),
    )
    assert blocks_of(hours) == [
        (1, 18, 7, "open"),
        (2, 44, 4, "open"),
        (3, 0, 2, "open"),
        (4, 0, 48, "off"),
    ]


def test_the_preview_is_only_as_high_as_it_needs_to_be() -> None:
    hours = Hours(ZoneInfo("Africa/Lagos"), (Rule(0, time(9, 30), time(12)),))
    shown = preview(week_of(hours, at=MONDAY))
    assert [(block["row"], block["span"]) for block in shown["blocks"]] == [(1, 5)]
    assert shown["hours"] == [{"row": 0, "label": 9}]
    assert shown["heads"] == ["M", "T", "W", "T", "F", "S", "S"]


def test_the_preview_tells_sessions_inside_from_outside() -> None:
    hours = Hours(ZoneInfo("UTC"), (Rule(0, time(9), time(12)),))
    inside, outside = (
        Booked(MONDAY + timedelta(hours=hour), MONDAY + timedelta(hours=hour, minutes=45)) for hour in (9, 15)
    )
    assert [kind for *_place, kind in blocks_of(hours, [inside, outside])] == ["open", "booked", "outside"]
    shown = preview(week_of(hours, at=MONDAY, sessions=[inside, outside]))
    assert (
        "Monday: open 09:00–12:00. Booked: 09:00–09:45. Booked outside these hours: 15:00–15:45."
        in shown["description"]
    )


def test_the_preview_shows_what_other_calendars_take_of_the_hours() -> None:
    def busy(first: float, last: float) -> Window:
        return Window(MONDAY + timedelta(hours=first), MONDAY + timedelta(hours=last))

    hours = Hours(ZoneInfo("UTC"), (Rule(0, time(9), time(12)), Rule(1, time(9), time(12))))
    # Two that overlap, one that lies half outside the hours, one all of Tuesday, and one of no interest.
    week = week_of(hours, at=MONDAY, busy=[busy(9.5, 10), busy(9.75, 10.5), busy(11.5, 13), busy(24, 48), busy(60, 61)])
    shown = preview(week)
    kinds = [(block["column"], block["row"], block["span"]) for block in shown["blocks"] if block["kind"] == "busy"]
    assert kinds == [(1, 1, 2), (1, 5, 1), (2, 0, 6)]
    assert shown["has_busy"]
    assert shown["description"].startswith(
        "Monday: open 09:00–12:00. Busy in your calendar: 09:30–10:30, 11:30–12:00. "
        "Tuesday: open 09:00–12:00. Busy in your calendar: 09:00–12:00. Wednesday: not"
    )
    assert room_sentence(week, minutes=45, break_minutes=0) == (
        "1½ hours open, room for about 1 session. What is busy in your calendar is left out."
    )
    without = week_of(hours, at=MONDAY)
    assert room_sentence(without, minutes=45, break_minutes=0) == "6 hours open, room for about 8 sessions."
    assert not preview(without)["has_busy"]


def test_a_week_is_cut_at_its_own_midnights_even_when_the_clocks_change() -> None:
    always = Hours(ZoneInfo("Europe/Berlin"), tuple(Rule(day, time(0), time(0)) for day in range(7)))
    spring = week_of(always, at=datetime(2026, 3, 25, tzinfo=UTC))
    autumn = week_of(always, at=datetime(2026, 10, 21, tzinfo=UTC))
    assert [open_minutes(week.windows) for week in (spring, autumn)] == [167 * 60, 169 * 60]


def test_neighbouring_dates_that_are_alike_are_one_entry() -> None:
    def off(day: date, *, yearly: bool = False) -> DatedException:
        return DatedException(day, "remove", (), yearly)

    today = date(2026, 11, 25)
    extra = DatedException(date(2026, 12, 2), "add", (WallWindow(time(9), time(10)),))
    found = runs(
        [off(date(2026, 12, 3)), off(date(2026, 12, 1)), extra, off(date(2026, 12, 2)), off(date(2026, 12, 5)),
         off(date(2026, 12, 6), yearly=True), off(date(2026, 11, 23)), off(date(2026, 11, 24)), off(date(2026, 11, 25))],
        today=today,
    )  # fmt: skip
    assert [(run.next_on, run.last_on, run.first.kind, len(run.exceptions)) for run in found] == [
        (date(2026, 11, 23), date(2026, 11, 25), "remove", 3),
        (date(2026, 12, 1), date(2026, 12, 3), "remove", 3),
        (date(2026, 12, 2), date(2026, 12, 2), "add", 1),
        (date(2026, 12, 5), date(2026, 12, 5), "remove", 1),
        (date(2026, 12, 6), date(2026, 12, 6), "remove", 1),
    ]
    assert found[2].times == "09:00–10:00"
    assert found[1].places == ["remove 2026-12-01", "remove 2026-12-02", "remove 2026-12-03"]


def test_the_last_day_of_the_calendar_is_an_entry_like_any_other() -> None:
    """None can be saved any more; one that was must still be shown, or nobody could remove it."""
    last = DatedException(date.max, "remove")
    birthday = DatedException(date(2026, 12, 6), "remove", (), yearly=True)
    assert [run.next_on for run in runs([last, birthday], today=date(2026, 11, 25))] == [birthday.on, date.max]


@pytest.mark.parametrize(
    ("on", "today", "expected"),
    [
        (date(2020, 12, 25), date(2026, 11, 25), date(2026, 12, 25)),
        (date(2020, 1, 6), date(2026, 11, 25), date(2027, 1, 6)),
        (date(2030, 1, 6), date(2026, 11, 25), date(2030, 1, 6)),
        (date(2024, 2, 29), date(2026, 11, 25), date(2028, 2, 29)),
    ],
)
def test_a_yearly_date_comes_next_on_a_day_that_exists(on: date, today: date, expected: date) -> None:
    assert next_date(DatedException(on, "remove", (), yearly=True), today) == expected


@pytest.mark.parametrize(
    ("zone", "after", "at", "forward", "first"),
    [
        ("Europe/Berlin", "2026-03-10", "2026-03-29 01:00", True, "2026-03-29 02:00"),
        ("Europe/Berlin", "2026-10-10", "2026-10-25 01:00", False, "2026-10-25 02:00"),
        ("America/New_York", "2026-10-20", "2026-11-01 06:00", False, "2026-11-01 01:00"),
        ("Australia/Lord_Howe", "2026-09-20", "2026-10-03 15:30", True, "2026-10-04 02:00"),
    ],
)
def test_the_next_change_of_clocks_is_found_to_the_minute(
    zone: str, after: str, at: str, forward: bool, first: str
) -> None:
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    change = next_clock_change(ZoneInfo(zone), after=start, within=timedelta(weeks=4))
    assert change is not None
    assert (change.at, change.forward) == (datetime.fromisoformat(at).replace(tzinfo=UTC), forward)
    assert change.first == datetime.fromisoformat(first)
    assert change.last - change.first == timedelta(minutes=30 if "Howe" in zone else 60)
    assert next_clock_change(ZoneInfo(zone), after=change.at, within=timedelta(weeks=4)) is None
    assert next_clock_change(ZoneInfo(zone), after=start, within=change.at - start - QUARTER) is None


def test_zones_are_places_by_region_with_their_offset() -> None:
    groups = dict(zone_groups(at=MONDAY))
    assert ("Africa/Lagos", "Lagos, GMT+1") in groups["Africa"]
    assert ("Asia/Kathmandu", "Kathmandu, GMT+5:45") in groups["Asia"]
    assert ("UTC", "UTC") in groups["UTC"]
    names = {name for group in groups.values() for name, _label in group}
    assert not names & {"localtime", "Factory", "Etc/GMT+3", "US/Eastern", "CET"}
    assert "CET" in {name for _region, group in zone_groups(at=MONDAY, chosen="CET") for name, _label in group}


@given(st.text(max_size=60))
def test_handles_fit_their_shape_whatever_the_name(name: str) -> None:
    handles = list(islice(handle_candidates(name), 12))
    assert len(set(handles)) == 12
    for handle in handles:
        assert 3 <= len(handle) <= MAX_LENGTH
        assert set(handle) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert handle not in RESERVED


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ngozi Adeyemi", "ngozi-adeyemi"),
        ("José Núñez", "jose-nunez"),
        ("Al", "mentor-al"),
        ("Onboarding", "mentor-onboarding"),
        ("Review", "mentor-review"),
        ("x" * 80, "x" * 40),
    ],
)
def test_a_handle_is_made_of_the_name(name: str, handle: str) -> None:
    assert next(handle_candidates(name)) == handle


def test_a_name_without_latin_letters_gets_a_handle_of_chance() -> None:
    handle = next(handle_candidates("Нгози"))
    assert handle.startswith("mentor-")
    assert handle != next(handle_candidates("Нгози"))


@given(st.integers(1_200, 100_000))
def test_what_arrives_and_the_fee_add_up_to_the_price(rate: int) -> None:
    for price in length_prices(hourly_rate_minor=rate, fixed={90: 500}):
        assert price.price_minor == (
            500 if price.minutes == 90 else price_for(hourly_rate_minor=rate, minutes=price.minutes)
        )
        assert price.receives_minor is not None
        assert price.receives_minor + round_half_up(price.price_minor * 1_500, 10_000) == price.price_minor


def test_prices_are_unknown_until_there_is_a_rate() -> None:
    assert [price.price_minor for price in length_prices(hourly_rate_minor=None, fixed={45: 3_000})] == [
        None,
        3_000,
        None,
    ]
    assert receives(3_300) == 2_805
    assert highest_price() == 150_000


def test_languages_have_names() -> None:
    assert set(COMMON) <= known_languages()
    assert (language_name("de"), language_name("yo"), language_name("zzz")) == ("German", "Yoruba", "Zzz")
    assert not {"english", "xx", "EN"} & known_languages()
