"""What keeps a mentor or a student from a time: bookings and imported busy times, in one statement.

Almost every page and each refusal reads this. The SQL is written by hand because building it out of querysets (two
tables, two owners, a union) takes the process seven times as long (docs/decisions/0013).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.models import User
from bookings.models import LIVE_STATUSES
from mentors.models import Mentor, Package

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

# Bookings are read this far beyond the starts asked about: a whole local date, and the longest session with its break.
MARGIN = timedelta(days=2)

TAKEN = """
    SELECT starts_at, ends_at, blocked_until, status, mentor_id, student_id FROM bookings_booking
    WHERE (mentor_id = ANY(%(mentors)s::uuid[]) OR student_id = %(student)s::uuid)
        AND starts_at > %(first)s AND starts_at < %(last)s AND status = ANY(%(counted)s)
        AND NOT (status = 'held' AND hold_expires_at <= %(at)s) AND id IS DISTINCT FROM %(own)s::uuid
    UNION ALL
    SELECT starts_at, ends_at, ends_at, 'busy', mentor_id, NULL FROM mentors_busytime
    WHERE mentor_id = ANY(%(mentors)s::uuid[]) AND starts_at < %(last)s AND ends_at > %(start)s
"""


GLANCE = """
    SELECT mentor.*, package.id AS package_id, package.price_minor AS package_price_minor,
        EXISTS (
            SELECT FROM bookings_booking
            WHERE mentor_id = mentor.user_id AND starts_at < %(ends_at)s AND blocked_until > %(starts_at)s
                AND (status = 'confirmed' OR status = 'held' AND hold_expires_at > %(at)s)
        ) AND NOT EXISTS (
            SELECT FROM bookings_booking WHERE student_id = %(student)s AND status = 'held'
        ) AS seems_taken,
        EXISTS (
            SELECT FROM mentors_calendarimport WHERE mentor_id = mentor.user_id AND asked_at <= %(stale)s
        ) AS has_stale_calendars
    FROM mentors_mentor AS mentor
    LEFT JOIN mentors_package AS package ON package.mentor_id = mentor.user_id AND package.minutes = %(minutes)s
    WHERE mentor.handle = %(handle)s
"""


class Glance(NamedTuple):
    """What a first look tells of a wanted time, before any lock."""

    mentor_id: UUID
    # What is offered, where somebody who holds nothing asks for a time that a live booking seems to stand in.
    taken: Package | None
    # Whether a calendar of theirs was not asked for a while: it is to be read before time is claimed.
    has_stale_calendars: bool


def glance(*, handle: str, minutes: int, starts_at: datetime, student: User, at: datetime) -> Glance | None:
    """Look up a mentor, what they offer and whether the time seems taken; None where the handle is nobody's. One query."""
    parameters = {
        "handle": handle,
        "minutes": minutes,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "student": student.pk,
        "at": at,
        "stale": at - timedelta(seconds=settings.CALENDAR_FRESH_SECONDS),
    }
    for mentor in Mentor.objects.raw(GLANCE, parameters):
        beside: dict[str, Any] = vars(mentor)  # Any: the columns that aren't the mentor's own
        is_stale = beside["has_stale_calendars"]
        if not (beside["seems_taken"] and beside["package_id"] and mentor.is_listed):
            return Glance(mentor.pk, None, is_stale)
        package = Package(id=beside["package_id"], minutes=minutes, price_minor=beside["package_price_minor"])
        package.mentor = mentor
        return Glance(mentor.pk, package, is_stale)
    return None


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
    mentor: Mentor,
    start: datetime,
    end: datetime,
    *,
    at: datetime,
    student: User | None = None,
    own: UUID | None = None,
) -> list[Taken]:
    """Read bookings and busy times of the mentor, and the student's own bookings, in one query.

    Lapsed holds are left out: their time is free from the second on in which they lapse. So is ``own``, a booking that is
    to be moved: it is not in its own way.
    """
    return taken_of_many([mentor.pk], start, end, at=at, student=student, own=own)[mentor.pk]


def taken_of_many(
    mentors: Sequence[UUID],
    start: datetime,
    end: datetime,
    *,
    at: datetime,
    student: User | None = None,
    own: UUID | None = None,
) -> dict[UUID, list[Taken]]:
    """Read the same for many mentors, in one query. What is the student's stands with each of them."""
    taken: dict[UUID, list[Taken]] = {pk: [] for pk in mentors}
    student_id = student.pk if student else None
    with connection.cursor() as cursor:
        cursor.execute(
            TAKEN,
            {
                "mentors": list(mentors),
                "student": student_id,
                "first": start - MARGIN,
                "start": start,
                "last": end + MARGIN,
                "counted": list(COUNTED_STATUSES),
                "at": at,
                "own": own,
            },
        )
        rows = cursor.fetchall()
    for starts_at, ends_at, blocked_until, status, mentor_id, booked_by in rows:
        is_students = student_id is not None and booked_by == student_id
        for pk in mentors if is_students else (mentor_id,):
            taken[pk].append(Taken(starts_at, ends_at, blocked_until, status, mentor_id == pk, is_students))
    return taken
