"""Zones as people choose them, and what the next change of clocks does to hours. Pure."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from marketplace.common.formatting import offset_label, zone_city
from marketplace.common.middleware import known_zones

ONE_HOUR = timedelta(hours=1)
ONE_MINUTE = timedelta(minutes=1)
# Names without a place, kept by the IANA list for old programs only.
NO_PLACES = ("Etc/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/", "SystemV/", "posix/", "right/")


class ClockChange(NamedTuple):
    """The clocks of a zone change at ``at`` (UTC): the hour from ``first`` to ``last`` on the wall is left out or repeated."""

    at: datetime
    forward: bool
    first: datetime
    last: datetime


def next_clock_change(zone: ZoneInfo, *, after: datetime, within: timedelta) -> ClockChange | None:
    """Find the first change of clocks in ``(after, after + within]``, to the minute."""
    moment, end = after.astimezone(UTC).replace(second=0, microsecond=0), after + within
    while moment < end:
        before, later = _offset(moment, zone), _offset(moment + ONE_HOUR, zone)
        if before != later:
            while _offset(moment, zone) == before:
                moment += ONE_MINUTE
            first, last = sorted(((moment + before).replace(tzinfo=None), (moment + later).replace(tzinfo=None)))
            return ClockChange(moment, later > before, first, last) if moment <= end else None
        moment += ONE_HOUR
    return None


def zone_groups(*, at: datetime, chosen: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices for a select: places by region, each with its offset at a moment. A chosen name is always among them."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(known_zones()):
        region, _slash, place = name.partition("/")
        if name != chosen and (not place or name.startswith(NO_PLACES)):
            continue
        label = f"{(place or region).replace('_', ' ')}, {offset_label(ZoneInfo(name), at)}"
        groups.setdefault(region if place else "UTC", []).append((name, label))
    groups.setdefault("UTC", []).append(("UTC", "UTC"))
    return [(region, sorted(set(names))) for region, names in groups.items()]


def zone_name(zone: ZoneInfo, *, at: datetime) -> str:
    """``Lagos (GMT+1)``"""
    return f"{zone_city(zone)} ({offset_label(zone, at)})"


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
