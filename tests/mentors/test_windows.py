"""Hours to windows: the named cases in tables, and every zone and change day of 2024–2032 against a slow oracle."""

import functools
import itertools
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentors.windows import DatedException, Hours, Kind, Rule, WallWindow, Window, merge, subtract, windows_between

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
MONDAY, TUESDAY, SUNDAY = 0, 1, 6


def at(text: str) -> datetime:
    """``2026-03-29 01:00`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(text: str) -> WallWindow:
    """``09:00-12:30``"""
    start, end = text.split("-")
    return WallWindow(time.fromisoformat(start), time.fromisoformat(end))


def weekly(zone: str, *rules: tuple[int, str], exceptions: tuple[DatedException, ...] = ()) -> Hours:
    return Hours(ZoneInfo(zone), tuple(Rule(day, *clock(text)) for day, text in rules), exceptions)


def dated(on: str, kind: Kind, *windows: str, yearly: bool = False) -> DatedException:
    return DatedException(date.fromisoformat(on), kind, tuple(clock(text) for text in windows), yearly)


def opened(hours: Hours, first: str, last: str) -> list[tuple[str, str]]:
    """The windows that meet these UTC days, as text."""
    found = windows_between(hours, at(f"{first} 00:00"), at(f"{last} 00:00") + DAY)
    return [(f"{starts_at:%d %H:%M}", f"{ends_at:%d %H:%M}") for starts_at, ends_at in found]


@pytest.mark.parametrize(
    ("zone", "day", "window", "expected"),
    [
        # Berlin springs from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
        pytest.param("Europe/Berlin", "2026-03-29", "09:00-12:00", ("29 07:00", "29 10:00"), id="after the change"),
        pytest.param("Europe/Berlin", "2026-03-29", "02:15-04:00", ("29 01:00", "29 02:00"), id="start in the gap"),
        pytest.param("Europe/Berlin", "2026-03-29", "01:00-02:30", ("29 00:00", "29 01:00"), id="end in the gap"),
        pytest.param("Europe/Berlin", "2026-03-29", "02:00-03:00", None, id="wholly in the gap"),
        pytest.param("Europe/Berlin", "2026-03-29", "02:15-02:45", None, id="deep in the gap"),
        pytest.param("Europe/Berlin", "2026-03-29", "01:00-05:00", ("29 00:00", "29 03:00"), id="over the gap"),
        # It repeats 02:00 to 03:00 on 25 October 2026; the second pass begins at 01:00 UTC.
        pytest.param(
            "Europe/Berlin", "2026-10-25", "01:00-02:00", ("24 23:00", "25 00:00"), id="until the first 02:00"
        ),
        pytest.param(
            "Europe/Berlin", "2026-10-25", "01:00-02:15", ("24 23:00", "25 01:15"), id="until the second 02:15"
        ),
        pytest.param("Europe/Berlin", "2026-10-25", "02:30-03:30", ("25 00:30", "25 02:30"), id="from the first 02:30"),
        pytest.param("Europe/Berlin", "2026-10-25", "02:00-03:00", ("25 00:00", "25 02:00"), id="both passes"),
        pytest.param("Europe/Berlin", "2026-10-25", "03:00-04:00", ("25 02:00", "25 03:00"), id="after both passes"),
        # Lord Howe shifts by half an hour: 02:00 to 02:30 is left out on 4 October 2026, repeated on 5 April.
        pytest.param("Australia/Lord_Howe", "2026-10-04", "02:00-02:30", None, id="half-hour gap"),
        pytest.param(
            "Australia/Lord_Howe", "2026-10-04", "01:00-03:00", ("03 14:30", "03 16:00"), id="over half an hour"
        ),
        pytest.param(
            "Australia/Lord_Howe", "2026-04-05", "01:00-02:00", ("04 14:00", "04 15:30"), id="half-hour repeat"
        ),
        # Havana repeats midnight to one; Beirut's day begins at one when its clocks spring at midnight.
        pytest.param("America/Havana", "2026-11-01", "00:00-01:00", ("01 04:00", "01 06:00"), id="midnight twice"),
        pytest.param("Asia/Beirut", "2026-03-29", "00:00-02:00", ("28 22:00", "28 23:00"), id="no midnight"),
        # The windows of a day that its zone skipped vanish: Samoa had no 30 December 2011.
        pytest.param("Pacific/Apia", "2011-12-30", "09:00-17:00", None, id="a day that was skipped"),
        pytest.param("Pacific/Apia", "2011-12-29", "22:00-02:00", ("30 08:00", "30 10:00"), id="into a skipped day"),
        pytest.param(
            "Asia/Kathmandu", "2026-06-01", "09:00-10:00", ("01 03:15", "01 04:15"), id="three-quarter offset"
        ),
    ],
)
def test_clock_changes_move_or_drop_a_window(
    zone: str, day: str, window: str, expected: tuple[str, str] | None
) -> None:
    hours = Hours(ZoneInfo(zone), exceptions=(dated(day, "add", window),))
    moment = at(f"{day} 00:00")
    found = windows_between(hours, moment - 2 * DAY, moment + 2 * DAY)
    assert [(f"{w.starts_at:%d %H:%M}", f"{w.ends_at:%d %H:%M}") for w in found] == ([expected] if expected else [])


def test_several_windows_a_day_stay_apart() -> None:
    hours = weekly("Europe/Berlin", (MONDAY, "18:00-22:00"), (MONDAY, "09:00-12:30"))
    assert opened(hours, "2026-11-23", "2026-11-23") == [("23 08:00", "23 11:30"), ("23 17:00", "23 21:00")]


def test_windows_that_touch_or_overlap_are_one() -> None:
    touching = weekly("UTC", (MONDAY, "09:00-12:00"), (MONDAY, "12:00-13:00"))
    overlapping = weekly("UTC", (MONDAY, "09:00-12:00"), (MONDAY, "11:00-13:00"))
    inside = weekly("UTC", (MONDAY, "09:00-13:00"), (MONDAY, "10:00-11:00"))
    for hours in (touching, overlapping, inside):
        assert opened(hours, "2026-11-23", "2026-11-23") == [("23 09:00", "23 13:00")]


def test_an_end_at_or_before_its_start_is_on_the_next_day() -> None:
    hours = weekly("UTC", (MONDAY, "22:00-01:00"), (TUESDAY, "01:00-02:00"))
    assert opened(hours, "2026-11-23", "2026-11-23") == [("23 22:00", "24 02:00")]
    assert opened(hours, "2026-11-24", "2026-11-24") == [("23 22:00", "24 02:00")], "the night before reaches in"
    assert opened(weekly("UTC", (MONDAY, "08:00-08:00")), "2026-11-23", "2026-11-23") == [("23 08:00", "24 08:00")]


def test_a_window_is_whole_however_narrow_the_range() -> None:
    hours = weekly("UTC", (MONDAY, "09:10-17:00"))
    noon = at("2026-11-23 12:00")
    assert windows_between(hours, noon, noon + QUARTER) == [Window(at("2026-11-23 09:10"), at("2026-11-23 17:00"))]


def test_hours_without_a_gap_cover_the_range() -> None:
    hours = weekly("Europe/Berlin", *((day, "00:00-00:00") for day in range(7)))
    [window] = windows_between(hours, at("2026-03-27 00:00"), at("2026-04-03 00:00"))
    assert window.starts_at <= at("2026-03-26 00:00")
    assert window.ends_at >= at("2026-04-04 00:00")


def test_no_hours_open_nothing() -> None:
    assert opened(weekly("Europe/Berlin"), "2026-01-01", "2026-12-31") == []


NIGHTS = ((MONDAY, "22:00-01:00"), (TUESDAY, "10:00-12:00"), (TUESDAY, "22:00-01:00"))


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (dated("2026-11-24", "add", "15:00-16:00"), ["23 22:00–24 01:00", "24 10:00–24 12:00", "24 15:00–24 16:00", "24 22:00–25 01:00"]),
        (dated("2026-11-24", "add", "12:00-13:00"), ["23 22:00–24 01:00", "24 10:00–24 13:00", "24 22:00–25 01:00"]),
        (dated("2026-11-24", "remove", "10:30-11:00"), ["23 22:00–24 01:00", "24 10:00–24 10:30", "24 11:00–24 12:00", "24 22:00–25 01:00"]),
        (dated("2026-11-24", "remove", "00:00-11:00"), ["23 22:00–24 00:00", "24 11:00–24 12:00", "24 22:00–25 01:00"]),
        (dated("2026-11-24", "remove"), ["23 22:00–24 00:00", "25 00:00–25 01:00"]),
        (dated("2026-11-24", "replace", "14:00-15:00"), ["23 22:00–24 01:00", "24 14:00–24 15:00"]),
        (dated("2026-11-24", "replace", "23:00-02:00"), ["23 22:00–24 01:00", "24 23:00–25 02:00"]),
        (dated("2025-11-24", "remove", yearly=True), ["23 22:00–24 00:00", "25 00:00–25 01:00"]),
        (dated("2025-11-24", "remove"), ["23 22:00–24 01:00", "24 10:00–24 12:00", "24 22:00–25 01:00"]),
        (dated("2027-11-24", "remove", yearly=True), ["23 22:00–24 01:00", "24 10:00–24 12:00", "24 22:00–25 01:00"]),
    ],
    ids=["add", "add joins", "remove a part", "remove reaches the night before", "remove the day", "replace", "replace over midnight", "every year", "another year", "every year from later on"],
)  # fmt: skip
def test_a_dated_exception_changes_its_day(exception: DatedException, expected: list[str]) -> None:
    hours = weekly("UTC", *NIGHTS, exceptions=(exception,))
    assert [f"{start}–{end}" for start, end in opened(hours, "2026-11-23", "2026-11-25")] == expected


def test_what_is_closed_stays_closed() -> None:
    both = (dated("2026-11-24", "add", "15:00-17:00"), dated("2026-11-24", "remove"))
    assert opened(weekly("UTC", exceptions=both), "2026-11-24", "2026-11-24") == []
    assert opened(weekly("UTC", exceptions=both[:1]), "2026-11-24", "2026-11-24") == [("24 15:00", "24 17:00")]


def test_a_date_of_its_own_beats_one_that_comes_every_year() -> None:
    every_year = dated("2025-12-24", "replace", "09:00-12:00", yearly=True)
    this_year = dated("2026-12-24", "replace", "10:00-11:00")
    for exceptions in ((every_year, this_year), (this_year, every_year)):
        hours = weekly("UTC", exceptions=exceptions)
        assert opened(hours, "2026-12-24", "2026-12-24") == [("24 10:00", "24 11:00")]
        assert opened(hours, "2027-12-24", "2027-12-24") == [("24 09:00", "24 12:00")]


def test_a_yearly_29_february_is_there_in_leap_years_only() -> None:
    every_day = tuple((day, "09:00-10:00") for day in range(7))
    hours = weekly("UTC", *every_day, exceptions=(dated("2024-02-29", "remove", yearly=True),))
    assert opened(hours, "2028-02-28", "2028-03-01") == [("28 09:00", "28 10:00"), ("01 09:00", "01 10:00")]
    assert len(opened(hours, "2027-02-28", "2027-03-01")) == 2
    assert len(opened(hours, "2026-02-28", "2026-03-01")) == 2


def test_a_whole_day_off_closes_both_passes_of_a_repeated_hour() -> None:
    night = weekly("America/Havana", (SUNDAY, "00:00-03:00"), exceptions=(dated("2026-11-01", "remove"),))
    assert opened(night, "2026-10-31", "2026-11-02") == []


# --- every zone, every change of its clocks ---------------------------------------------------------------------


class Change(NamedTuple):
    """The clocks of a zone change at ``at``. Zones that share offsets and moment stand for each other."""

    zone: str
    at: datetime


@functools.cache
def clock_changes() -> list[Change]:
    """Each change of offset from 2024 to 2032 in the whole IANA list, once for zones that change alike."""
    found: dict[tuple[datetime, timedelta | None, timedelta | None], Change] = {}
    for name in sorted(zoneinfo.available_timezones()):
        zone = ZoneInfo(name)
        moment, end = at("2024-01-01 00:00"), at("2033-01-01 00:00")
        before = moment.astimezone(zone).utcoffset()
        while moment < end:
            moment += 5 * DAY
            after = moment.astimezone(zone).utcoffset()
            if after != before:
                turn = _first_quarter_with(after, zone, moment - 5 * DAY, moment)
                found.setdefault((turn, before, after), Change(name, turn))
                before = after
    return list(found.values())


def _first_quarter_with(offset: timedelta | None, zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    while high - low > QUARTER:
        middle = low + (high - low) // (2 * QUARTER) * QUARTER
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, high)
    return high


def quarters(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    while starts_at < ends_at:
        yield starts_at
        starts_at += QUARTER


def slow_window(zone: ZoneInfo, day: date, wall: WallWindow) -> Window | None:
    """Product.md's rule said another way: from the first to the last quarter whose clock reads inside the window."""
    opens = datetime.combine(day, wall.start)
    closes = datetime.combine(day if wall.end > wall.start else day + DAY, wall.end)
    around = quarters(opens.replace(tzinfo=UTC) - 2 * DAY, closes.replace(tzinfo=UTC) + 2 * DAY)
    inside = [moment for moment in around if opens <= moment.astimezone(zone).replace(tzinfo=None) < closes]
    return Window(inside[0], inside[-1] + QUARTER) if inside else None


