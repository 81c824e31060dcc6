"""Weekly hours on a mentor's wall clock, turned into windows of UTC. Pure: no query, no clock, no settings.

The rules are product.md's ("Time"), told with their reasons in ``docs/slots-and-time.md``. Only plain values come in:
``mentors.queries.hours_of`` reads them from the rows.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

type Kind = Literal["add", "remove", "replace"]

ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)
ONE_MINUTE = timedelta(minutes=1)
MIDNIGHT = time(0)


class Window(NamedTuple):
    """A stretch of open time, aware UTC, half-open."""

    starts_at: datetime
    ends_at: datetime


class WallWindow(NamedTuple):
    """A stretch of a day on the wall clock; an end at or before its start is on the next day."""

    start: time
    end: time


WHOLE_DAY = (WallWindow(MIDNIGHT, MIDNIGHT),)


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """A weekly window, on the day that it starts. Monday is 0."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True, order=True)
class DatedException:
    """A change to one date, or (``yearly``) to that date in its year and every later one.

    ``replace`` stands in for the windows that start on the date, ``add`` opens more, ``remove`` closes its windows, or
    without any the whole calendar day, whichever day's hours reach into it.
    """

    on: date
    kind: Kind
    windows: tuple[WallWindow, ...] = ()
    yearly: bool = False

    def applies_to(self, day: date) -> bool:
        """Whether it changes ``day``. A yearly 29 February is there in leap years only; no other day stands in."""
        if not self.yearly:
            return self.on == day
        return self.on <= day and (self.on.month, self.on.day) == (day.month, day.day)


@dataclass(frozen=True, slots=True)
class Hours:
    """All that decides when one mentor is open."""

    zone: ZoneInfo
    rules: tuple[Rule, ...] = ()
    exceptions: tuple[DatedException, ...] = ()


def windows_between(hours: Hours, starts_at: datetime, ends_at: datetime) -> list[Window]:
    """Expand hours to the windows that meet ``[starts_at, ends_at)``, in order, none touching another.

    Windows come whole, not cut to the range, because the grid of bookable starts begins where a window begins. Only
    hours without any gap are cut: such a window begins and ends about two days outside the range.
    """
    first = starts_at.astimezone(hours.zone).date() - 2 * ONE_DAY
    last = ends_at.astimezone(hours.zone).date() + 2 * ONE_DAY
    opened: list[Window] = []
    closed: list[Window] = []
    by_weekday: list[list[WallWindow]] = [[] for _ in range(7)]
    for rule in hours.rules:
        by_weekday[rule.weekday].append(WallWindow(rule.start, rule.end))
    for day in _days(first, last):
        changes = [exception for exception in hours.exceptions if exception.applies_to(day)]
        opened += _on_clock(day, _open_on(by_weekday[day.weekday()], changes), hours.zone)
        for change in changes:
            if change.kind == "remove":
                closed += _on_clock(day, change.windows or WHOLE_DAY, hours.zone)
    windows = merge(opened)
    if closed:
        windows = subtract(windows, merge(closed))
    return [window for window in windows if window.starts_at < ends_at and window.ends_at > starts_at]


def _open_on(weekly: Sequence[WallWindow], changes: Sequence[DatedException]) -> Iterator[WallWindow]:
    """Tell the windows that start on a day, before anything is closed: what is closed stays closed."""
    replacements = [change for change in changes if change.kind == "replace"]
    if replacements:
        # A date of its own beats one that comes every year, a later decision an earlier one.
        yield from max(replacements, key=lambda change: (not change.yearly, change.on)).windows
    else:
        yield from weekly
    for change in changes:
        if change.kind == "add":
            yield from change.windows


def _on_clock(day: date, windows: Iterable[WallWindow], zone: ZoneInfo) -> Iterator[Window]:
    offset = _steady_offset(zone, day)
    for start, end in windows:
        end_day = day if end > start else day + ONE_DAY
        if offset is not None:
            yield Window(datetime.combine(day, start, UTC) - offset, datetime.combine(end_day, end, UTC) - offset)
            continue
        window = Window(
            opening_moment(datetime.combine(day, start), zone), closing_moment(datetime.combine(end_day, end), zone)
        )
        if window.starts_at < window.ends_at:  # else it lay wholly inside the hour that spring leaves out
            yield window


@functools.lru_cache(maxsize=65_536)
def _steady_offset(zone: ZoneInfo, day: date) -> timedelta | None:
    """Tell the offset that holds all through a day and the next, or None around a change of the clocks.

    Most days are such days, and mentors share zones: remembering it makes expanding a long range four times as fast.
    """
    start = datetime.combine(day, MIDNIGHT)
    offsets = {offset for hour in range(49) for offset in _offsets(start + hour * ONE_HOUR, zone)}
    return offsets.pop() if len(offsets) == 1 else None


def opening_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Turn a wall-clock start into UTC: the next existing minute in a spring gap, the first pass in autumn."""
    before, after = _offsets(wall, zone)
    if before < after:
        return _end_of_gap(wall, zone)
    return (wall - before).replace(tzinfo=UTC)


def closing_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Turn a wall-clock end into UTC: the end of the last pass of its last minute, or the end of a spring gap.

    Asking for the last minute rather than the end itself is what makes "until 02:00" end before the second 02:00.
    """
    last_minute = wall - ONE_MINUTE
    before, after = _offsets(last_minute, zone)
    if before < after:
        return _end_of_gap(last_minute, zone)
    return (wall - after).replace(tzinfo=UTC)


def _offsets(wall: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """The two offsets a wall-clock time may have (PEP 495): equal on most days, rising over a gap, falling on a repeat."""
    aware = wall.replace(tzinfo=zone)
    before, after = aware.utcoffset(), aware.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    return before, after


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the moment at which the clocks jumped over ``wall``, to the minute, by halving."""
    before, after = _offsets(wall, zone)
    low, high = (wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC)
    while high - low > ONE_MINUTE:
        middle = low + (high - low) // (2 * ONE_MINUTE) * ONE_MINUTE
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


def merge(windows: Iterable[Window]) -> list[Window]:
    """Join windows that touch or overlap."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.starts_at <= merged[-1].ends_at:
            if window.ends_at > merged[-1].ends_at:
                merged[-1] = Window(merged[-1].starts_at, window.ends_at)
        else:
            merged.append(window)
    return merged


def subtract(windows: Iterable[Window], closed: Sequence[Window]) -> list[Window]:
    """Take closed time out of windows. Both are merged: in order and apart."""
    left: list[Window] = []
    for window in windows:
        starts_at = window.starts_at
        for gap in closed:
            if gap.ends_at <= starts_at:
                continue
            if gap.starts_at >= window.ends_at:
                break
            if gap.starts_at > starts_at:
                left.append(Window(starts_at, gap.starts_at))
            starts_at = gap.ends_at
        if starts_at < window.ends_at:
            left.append(Window(starts_at, window.ends_at))
    return left


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += ONE_DAY
