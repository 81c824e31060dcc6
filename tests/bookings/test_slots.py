"""The slot arithmetic, by property: against a definition written out plainly, in every zone, across clock changes."""

import zoneinfo
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bookings.slots import GRID, Diary, Obstacle, SlotRules, Span, bookable_starts, is_bookable, obstacle
from mentors.windows import Hours, Rule, windows_between

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def at(hour: int, minute: int = 0, *, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def rules(
    minutes: int = 45, *, pause: int = 0, notice: int = 4, horizon: int = 60, cap: int | None = None, zone: str = "UTC"
) -> SlotRules:
    return SlotRules(
        minutes=minutes,
        break_minutes=pause,
        notice=timedelta(hours=notice),
        horizon=timedelta(days=horizon),
        day_cap=cap,
        zone=ZoneInfo(zone),
    )


def starts(those: SlotRules, diary: Diary, now: datetime = NOW, days: int = 90) -> list[datetime]:
    return list(bookable_starts(those, diary, at=now, start=now, end=now + days * DAY))


def test_the_grid_begins_where_the_window_begins() -> None:
    diary = Diary(windows=[(at(9, 10), at(10, 45)), (at(12), at(12, 50))])
    assert starts(rules(45), diary) == [at(9, 10), at(9, 25), at(9, 40), at(9, 55), at(12)]
    assert starts(rules(90), diary) == [at(9, 10)]
    assert obstacle(at(9, 15), rules(45), diary, at=NOW) is Obstacle.NOT_OPEN
    assert obstacle(at(9, 10), rules(45), diary, at=NOW) is None


def test_a_break_is_kept_on_both_sides_of_a_session() -> None:
    booked = (at(11), at(11, 45) + timedelta(minutes=30))  # its own break, copied when it was held: 30 minutes
    diary = Diary(windows=[(at(8), at(14))], booked=[booked])
    found = starts(rules(45, pause=10), diary)
    assert at(10) in found
    assert at(10, 15) not in found  # 10:15–11:00 and ten minutes of break
    assert at(12) not in found
    assert at(12, 15) in found
    assert at(10, 15) in starts(rules(45, pause=0), diary)


def test_the_break_may_reach_beyond_the_hours() -> None:
    assert starts(rules(45, pause=30), Diary(windows=[(at(9), at(9, 45))])) == [at(9)]


def test_a_student_needs_no_break_but_is_in_one_session_at_a_time() -> None:
    diary = Diary(windows=[(at(9), at(13))], student=[(at(10), at(10, 45))])
    found = starts(rules(45, pause=30), diary)
    assert at(9, 15) in found
    assert at(9, 30) not in found
    assert at(10, 45) in found
    assert obstacle(at(10), rules(45), diary, at=NOW) is Obstacle.STUDENT_BUSY


def test_an_imported_busy_time_keeps_sessions_and_their_break_away() -> None:
    diary = Diary(windows=[(at(9), at(13))], busy=[(at(10), at(11))])
    found = starts(rules(45, pause=15), diary)
    assert at(9) in found
    assert at(9, 15) not in found
    assert at(11) in found
    assert obstacle(at(9, 15), rules(45, pause=15), diary, at=NOW) is Obstacle.TAKEN


def test_notice_and_horizon_bound_the_starts_to_the_second() -> None:
    diary = Diary(windows=[(at(0, day=23), at(0, day=30))])
    opens = at(16)
    assert is_bookable(opens, rules(15, notice=4), diary, at=opens - timedelta(hours=4))
    assert not is_bookable(opens, rules(15, notice=4), diary, at=opens - timedelta(hours=4) + timedelta(microseconds=1))
    assert is_bookable(opens, rules(15, horizon=3), diary, at=opens - 3 * DAY)
    assert not is_bookable(opens, rules(15, horizon=3), diary, at=opens - 3 * DAY - timedelta(microseconds=1))
    assert starts(rules(15, notice=4), diary, now=opens - timedelta(hours=4))[0] == opens


def test_the_day_cap_counts_local_dates_of_the_hours_zone() -> None:
    # 14:00 UTC on the 24th is 03:00 on the 25th in Auckland.
    diary = Diary(windows=[(at(10), at(16))], sessions=[at(14), at(15)])
    found = starts(rules(45, cap=2, zone="Pacific/Auckland"), diary)
    assert at(10, 45) in found
    assert at(11) not in found  # 00:00 on the 25th, which is full
    assert obstacle(at(11), rules(45, cap=2, zone="Pacific/Auckland"), diary, at=NOW) is Obstacle.DAY_FULL
    assert at(11) in starts(rules(45, cap=3, zone="Pacific/Auckland"), diary)


def test_the_refusal_that_comes_first_is_told() -> None:
    taken = [(at(10), at(10, 45))]
    diary = Diary(windows=[(at(9), at(13))], booked=taken, student=taken, sessions=[at(10)])
    assert obstacle(at(10), rules(45, cap=1), diary, at=NOW) is Obstacle.STUDENT_BUSY
    diary = Diary(windows=[(at(9), at(13))], booked=taken, sessions=[at(10)])
    assert obstacle(at(10), rules(45, cap=1), diary, at=NOW) is Obstacle.TAKEN
    assert obstacle(at(11), rules(45, cap=1), diary, at=NOW) is Obstacle.DAY_FULL
    assert obstacle(at(11), rules(45, cap=2), diary, at=NOW) is None


def test_only_starts_of_the_range_are_listed_its_end_left_out() -> None:
    diary = Diary(windows=[(at(9), at(13))])
    found = list(bookable_starts(rules(45), diary, at=NOW, start=at(9, 20), end=at(10)))
    assert found == [at(9, 30), at(9, 45)]


# By property ------------------------------------------------------------------------------------------------------

minutes_from_now = st.integers(min_value=-36 * 60, max_value=96 * 60)
lengths = st.integers(min_value=1, max_value=360)


@st.composite
def spans(draw: st.DrawFn, base: datetime, most: int = 6) -> list[Span]:
    pairs = draw(st.lists(st.tuples(minutes_from_now, lengths), max_size=most))
    return [(base + timedelta(minutes=m), base + timedelta(minutes=m + length)) for m, length in pairs]


def merged(those: Sequence[Span]) -> list[Span]:
    result: list[Span] = []
    for start, end in sorted(those):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


@cache
def clock_changes(zone: str) -> tuple[datetime, ...]:
    """Noon UTC of the days from 2024 to 2032 before which the zone's offset changed."""
    info = ZoneInfo(zone)
    day, last = datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2033, 1, 1, 12, tzinfo=UTC)
    found, offset = [], day.astimezone(info).utcoffset()
    while day < last:
        day += 7 * DAY
        if day.astimezone(info).utcoffset() != offset:
            while day.astimezone(info).utcoffset() != offset:
                day -= DAY
            day += DAY
            offset = day.astimezone(info).utcoffset()
            found.append(day)
    return tuple(found)