def slow_windows(hours: Hours, starts_at: datetime, ends_at: datetime) -> list[Window]:
    """Expand rules only, quarter by quarter, then join the quarters."""
    first = starts_at.astimezone(hours.zone).date() - 2 * DAY
    days = [first + n * DAY for n in range((ends_at - starts_at).days + 6)]
    found = [
        window
        for day in days
        for rule in hours.rules
        if rule.weekday == day.weekday() and (window := slow_window(hours.zone, day, WallWindow(rule.start, rule.end)))
    ]
    open_quarters = sorted({moment for window in found for moment in quarters(*window)})
    joined: list[Window] = []
    for moment in open_quarters:
        if joined and joined[-1].ends_at == moment:
            joined[-1] = Window(joined[-1].starts_at, moment + QUARTER)
        else:
            joined.append(Window(moment, moment + QUARTER))
    return [window for window in joined if window.starts_at < ends_at and window.ends_at > starts_at]


AWKWARD = tuple(
    clock(text)
    for text in ("00:00-01:00", "01:30-02:00", "02:00-03:00", "02:15-02:45", "02:30-04:00", "23:00-00:00", "22:30-02:15", "00:00-00:00")
)  # fmt: skip


def test_every_zone_keeps_the_rule_on_every_change_day() -> None:
    changes = clock_changes()
    assert {change.at.year for change in changes} == set(range(2024, 2033))
    for change in changes:
        zone = ZoneInfo(change.zone)
        for day in (change.at.astimezone(zone) - QUARTER).date(), change.at.astimezone(zone).date():
            for wall in AWKWARD:
                hours = Hours(zone, exceptions=(DatedException(day, "add", (wall,)),))
                expected = slow_window(zone, day, wall)
                found = windows_between(hours, change.at - 3 * DAY, change.at + 3 * DAY)
                assert found == ([expected] if expected else []), (change, day, wall)


