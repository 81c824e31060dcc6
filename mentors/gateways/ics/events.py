"""Finds in a calendar file when somebody is busy. Bounded in time and number, whatever the file says.

Only what tells times is ever parsed: titles, guests and notes are dropped with the line they stand on. Recurrence is the
library's (recurring-ical-events); the budgets around it are ours, because a rule of thirty bytes can ask for more starts
than there are seconds in a life.
"""

import re
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from time import process_time
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from mentors.gateways.ics.addresses import Failure

ENTRIES_MAX = 5_000  # that could matter; those long past don't count
SPANS_MAX = 3_000
TIME_ZONES_MAX = 20
# Of the process's time. What a person's calendar holds takes a thousandth of it.
ENTRY_SECONDS = 0.4
STRIKES_AGAIN_AFTER = 0.02  # should the first strike be swallowed on its way
CALENDAR_SECONDS = 3.0
MARGIN = timedelta(days=2)

NAME = re.compile(r"[A-Za-z0-9-]+")
FOLD = re.compile(r"\r?\n[ \t]")
DAY = re.compile(r":(\d{8})")
OF_TIME = frozenset(
    {
        "UID", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
)  # fmt: skip
REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})

type Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Busy:
    """Merged spans in order, aware UTC; how many entries were read, and how many could not be."""

    spans: list[Span]
    entries: int
    unreadable: int


class OverBudget(BaseException):
    """Not an ``Exception``, so that no library on the way takes it for one of its own."""


@dataclass
class Entry:
    """One VEVENT as it stands in the file: its lines about time, and the first of each by name."""

    lines: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, line: str) -> None:
        self.lines.append(line)
        self.first.setdefault(name, line)

    @property
    def uid(self) -> str:
        return self.first.get("UID", "").partition(":")[2].strip()

    def day_of(self, name: str) -> str:
        """The date of a property as ``20261126``, in whatever zone; empty where there is none."""
        found = DAY.search(self.first.get(name, ""))
        return found[1] if found else ""

    def may_matter(self, start: datetime, end: datetime) -> bool:
        """Whether it could lie in the window, by a look at its dates: most of an old calendar is long past."""
        if not REPEATS.isdisjoint(self.first):
            return True
        begins, ends = self.day_of("DTSTART"), self.day_of("DTEND")
        if not begins:
            return True  # to be counted as unreadable
        is_over = "DURATION" not in self.first and max(begins, ends) < f"{start - MARGIN:%Y%m%d}"
        return not is_over and begins <= f"{end + MARGIN:%Y%m%d}"


def busy_times(content: bytes, *, zone: ZoneInfo, start: datetime, end: datetime, own_host: str = "") -> Busy:
    """Read when somebody is busy within ``[start, end)``, aware UTC.

    ``zone`` is that of days and of times without a zone. Entries whose UID ends in ``own_host`` are sessions booked here,
    which came back: the bookings themselves keep their time. Raises ``Failure``.
    """
    entries, zones = _scan(content)
    own = f"@{own_host}" if own_host else "\0"
    entries = [each for each in entries if not each.uid.endswith(own) and each.may_matter(start, end)]
    if len(entries) > ENTRIES_MAX or len(zones) > TIME_ZONES_MAX:
        raise Failure("too_many")
    began = process_time()
    _learn_zones(zones)
    spans: list[Span] = []
    unreadable = 0
    for group in _by_uid(entries):
        found, broken = _expand(group, zone=zone, start=start, end=end)
        unreadable += broken
        spans += found
        if len(spans) > SPANS_MAX:
            spans = merged(spans)
        if len(spans) > SPANS_MAX or process_time() - began > CALENDAR_SECONDS:
            raise Failure("too_many")
    return Busy(merged(spans), len(entries) - unreadable, unreadable)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap or touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _scan(content: bytes) -> tuple[list[Entry], list[str]]:
    """Split a file into its entries and time zones, without understanding either. Raises ``Failure``.

    What does not end as a calendar does was cut off, and half a calendar would free times that are taken.
    """
    text = FOLD.sub("", content.decode("utf-8-sig", errors="replace"))
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR" or lines[-1].strip().upper() != "END:VCALENDAR":
        raise Failure("not_calendar")
    entries: list[Entry] = []
    zones: list[list[str]] = []
    path: list[str] = []
    for line in lines:
        name = (found[0] if (found := NAME.match(line)) else "").upper()
        value = line.partition(":")[2].strip().upper()
        if name == "BEGIN":
            path.append(value)
            if path == ["VCALENDAR", "VEVENT"]:
                entries.append(Entry())
            if path == ["VCALENDAR", "VTIMEZONE"]:
                zones.append([])
        if path[:2] == ["VCALENDAR", "VTIMEZONE"]:
            zones[-1].append(line)
        if path == ["VCALENDAR", "VEVENT"] and name in OF_TIME:
            entries[-1].add(name, line)
        if name == "END" and (not path or path.pop() != value):
            raise Failure("not_calendar")
    return entries, ["\r\n".join(zone) + "\r\n" for zone in zones]


