"""Reads what ``bookings.slots`` reckons with. Nothing here locks: a plain read may refuse a time, never grant it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import CharField, F, Q, UUIDField, Value
from django.utils import timezone

from accounts.models import User
from bookings.models import LIVE_STATUSES, Booking
from bookings.slots import Diary, Slot, SlotRules, Span, bookable_starts
from mentors import prices
from mentors.models import BusyTime, Mentor, Package
from mentors.queries import hours_of
from mentors.windows import Hours, Window, windows_between

# What fills a mentor's day: the live ones, and those that were taught or should have been.
COUNTED_STATUSES = (
    *LIVE_STATUSES,
    "ended",
    "completed",
    "problem",
    "no_show_student",
    "no_show_mentor",
    "no_show_both",
)

# A diary reaches this far beyond the starts asked about: a whole local date, and the longest session with its break.
MARGIN = timedelta(days=2)
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


def windows_around(hours: Hours, starts_at: datetime) -> list[Window]:
    """Expand weekly hours to the windows that a session at ``starts_at`` could lie in."""
    return windows_between(hours, starts_at, starts_at + timedelta(minutes=1))


def busy_around(mentor: Mentor, starts_at: datetime) -> list[Span]:
    """Read the imported busy times near ``starts_at``. One query."""
    near = BusyTime.objects.filter(mentor=mentor, starts_at__lt=starts_at + MARGIN, ends_at__gt=starts_at)
    return list(near.values_list("starts_at", "ends_at"))


class Taken(NamedTuple):
    """A time that is not free, whatever the reason."""

    starts_at: datetime
    ends_at: datetime
    # The end with the booking's own break; a busy time has none.
    blocked_until: datetime
    # The status of a booking, "busy" for an imported time.
    status: str
    is_mentors: bool
    is_students: bool


def taken_between(
    mentor: Mentor, start: datetime, end: datetime, *, at: datetime, student: User | None = None
) -> list[Taken]:
    """Read bookings and busy times of the mentor, and the student's own bookings, in one query.

    Lapsed holds are left out: their time is free from the second on in which they lapse.
    """
    rows = _bookings_and_busy_times([mentor.pk], start, end, at=at, student=student)
    return [row.of(mentor.pk, student.pk if student else None) for row in rows]


def taken_of_many(
    mentors: Sequence[UUID], start: datetime, end: datetime, *, at: datetime, student: User | None = None
) -> dict[UUID, list[Taken]]:
    """Read the same for many mentors, in one query. What is the student's stands with each of them."""
    taken: dict[UUID, list[Taken]] = {pk: [] for pk in mentors}
    student_id = student.pk if student else None
    for row in _bookings_and_busy_times(mentors, start, end, at=at, student=student):
        for pk in mentors if student_id and row.student_id == student_id else (row.mentor_id,):
            taken[pk].append(row.of(pk, student_id))
    return taken


class _Row(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    blocked_until: datetime
    status: str
    mentor_id: UUID
    student_id: UUID | None

    def of(self, mentor_id: UUID, student_id: UUID | None) -> Taken:
        is_students = student_id is not None and self.student_id == student_id
        return Taken(*self[:4], is_mentors=self.mentor_id == mentor_id, is_students=is_students)


def _bookings_and_busy_times(
    mentors: Sequence[UUID], start: datetime, end: datetime, *, at: datetime, student: User | None
) -> list[_Row]:
    whose = Q(mentor__in=mentors) if student is None else Q(mentor__in=mentors) | Q(student=student)
    around = Q(starts_at__gt=start - MARGIN, starts_at__lt=end + MARGIN)
    bookings = (
        Booking.objects.filter(whose & around, status__in=COUNTED_STATUSES)
        .not_lapsed(at=at)
        .values_list("starts_at", "ends_at", "blocked_until", "status", "mentor_id", "student_id")
    )
    busy = BusyTime.objects.filter(mentor__in=mentors, starts_at__lt=end + MARGIN, ends_at__gt=start).values_list(
        "starts_at",
        "ends_at",
        F("ends_at"),
        Value("busy", CharField()),
        "mentor_id",
        Value(None, UUIDField()),
    )
    return [_Row(*row) for row in bookings.union(busy, all=True)]


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
    mentor: Mentor, hours: Hours, start: datetime, end: datetime, *, at: datetime, student: User | None = None
) -> Diary:
    """Read everything about ``[start, end)`` that the hours don't say. One query."""
    return diary_of(windows_between(hours, start, end), taken_between(mentor, start, end, at=at, student=student))


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

    Four queries, however many there are. With ``student``, times in which they have a session are left out.
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


def alternatives_to(
    package: Package,
    near: datetime,
    *,
    student: User | None = None,
    at: datetime | None = None,
    hours: Hours | None = None,
) -> list[Slot]:
    """Find the ``ALTERNATIVES`` free starts nearest to ``near``, in order of time. Looks further only where it must.

    Who has read the mentor's ``hours`` already gives them along.
    """
    mentor, at = package.mentor, at or timezone.now()
    if not mentor.is_listed:
        return []
    rules, hours = rules_of(mentor, minutes=package.minutes), hours or hours_of(mentor)
    nearest: list[datetime] = []
    for start, end in ((near - NEARBY, near + NEARBY), (at, at + rules.horizon)):
        diary = read_diary(mentor, hours, start, end, at=at, student=student)
        free = bookable_starts(rules, diary, at=at, start=start, end=end)
        nearest = sorted(free, key=lambda moment: (abs(moment - near), moment))[: settings.ALTERNATIVES]
        if len(nearest) == settings.ALTERNATIVES:
            break
    return shaped(package, sorted(nearest))


def next_slot(
    mentor: Mentor, package: Package, after: datetime, *, student: User | None = None, at: datetime
) -> Slot | None:
    """Find the first bookable start at or after ``after``, as far as the horizon. Three queries."""
    rules = rules_of(mentor, minutes=package.minutes)
    end = at + rules.horizon + timedelta(minutes=1)
    diary = read_diary(mentor, hours_of(mentor), after, end, at=at, student=student)
    found = islice(bookable_starts(rules, diary, at=at, start=after, end=end), 1)
    return next(iter(shaped(package, found)), None)


def shaped(package: Package, starts: Iterable[datetime]) -> list[Slot]:
    length, price = timedelta(minutes=package.minutes), price_of(package)
    return [Slot(start, start + length, price) for start in starts]
