"""Arithmetic on a week of hours: overlaps between blocks, how much is open, how many sessions fit. Pure."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings

from mentors.windows import Rule, WallWindow, Window

DAY = 24 * 60
WEEK = 7 * DAY
GRID = settings.GRID_MINUTES


class Overlap(NamedTuple):
    """Two blocks that share time, by their places in the list that was asked about; ``later`` is the one to mend."""

    earlier: int
    later: int


def overlaps(rules: Sequence[Rule]) -> list[Overlap]:
    """Find weekly blocks that overlap, Sunday night into Monday included. Blocks that only touch are fine."""
    return _shared([_span(rule.weekday * DAY, rule) for rule in rules], circle=WEEK)


def overlaps_on_a_day(windows: Sequence[WallWindow]) -> list[Overlap]:
    """The same among the windows of one dated exception."""
    return _shared([_span(0, window) for window in windows], circle=None)


def _span(day: int, window: Rule | WallWindow) -> tuple[int, int]:
    start = window.start.hour * 60 + window.start.minute
    end = window.end.hour * 60 + window.end.minute
    return day + start, day + (end if end > start else end + DAY)


def _shared(spans: Sequence[tuple[int, int]], *, circle: int | None) -> list[Overlap]:
    shifts = (0,) if circle is None else (-circle, 0, circle)
    found = []
    for place, (start, end) in enumerate(spans):
        for before, (other_start, other_end) in enumerate(spans[:place]):
            if any(start + shift < other_end and other_start < end + shift for shift in shifts):
                found.append(Overlap(before, place))
                break
    return found


def open_minutes(windows: Iterable[Window]) -> int:
    return sum((window.ends_at - window.starts_at for window in windows), timedelta()) // timedelta(minutes=1)


def room_for(windows: Iterable[Window], *, minutes: int, break_minutes: int) -> int:
    """Count the sessions of one length that fit, one after another on the grid. The last of a window needs no break."""
    step = -(-(minutes + break_minutes) // GRID) * GRID
    lengths = (open_minutes([window]) for window in windows)
    return sum((length - minutes) // step + 1 for length in lengths if length >= minutes)


def hours_text(minutes: int) -> str:
    """``1590`` → ``26½``: quarter hours as people write them."""
    whole, rest = divmod(minutes, 60)
    part = {0: "", 15: "¼", 30: "½", 45: "¾"}[rest // GRID * GRID]
    return part if part and not whole else f"{whole}{part}"