def _by_uid(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """A series and what was changed of it belong together; without a name each stands alone."""
    groups: dict[str, list[Entry]] = {}
    for number, entry in enumerate(entries):
        groups.setdefault(entry.uid or f"\0{number}", []).append(entry)
    yield from groups.values()


def _learn_zones(zones: Iterable[str]) -> None:
    """Let the library know the file's own time zones; those with an IANA name it knows better than the file.

    It keeps them by name for the whole process, so those of the calendar read before are forgotten first: two files may
    mean different zones by one name.
    """
    import icalendar  # noqa: PLC0415  # only where there is something to read

    icalendar.use_zoneinfo()  # type: ignore[no-untyped-call]  # it has no types
    for text in zones:
        definition = f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n"
        try:
            within(ENTRY_SECONDS, partial(icalendar.Calendar.from_ical, definition))
        except (Exception, OverBudget):  # noqa: S112, BLE001  # a parser may fail in any way on a hostile file
            continue  # its entries are then counted as unreadable, or read by the zone's name


def _expand(group: Sequence[Entry], *, zone: ZoneInfo, start: datetime, end: datetime) -> tuple[list[Span], int]:
    """Find the spans of one series in the window, and how many of its entries could not be read, or not in time.

    A change to one time of a series that makes no sense leaves that time as the series has it.
    """
    import icalendar  # noqa: PLC0415  # only where there is something to read
    import recurring_ical_events  # type: ignore[import-untyped]  # it has no types  # noqa: PLC0415

    text = "".join("BEGIN:VEVENT\r\n" + "\r\n".join(entry.lines) + "\r\nEND:VEVENT\r\n" for entry in group)

    def expand() -> tuple[list[Span], int]:
        calendar = icalendar.Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n")
        read = list(zip(group, calendar.walk("VEVENT"), strict=True))
        if any(event.errors and "RECURRENCE-ID" not in entry.first for entry, event in read):
            return [], len(group)
        calendar.subcomponents = [event for _entry, event in read if not event.errors]
        found = recurring_ical_events.of(calendar).between(start - MARGIN, end + MARGIN)
        spans = [span for event in found if _takes_time(event) and (span := _span(event, zone))]
        return spans, len(group) - len(calendar.subcomponents)

    try:
        spans, broken = within(ENTRY_SECONDS, expand)
    except (Exception, OverBudget):  # noqa: BLE001  # as above: unreadable, and counted
        return [], len(group)
    clipped = [(max(first, start), min(last, end)) for first, last in spans]
    return merged((first, last) for first, last in clipped if first < last), broken


def _takes_time(event: Any) -> bool:  # Any: the library is loaded when it is used
    """Whether an entry keeps its owner busy: not what was called off, nor what they marked as free."""
    status, transparency = str(event.get("STATUS", "")).upper(), str(event.get("TRANSP", "")).upper()
    is_free = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE"
    return status != "CANCELLED" and transparency != "TRANSPARENT" and not is_free


def _span(event: Any, zone: ZoneInfo) -> Span | None:  # Any: the library is loaded when it is used
    first, last = event["DTSTART"].dt, event["DTEND"].dt
    span = _moment(first, zone), _moment(last, zone)
    return span if span[0] < span[1] else None


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    """A day begins, and a time without a zone is meant, on the clock of ``zone``."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value.replace(tzinfo=zone) if value.tzinfo is None else value).astimezone(UTC)


def within[T](seconds: float, work: Callable[[], T]) -> T:
    """Do ``work``; raise ``OverBudget`` out of it once the process has worked that long since it began. Main thread only."""
    handler = signal.signal(signal.SIGPROF, _over)
    signal.setitimer(signal.ITIMER_PROF, seconds, STRIKES_AGAIN_AFTER)
    try:
        try:
            return work()
        finally:  # a second strike may fall just here, where the first is on its way out; no third falls below
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)


def _over(_number: int, _frame: FrameType | None) -> None:
    raise OverBudget
