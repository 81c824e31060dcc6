"""Reads what ``bookings.slots`` reckons with. Nothing here locks: a plain read may refuse a time, never grant it."""

import heapq
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from bookings.models import LIVE_STATUSES, Booking
from bookings.queries.taken import COUNTED_STATUSES, MARGIN, Taken, taken_between
from bookings.slots import Diary, Slot, SlotRules, Span, bookable_starts
from mentors import prices
from mentors.models import BusyTime, Mentor, Package
from mentors.queries import hours_of
from mentors.windows import Hours, Window, windows_between

# Alternatives are looked for close by first, so that refusing a taken time stays cheap.
NEARBY = timedelta(days=3)


def price_of(package: Package) -> int:
    """Price one length of a listed mentor, in minor units."""
    assert package.mentor.hourly_rate_minor is not None  # mentor_complete_once_submitted
    return prices.price_of(package, hourly_rate_minor=package.mentor.hourly_rate_minor)


def rules_of(mentor: Mentor, *, minutes: int) -> SlotRules:
    return SlotRules(
        minutes=minutes,
        break_minutes=mentor.break_minutes,
        notice=timedelta(hours=mentor.notice_hours),
        horizon=timedelta(days=mentor.horizon_days),
        day_cap=mentor.day_cap,
        zone=ZoneInfo(mentor.time_zone),
    )


def move_rules(booking: Booking, *, at: datetime) -> SlotRules:
    """The mentor's rules for a new time of a paid session: its own length and break, and not too long after its payment."""
    assert booking.confirmed_at is not None
    rules = rules_of(booking.mentor, minutes=booking.minutes)
    latest = booking.confirmed_at + timedelta(days=settings.MOVE_WITHIN_DAYS)
    return replace(rules, break_minutes=booking.break_minutes, horizon=min(rules.horizon, latest - at))


def windows_around(hours: Hours, starts_at: datetime) -> list[Window]:
    """Expand weekly hours to the windows that a session at ``starts_at`` could lie in."""
    return windows_between(hours, starts_at, starts_at + timedelta(minutes=1))


def busy_around(mentor: Mentor, starts_at: datetime) -> list[Span]:
    """Read the imported busy times near ``starts_at``. One query."""
    near = BusyTime.objects.filter(mentor=mentor, starts_at__lt=starts_at + MARGIN, ends_at__gt=starts_at)
    return list(near.values_list("starts_at", "ends_at"))


def diary_of(windows: Iterable[Window], taken: Iterable[Taken]) -> Diary:
    """Sort what was read into what the arithmetic asks for."""
    theirs = [row for row in taken if row.is_mentors]
    return Diary(
        windows=list(windows),
        booked=[(row.starts_at, row.blocked_until) for row in theirs if row.status in LIVE_STATUSES],
        busy=[(row.starts_at, row.ends_at) for row in theirs if row.status == "busy"],
        student=[(row.starts_at, row.ends_at) for row in taken if row.is_students and row.status in LIVE_STATUSES],
        sessions=[row.starts_at for row in theirs if row.status in COUNTED_STATUSES],
    )


def read_diary(
    mentor: Mentor,
    hours: Hours,
    start: datetime,
    end: datetime,
    *,
    at: datetime,
    student: User | None = None,
    own: UUID | None = None,
) -> Diary:
    """Read everything about ``[start, end)`` that the hours don't say, but for the booking ``own``. One query."""
    taken = taken_between(mentor, start, end, at=at, student=student, own=own)
    return diary_of(windows_between(hours, start, end), taken)


def slots_of(
    mentor: Mentor,
    minutes: int,
    start: datetime,
    end: datetime,
    *,
    student: User | None = None,
    at: datetime | None = None,
) -> list[Slot]:
    """List the bookable starts of one length in ``[start, end)``; none for a mentor who is not listed.

    Three queries, however many there are. With ``student``, times in which they have a session are left out.
    """
    if not mentor.is_listed:
        return []
    package = Package.objects.filter(mentor=mentor, minutes=minutes).first()
    if package is None:
        return []
    package.mentor = mentor
    at = at or timezone.now()
    diary = read_diary(mentor, hours_of(mentor), start, end, at=at, student=student)
    found = bookable_starts(rules_of(mentor, minutes=minutes), diary, at=at, start=start, end=end)
    return shaped(package, found)


def diary_near(mentor: Mentor, hours: Hours, near: datetime, *, at: datetime, student: User | None) -> Diary:
    """Read what stands around a start: enough to judge it and, mostly, to find others close by. One query."""
    return read_diary(mentor, hours, near - NEARBY, near + NEARBY, at=at, student=student)


def alternatives_to(
    package: Package, near: datetime, *, student: User | None = None, at: datetime | None = None
) -> list[Slot]:
    """Find the ``ALTERNATIVES`` free starts nearest to ``near``, in order of time; none where nobody is listed."""
    if not package.mentor.is_listed:
        return []
    at = at or timezone.now()
    hours = hours_of(package.mentor)
    diary = diary_near(package.mentor, hours, near, at=at, student=student)
    return nearest_slots(package, near, hours, diary, at=at, student=student)


def nearest_slots(
    package: Package, near: datetime, hours: Hours, diary: Diary, *, at: datetime, student: User | None
) -> list[Slot]:
    """Find the same in what was read already. Another query only where nothing near is free."""
    rules = rules_of(package.mentor, minutes=package.minutes)
    nearest = _nearest(rules, diary, near, at=at, start=near - NEARBY, end=near + NEARBY)
    if len(nearest) < settings.ALTERNATIVES:
        end = at + rules.horizon
        whole = read_diary(package.mentor, hours, at, end, at=at, student=student)
        nearest = _nearest(rules, whole, near, at=at, start=at, end=end)
    return shaped(package, nearest)


def _nearest(
    rules: SlotRules, diary: Diary, near: datetime, *, at: datetime, start: datetime, end: datetime
) -> list[datetime]:
    free = bookable_starts(rules, diary, at=at, start=start, end=end)
    return sorted(heapq.nsmallest(settings.ALTERNATIVES, free, key=lambda moment: (abs(moment - near), moment)))


def nearest_for_move(booking: Booking, near: datetime, *, at: datetime, is_suggested: bool = False) -> list[Slot]:
    """Find the ``ALTERNATIVES`` starts nearest to ``near`` to which a session could be moved, at the price it was paid.

    ``is_suggested``: by its mentor, who may be paused.
    """
    if not (booking.mentor.is_listed or (is_suggested and booking.mentor.may_suggest)):
        return []
    rules = move_rules(booking, at=at)
    end = at + rules.horizon
    diary = read_diary(
        booking.mentor, hours_of(booking.mentor), at, end, at=at, student=booking.student, own=booking.pk
    )
    found = _nearest(rules, diary, near, at=at, start=at, end=end)
    return [Slot(start, start + rules.length, booking.price_minor) for start in found]


def next_slot(
    mentor: Mentor, package: Package, after: datetime, *, student: User | None = None, at: datetime
) -> Slot | None:
    """Find the first bookable start at or after ``after``, as far as the horizon. Two queries."""
    rules = rules_of(mentor, minutes=package.minutes)
    end = at + rules.horizon + timedelta(minutes=1)
    diary = read_diary(mentor, hours_of(mentor), after, end, at=at, student=student)
    found = islice(bookable_starts(rules, diary, at=at, start=after, end=end), 1)
    return next(iter(shaped(package, found)), None)


def shaped(package: Package, starts: Iterable[datetime]) -> list[Slot]:
    length, price = timedelta(minutes=package.minutes), price_of(package)
    return [Slot(start, start + length, price) for start in starts]
