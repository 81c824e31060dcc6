"""Notices before clocks change: to mentors whose hours move for students elsewhere, and to those whose sessions move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookings.clock_emails import send_clocks_change
from bookings.clocks import is_shifted
from bookings.models import Booking, ClockNotice
from marketplace.common.middleware import known_zones
from marketplace.common.passes import run_each
from mentors.clocks import ClockChange, next_clock_change
from mentors.models import Mentor


@dataclass
class Told:
    """What one person is to be told of one change."""

    zone: ZoneInfo
    change: ClockChange
    of_hours: bool = False
    sessions: list[Booking] = field(default_factory=list)


def send_clock_notices(*, at: datetime) -> None:
    """Tell everybody whom a change of clocks in the next ``CLOCK_NOTICE_DAYS`` moves, each once for each change.

    Safe to repeat: a row for each person and change keeps it to one mail. What fails is left for the next pass and raised at
    the end. Most days no clock changes, and it is two queries.
    """
    changes = changes_ahead(at=at)
    for moment in sorted({change.at for change in changes.values()}):
        zones = {name: change for name, change in changes.items() if change.at == moment}
        told = _hours_moved(zones)
        _add_sessions_moved(told, zones, moment, at=at)
        already = set(ClockNotice.objects.filter(changes_at=moment).values_list("user_id", flat=True))
        run_each("clock_notice", partial(_tell, told, at), sorted(told.keys() - already))


def changes_ahead(*, at: datetime) -> dict[str, ClockChange]:
    """Which zones that somebody here lives by change their clocks soon, and how. Two queries."""
    mentors = Mentor.objects.listed().order_by().values_list("time_zone", flat=True)
    people = User.objects.order_by().values_list("time_zone", flat=True)
    used = {*mentors.distinct(), *people.distinct()} & known_zones()
    within = timedelta(days=settings.CLOCK_NOTICE_DAYS)
    found = {name: next_clock_change(ZoneInfo(name), after=at, within=within) for name in used}
    return {name: change for name, change in found.items() if change is not None}


def _hours_moved(zones: Mapping[str, ClockChange]) -> dict[UUID, Told]:
    """Mentors who can be booked, by hours that keep their times on a clock that changes."""
    open_ = Mentor.objects.listed().filter(time_zone__in=zones, availability_rules__isnull=False)
    return {
        pk: Told(ZoneInfo(name), zones[name], of_hours=True)
        for pk, name in open_.order_by("pk").values_list("pk", "time_zone").distinct()
    }


def _add_sessions_moved(
    told: dict[UUID, Told], zones: Mapping[str, ClockChange], moment: datetime, *, at: datetime
) -> None:
    """Both people of each session that the change moves on the one clock against the other."""
    either_changes = (
        Q(student__time_zone__in=zones)
        | Q(mentor__user__time_zone__in=zones)
        | Q(mentor__user__time_zone="", mentor__time_zone__in=zones)
    )
    coming = Booking.objects.filter(either_changes, status=Booking.Status.CONFIRMED, starts_at__gte=moment)
    for booking in coming.select_related("mentor__user", "student").order_by("starts_at", "pk").iterator(500):
        names = zone_names(booking)
        if not set(names.values()) <= known_zones():
            continue  # who has not named a zone reads in the site's own, and has no clock that we know
        student, mentor = (ZoneInfo(name) for name in names.values())
        if not is_shifted(booking.starts_at, student, mentor, changes_at=moment):
            continue
        changing = next(name for name in names.values() if name in zones)
        for pk, name in names.items():
            own = name if name in zones else changing
            told.setdefault(pk, Told(ZoneInfo(own), zones[own])).sessions.append(booking)


def zone_names(booking: Booking) -> dict[UUID, str]:
    """The zones that a session's two people read in, the student's first."""
    mentor = booking.mentor
    return {booking.student_id: booking.student.time_zone, mentor.pk: mentor.user.time_zone or mentor.time_zone}


def _tell(told: Mapping[UUID, Told], at: datetime, user_id: UUID) -> None:
    notice = told[user_id]
    with transaction.atomic(durable=True):
        user = User.objects.get(pk=user_id)
        _row, is_new = ClockNotice.objects.get_or_create(
            user=user, changes_at=notice.change.at, defaults={"told_at": at}
        )
        if is_new and user.is_active:
            send_clocks_change(
                user,
                change=notice.change,
                zone=notice.zone,
                of_hours=notice.of_hours,
                sessions=notice.sessions,
                good_for=notice.change.at - at,
            )