walls = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
rules = st.builds(Rule, st.integers(0, 6), walls, walls)
zones = st.sampled_from(sorted(zoneinfo.available_timezones()))


@settings(max_examples=60, deadline=None)
@given(change=st.deferred(lambda: st.sampled_from(clock_changes())), weekly_rules=st.lists(rules, max_size=6))
def test_weekly_hours_around_a_change_are_those_of_the_slow_oracle(change: Change, weekly_rules: list[Rule]) -> None:
    hours = Hours(ZoneInfo(change.zone), tuple(weekly_rules))
    starts_at, ends_at = change.at - DAY, change.at + DAY
    assert _within(windows_between(hours, starts_at, ends_at), starts_at, ends_at) == _within(
        slow_windows(hours, starts_at, ends_at), starts_at, ends_at
    )


def _within(windows: list[Window], starts_at: datetime, ends_at: datetime) -> list[Window]:
    """Cut to the range: how far outside it hours without a gap are followed is nobody's promise."""
    return [Window(max(w.starts_at, starts_at), min(w.ends_at, ends_at)) for w in windows]


exceptions = st.builds(
    DatedException,
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.sampled_from(["add", "remove", "replace"]),
    st.lists(st.builds(WallWindow, walls, walls), min_size=1, max_size=3).map(tuple),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(
    zone=zones,
    weekly_rules=st.lists(rules, max_size=8),
    changes=st.lists(exceptions, max_size=4),
    day=st.dates(date(2024, 1, 1), date(2032, 12, 1)),
)
def test_windows_are_in_order_apart_and_the_same_however_the_range_is_cut(
    zone: str, weekly_rules: list[Rule], changes: list[DatedException], day: date
) -> None:
    starts_at = datetime.combine(day, time(5), UTC)
    middle, ends_at = starts_at + 9 * DAY, starts_at + 20 * DAY
    hours = Hours(ZoneInfo(zone), tuple(weekly_rules), tuple(changes))
    whole = windows_between(hours, starts_at, ends_at)
    assert all(window.starts_at < window.ends_at for window in whole)
    assert all(one.ends_at < other.starts_at for one, other in itertools.pairwise(whole))
    halves = windows_between(hours, starts_at, middle) + windows_between(hours, middle, ends_at)
    assert _within(merge(halves), starts_at, ends_at) == _within(whole, starts_at, ends_at)


@settings(max_examples=100, deadline=None)
@given(
    zone=zones, weekly_rules=st.lists(rules, min_size=1, max_size=8), day=st.dates(date(2024, 1, 2), date(2032, 12, 30))
)
def test_a_day_off_leaves_no_minute_of_that_local_day_and_every_other(
    zone: str, weekly_rules: list[Rule], day: date
) -> None:
    place = ZoneInfo(zone)
    noon = datetime.combine(day, time(12), UTC)
    span = noon - 3 * DAY, noon + 3 * DAY
    without = Hours(place, tuple(weekly_rules), (DatedException(day, "remove"),))

    def by_quarter(hours: Hours) -> set[datetime]:
        return {
            moment
            for window in windows_between(hours, *span)
            for moment in quarters(*window)
            if span[0] <= moment < span[1]
        }

    off = {moment for moment in quarters(*span) if moment.astimezone(place).date() == day}
    assert by_quarter(without) == by_quarter(Hours(place, tuple(weekly_rules))) - off


moments = st.integers(0, 40).map(lambda n: at("2026-01-01 00:00") + n * QUARTER)
spans = st.tuples(moments, moments).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Window(*pair))


@given(st.lists(spans), st.lists(spans))
def test_merging_and_subtracting_are_set_arithmetic_on_quarters(some: list[Window], others: list[Window]) -> None:
    def covered(windows: list[Window]) -> set[datetime]:
        return {moment for window in windows for moment in quarters(*window)}

    assert covered(merge(some)) == covered(some)
    assert covered(subtract(merge(some), merge(others))) == covered(some) - covered(others)