@st.composite
def situations(draw: st.DrawFn) -> tuple[SlotRules, Diary, datetime]:
    """A mentor in some zone near a clock change (or any day, where clocks never change), as full as may be."""
    zone = draw(st.sampled_from(ZONES))
    changes = clock_changes(zone) or (datetime(2028, 2, 29, 12, tzinfo=UTC),)
    now = draw(st.sampled_from(changes)) - timedelta(minutes=draw(st.integers(min_value=0, max_value=2 * 24 * 60)))
    now += timedelta(seconds=draw(st.integers(min_value=0, max_value=59)))
    base = now.replace(second=0)
    diary = Diary(
        windows=merged(draw(spans(base))),
        booked=draw(spans(base)),
        busy=draw(spans(base, most=2)),
        student=draw(spans(base, most=3)),
        sessions=[start for start, _ in draw(spans(base, most=4))],
    )
    those = SlotRules(
        minutes=draw(st.sampled_from([15, 45, 90])),
        break_minutes=draw(st.sampled_from([0, 5, 10, 15, 30])),
        notice=timedelta(hours=draw(st.sampled_from([1, 1, 2, 4, 24, 72]))),
        horizon=draw(st.integers(min_value=1, max_value=4)) * DAY,
        day_cap=draw(st.none() | st.integers(min_value=1, max_value=3)),
        zone=ZoneInfo(zone),
    )
    return those, diary, now


