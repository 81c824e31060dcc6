"""The slot picker's week: seven local days of one mentor's bookable starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from bookings.models import Booking
from bookings.queries.slots import diary_of, move_rules, rules_of, shaped
from bookings.queries.taken import taken_between
from bookings.slots import Slot, bookable_starts
from mentors.models import Mentor, Package
from mentors.queries import hours_of
from mentors.windows import windows_between

DAYS = 7
ONE_DAY = timedelta(days=1)
# Hours are expanded this far at first; the whole horizon only for those who have nothing free so soon.
NEAR = timedelta(days=14)


@dataclass(frozen=True)
class Day:
    date: date
    slots: Sequence[Slot]


@dataclass(frozen=True)
class Week:
    days: Sequence[Day]
    # The first bookable start after the week, read only where the week has none.
    next_slot: Slot | None
    # Whether it begins with the first day that has openings, so that no earlier week need be offered.
    is_first: bool
    today: date
    # The last date on which anything can be booked.
    horizon: date

    @property
    def slots(self) -> list[Slot]:
        return [slot for day in self.days for slot in day.slots]

    @property
    def first(self) -> date:
        return self.days[0].date

    @property
    def last(self) -> date:
        return self.days[-1].date


def week_of(
    mentor: Mentor,
    package: Package,
    *,
    first: date | None,
    zone: ZoneInfo,
    at: datetime,
    student: User | None,
    moving: Booking | None = None,
    is_suggested: bool = False,
) -> Week:
    """Read seven days of ``zone`` from ``first``, or from the first day with openings. Two queries.

    A mentor who is not listed has no openings, and costs no query. With ``moving``, the starts are those to which that
    session could be moved: it is not in its own way. ``is_suggested``: by its mentor, who may be paused.
    """
    rules = move_rules(moving, at=at) if moving else rules_of(mentor, minutes=package.minutes)
    today, horizon = at.astimezone(zone).date(), (at + rules.horizon).astimezone(zone).date()
    from_day = min(max(first or today, today), horizon)
    if not (mentor.is_listed or (is_suggested and mentor.may_suggest)):
        return _week(from_day, [], is_first=True, today=today, horizon=horizon, zone=zone)
    start, end = _midnight(from_day, zone), at + rules.horizon + timedelta(minutes=1)
    hours = hours_of(mentor)
    own = moving.pk if moving else None
    taken = taken_between(mentor, min(start, end), end, at=at, student=student, own=own)

    def free(begin: datetime, until: datetime) -> list[Slot]:
        diary = diary_of(windows_between(hours, begin, until), taken)
        return shaped(package, bookable_starts(rules, diary, at=at, start=begin, end=until))

    near = min(start + NEAR, end)
    slots = free(start, near) if start < end else []
    if not slots and near < end:
        slots = free(near, end)
    if first is None and slots:
        from_day = slots[0].starts_at.astimezone(zone).date()
    return _week(from_day, slots, is_first=first is None, today=today, horizon=horizon, zone=zone)


def _week(first: date, slots: Sequence[Slot], *, is_first: bool, today: date, horizon: date, zone: ZoneInfo) -> Week:
    by_day: dict[date, list[Slot]] = {first + n * ONE_DAY: [] for n in range(DAYS)}
    for slot in slots:
        day = slot.starts_at.astimezone(zone).date()
        if day in by_day:
            by_day[day].append(slot)
    is_empty = not any(by_day.values())
    return Week(
        [Day(day, found) for day, found in by_day.items()],
        next_slot=slots[0] if slots and is_empty else None,
        is_first=is_first,
        today=today,
        horizon=horizon,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
