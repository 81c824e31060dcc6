"""Which starts can be booked: pure arithmetic, no query and no clock of its own (docs/slots-and-time.md).

Two readings of one rule. ``bookable_starts`` lists the starts of a range for pages and JSON, ``obstacle`` judges a single
start inside the transaction that claims it. A property test holds them together: a start is listed iff nothing is in
its way. All moments are aware UTC, all intervals half-open.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from zoneinfo import ZoneInfo

from django.conf import settings

GRID = timedelta(minutes=settings.GRID_MINUTES)

type Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Slot:
    """A bookable start as it is shown: with its end, and its price in minor units. Computed, never stored."""

    starts_at: datetime
    ends_at: datetime
    price_minor: int


@dataclass(frozen=True, kw_only=True)
class SlotRules:
    """What a mentor lays down for one length, as it is now."""

    minutes: int
    break_minutes: int
    notice: timedelta
    horizon: timedelta
    # Sessions that may start on one local date of ``zone``, the zone of the weekly hours; None: any number.
    day_cap: int | None
    zone: ZoneInfo

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def length_and_break(self) -> timedelta:
        return timedelta(minutes=self.minutes + self.break_minutes)


@dataclass(frozen=True, kw_only=True)
class Diary:
    """What is known of the mentor's time, and of the student's where there is one.

    It must reach a day and the longest session beyond the starts it is asked about: the day cap counts whole local dates.
    """

    # Merged and in order: no two touch. The grid begins where each begins.
    windows: Sequence[Span]
    # Live bookings of the mentor, each ``[start, end + its own break)``.
    booked: Sequence[Span] = ()
    # Times taken elsewhere, from an imported calendar.
    busy: Sequence[Span] = ()
    # Live bookings of the student, each ``[start, end)``.
    student: Sequence[Span] = ()
    # Starts of the sessions that count towards the day cap: the live ones and those already taught.
    sessions: Sequence[datetime] = field(default=())


class Obstacle(Enum):
    """Why a start can't be booked, in the order in which the refusals are told."""

    NOT_OPEN = auto()  # off the grid, outside the hours, too soon, too far ahead: it can't be right
    STUDENT_BUSY = auto()
    TAKEN = auto()  # it could have been right, and the world moved on
    DAY_FULL = auto()


def bookable_starts(
    rules: SlotRules, diary: Diary, *, at: datetime, start: datetime, end: datetime
) -> Iterator[datetime]:
    """Yield the bookable starts in ``[start, end)``, in order, as they are at ``at``. Take as many as needed."""
    earliest = max(start, at + rules.notice)
    latest = at + rules.horizon
    blocked = _blocked(rules, diary)
    full = _full_dates(rules, diary)
    position, reach = 0, earliest
    for opens, closes in diary.windows:
        last = min(closes - rules.length, latest)
        candidate = opens + max(0, -((opens - earliest) // GRID)) * GRID
        while candidate <= last and candidate < end:
            # All spans that begin before the candidate: it lies in one of them iff the furthest end is beyond it.
            while position < len(blocked) and blocked[position][0] < candidate:
                reach = max(reach, blocked[position][1])
                position += 1
            if reach <= candidate and not (full and candidate.astimezone(rules.zone).date() in full):
                yield candidate
            candidate += GRID


def obstacle(starts_at: datetime, rules: SlotRules, diary: Diary, *, at: datetime) -> Obstacle | None:
    """Say what keeps ``starts_at`` from being booked at ``at``; None when nothing does."""
    if not at + rules.notice <= starts_at <= at + rules.horizon:
        return Obstacle.NOT_OPEN
    ends_at = starts_at + rules.length
    if not any(
        opens <= starts_at and ends_at <= closes and (starts_at - opens) % GRID == timedelta(0)
        for opens, closes in diary.windows
    ):
        return Obstacle.NOT_OPEN
    if meets(diary.student, starts_at, ends_at):
        return Obstacle.STUDENT_BUSY
    blocked_until = starts_at + rules.length_and_break
    if meets(diary.booked, starts_at, blocked_until) or meets(diary.busy, starts_at, blocked_until):
        return Obstacle.TAKEN
    if starts_at.astimezone(rules.zone).date() in _full_dates(rules, diary):
        return Obstacle.DAY_FULL
    return None


def is_bookable(starts_at: datetime, rules: SlotRules, diary: Diary, *, at: datetime) -> bool:
    return obstacle(starts_at, rules, diary, at=at) is None


def meets(spans: Sequence[Span], starts_at: datetime, ends_at: datetime) -> bool:
    return any(start < ends_at and starts_at < end for start, end in spans)


def _blocked(rules: SlotRules, diary: Diary) -> list[Span]:
    """The open spans in which no session can start, in order: one that starts in them would meet something."""
    spans = [(start - rules.length_and_break, end) for taken in (diary.booked, diary.busy) for start, end in taken]
    spans += [(start - rules.length, end) for start, end in diary.student]
    return sorted(spans)


def _full_dates(rules: SlotRules, diary: Diary) -> frozenset[date]:
    if rules.day_cap is None:
        return frozenset()
    count = Counter(start.astimezone(rules.zone).date() for start in diary.sessions)
    return frozenset(day for day, sessions in count.items() if sessions >= rules.day_cap)