def plainly(those: SlotRules, diary: Diary, now: datetime) -> list[datetime]:
    """The definition of product.md, minute by minute."""
    found = []
    for opens, closes in diary.windows:
        minute = opens
        while minute < closes:
            ends, rests = minute + those.length, minute + those.length_and_break
            local: date = minute.astimezone(those.zone).date()
            same_day = [start for start in diary.sessions if start.astimezone(those.zone).date() == local]
            if (
                int((minute - opens).total_seconds()) % 900 == 0
                and ends <= closes
                and now + those.notice <= minute <= now + those.horizon
                and all(end <= minute or start >= rests for start, end in [*diary.booked, *diary.busy])
                and all(end <= minute or start >= ends for start, end in diary.student)
                and (those.day_cap is None or len(same_day) < those.day_cap)
            ):
                found.append(minute)
            minute += timedelta(minutes=1)
    return found


@hypothesis_settings(max_examples=300, deadline=None)
@given(situations())
def test_the_list_is_what_the_definition_says(situation: tuple[SlotRules, Diary, datetime]) -> None:
    those, diary, now = situation
    assert starts(those, diary, now) == plainly(those, diary, now)


@hypothesis_settings(max_examples=300, deadline=None)
@given(situations(), st.lists(minutes_from_now, max_size=20))
def test_a_start_is_listed_iff_it_is_bookable(situation: tuple[SlotRules, Diary, datetime], others: list[int]) -> None:
    those, diary, now = situation
    listed = set(starts(those, diary, now))
    assert all(is_bookable(start, those, diary, at=now) for start in listed)
    grid = {opens + step * GRID for opens, _ in diary.windows for step in range(40)}
    for start in grid | {now.replace(second=0) + timedelta(minutes=m) for m in others}:
        assert is_bookable(start, those, diary, at=now) == (start in listed)


@hypothesis_settings(max_examples=150, deadline=None)
@given(situations(), minutes_from_now, lengths)
def test_a_range_lists_its_part_of_the_whole(
    situation: tuple[SlotRules, Diary, datetime], begin: int, length: int
) -> None:
    those, diary, now = situation
    start = now + timedelta(minutes=begin)
    end = start + timedelta(minutes=length)
    part = list(bookable_starts(those, diary, at=now, start=start, end=end))
    assert part == [moment for moment in starts(those, diary, now) if start <= moment < end]


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), st.integers(min_value=1, max_value=3))
@example("Australia/Lord_Howe", 1)  # its clocks change by half an hour
@example("Africa/Casablanca", 1)  # and back within the spring, for Ramadan
@example("America/Scoresbysund", 2)
def test_a_day_cap_closes_whole_local_days_across_clock_changes(zone: str, cap: int) -> None:
    info = ZoneInfo(zone)
    for change in clock_changes(zone):
        closed = change.astimezone(info).date()
        noon = datetime.combine(closed, time(12), info).astimezone(UTC)
        now = noon - 3 * DAY
        window = (noon - 2 * DAY, noon + 2 * DAY)
        those = rules(45, cap=cap, zone=zone)
        diary = Diary(windows=[window], sessions=[noon] * cap)
        expected = [
            start
            for start in starts(rules(45, zone=zone), Diary(windows=[window]), now)
            if start.astimezone(info).date() != closed
        ]
        assert starts(those, diary, now) == expected


def test_starts_keep_to_their_windows_on_every_change_of_clocks_in_every_zone() -> None:
    nightly = [(day, time(hour), time(end)) for day in range(7) for hour, end in ((0, 6), (22, 2), (12, 13))]
    seen: set[tuple[object, ...]] = set()
    for zone in ZONES:
        info = ZoneInfo(zone)
        hours = Hours(zone=info, rules=tuple(Rule(*each) for each in nightly))
        for change in clock_changes(zone):
            alike = (change, (change - 2 * DAY).astimezone(info).utcoffset(), change.astimezone(info).utcoffset())
            if alike in seen:
                continue
            seen.add(alike)
            now = change - 2 * DAY
            diary = Diary(windows=windows_between(hours, now, change + DAY))
            those = rules(45, notice=1, zone=zone)
            found = list(bookable_starts(those, diary, at=now, start=now, end=change + DAY))
            assert found
            for start in found:
                [window] = [each for each in diary.windows if each[0] <= start < each[1]]
                assert start + those.length <= window[1]
                assert (start - window[0]) % GRID == timedelta(0)
                assert start.minute % 15 == start.second == 0  # what cutting the search index at quarters rests on
                wall = start.astimezone(info).time()
                assert wall < time(6) or wall == time(12) or wall == time(12, 15) or wall >= time(22), (zone, start)
                assert is_bookable(start, those, diary, at=now)
    assert len(seen) > 400
