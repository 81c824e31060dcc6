"""Calendars that a mentor imports: when they are read, and what becomes of it.

Reading is claimed, done and recorded in three steps: nobody is asked while a transaction is open. What can't be read
leaves the last good copy as it is; a busy time is given up only when its own calendar says so.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from marketplace.common.errors import DomainError, RateLimited, violated_constraint
from marketplace.common.libraries import loaded_when_used
from marketplace.common.logging import get_logger
from mentors.emails import send_calendar_unreadable
from mentors.errors import CalendarKnown, CalendarUnreadable, TooManyCalendars
from mentors.gateways.calendars import Reading, Wanted, canonical, read_calendars
from mentors.gateways.ics.addresses import Failure as Refused
from mentors.models import BusyTime, CalendarImport, Mentor
from mentors.services.rows import lock_for_writing
from mentors.signals import busy_times_changed

log = get_logger(__name__)
sealing, fernet = loaded_when_used("accounts.sealing"), loaded_when_used("cryptography.fernet")  # 7 MB

FULL_SECONDS = 10.0
READ_EVERY = timedelta(seconds=settings.CALENDAR_READ_SECONDS)
FRESH = timedelta(seconds=settings.CALENDAR_FRESH_SECONDS)
PARSE_EVERY = timedelta(hours=settings.CALENDAR_PARSE_HOURS)
# So long a mentor is left alone after they were told, should a calendar come and go.
QUIET = timedelta(days=1)
# Jobs at a time: slow servers must not keep the worker from everything else.
LANES = 2
Failure = CalendarImport.Failure

REFUSALS: dict[str, type[DomainError]] = {
    "calendar_import_one_in_a_place": TooManyCalendars,
    "calendar_import_place_in_bounds": TooManyCalendars,
    "calendar_import_address_unique": CalendarKnown,
}


def add_calendar(*, mentor: Mentor, by: User, address: str) -> CalendarImport:
    """Read a calendar for the first time and keep it, with its busy times; nothing is kept of one that can't be read.

    Raises ``CalendarUnreadable``, ``CalendarKnown``, ``TooManyCalendars``, ``Suspended``. Effects: asks the calendar's
    server, for ``FULL_SECONDS`` at most; ``busy_times_changed``.
    """
    try:
        address, host = canonical(address)
    except Refused as refusal:
        raise CalendarUnreadable(Failure(refusal.code).label) from refusal
    if mentor.calendars.count() >= settings.CALENDARS_MAX:
        raise TooManyCalendars
    now = timezone.now()
    calendar = CalendarImport(
        mentor=mentor,
        sealed_address=sealing.seal(address),
        address_hash=hashlib.sha256(address.encode()).hexdigest(),
        host=host,
        added_at=now,
        asked_at=now,
        due_at=now + READ_EVERY,
        read_at=now,
        parsed_at=now,
        time_zone=_zone(mentor),
    )
    reading = _ask([calendar], mentor, at=now, seconds=FULL_SECONDS, wait_for_all=True).get(calendar.pk)
    if reading is None or reading.outcome == "failed":
        raise CalendarUnreadable(((reading and reading.failure) or Failure.SLOW).label)
    try:
        with transaction.atomic():
            row = lock_for_writing(mentor)
            calendar.place = _free_place(row)
            calendar.save(force_insert=True)
            _keep(calendar, reading, at=now)
    except IntegrityError as exc:  # outside the block: a broken transaction can't be used further
        if refused := REFUSALS.get(violated_constraint(exc)):
            raise refused from exc
        raise
    log.info("calendar_added", calendar_id=str(calendar.pk), mentor_id=str(mentor.pk))
    return calendar


def remove_calendar(*, mentor: Mentor, by: User, calendar_id: UUID) -> None:
    """Forget a calendar and the busy times it told of. Safe to repeat. Effects: ``busy_times_changed``. Raises ``Suspended``."""
    with transaction.atomic():
        row = lock_for_writing(mentor)
        row.calendars.filter(pk=calendar_id).delete()
        busy_times_changed.send(sender=Mentor, mentor=row)


def read_now(*, mentor: Mentor, by: User) -> list[CalendarImport]:
    """Read all of a mentor's calendars because they ask for it; return them as they are now.

    Raises ``RateLimited`` where each was asked within ``CALENDAR_FRESH_SECONDS``.
    """
    if not read_mentor(mentor_id=mentor.pk, unasked_for=FRESH):
        raise RateLimited(retry_after=settings.CALENDAR_FRESH_SECONDS)
    return list(mentor.calendars.order_by("place"))


def queue_due(*, at: datetime, most: int = 500) -> int:
    """Queue a job for each mentor whose calendars are to be read by the clock, those first who have waited longest.

    Returns how many. Marks them as read in a while, in the transaction of the jobs: one that is lost comes again then.
    """
    with transaction.atomic(durable=True):
        due = CalendarImport.objects.select_for_update(no_key=True, skip_locked=True).filter(due_at__lte=at)
        found = dict(due.order_by("due_at", "pk").values_list("pk", "mentor_id")[:most])
        CalendarImport.objects.filter(pk__in=found).update(due_at=at + READ_EVERY)
        mentors = set(found.values())
        for mentor_id in mentors:
            # By name: the task calls this module, so this module can't import the task.
            job = app.configure_task("read_calendars", allow_unknown=True, lock=f"calendars-{mentor_id.int % LANES}")
            job.defer(mentor_id=str(mentor_id))
    return len(mentors)


def read_mentor(*, mentor_id: UUID, unasked_for: timedelta = timedelta(0)) -> bool:
    """Read a mentor's calendars, but those that were asked within ``unasked_for``; False when there was none to read.

    Takes up to ``FULL_SECONDS`` and what parsing needs. Effects: ``busy_times_changed``; a mail with the second failure in
    a row. Safe to repeat.
    """
    now = timezone.now()
    mentor = Mentor.objects.select_related("user").get(pk=mentor_id)
    claimed = _claim(mentor, at=now, unasked_for=unasked_for)
    if not claimed:
        return False
    readings = _ask(claimed, mentor, at=now, seconds=FULL_SECONDS, wait_for_all=True)
    for calendar in claimed:
        reading = readings.get(calendar.pk) or Reading(key=calendar.pk, outcome="failed", failure=Failure.SLOW)
        _record(calendar, reading, at=now)
    return True


def read_before_claim(*, mentor_id: UUID) -> None:
    """Read those calendars again that were not asked within ``CALENDAR_FRESH_SECONDS``, for somebody who waits.

    Takes ``CALENDAR_HOLD_SECONDS`` at most. Those that don't answer in that time, or fail, keep their last good copy and
    are left to the clock. Of two who come at once one reads and the other goes on with what is there. Must not run inside
    a transaction. Effects: ``busy_times_changed``.
    """
    now = timezone.now()
    mentor = Mentor.objects.get(pk=mentor_id)
    claimed = _claim(mentor, at=now, unasked_for=FRESH)
    if not claimed:
        return
    readings = _ask(claimed, mentor, at=now, seconds=settings.CALENDAR_HOLD_SECONDS, wait_for_all=False)
    for calendar in claimed:
        reading = readings.get(calendar.pk)
        if reading is not None and reading.outcome != "failed":
            _record(calendar, reading, at=now)


def _claim(mentor: Mentor, *, at: datetime, unasked_for: timedelta) -> list[CalendarImport]:
    """Take those calendars that nobody else is about to ask, and note that they are being asked."""
    with transaction.atomic(durable=True):
        waiting = CalendarImport.objects.select_for_update(no_key=True, skip_locked=True)
        claimed = list(waiting.filter(mentor=mentor, asked_at__lte=at - unasked_for).order_by("pk"))
        CalendarImport.objects.filter(pk__in=[each.pk for each in claimed]).update(asked_at=at)
    for each in claimed:
        each.asked_at = at
    return claimed


def _ask(
    calendars: Sequence[CalendarImport], mentor: Mentor, *, at: datetime, seconds: float, wait_for_all: bool
) -> dict[UUID, Reading]:
    """Ask the servers, outside any transaction; what has not changed need not be sent again, for a day at most."""
    zone = _zone(mentor)
    # From midnight to midnight, so that a time that goes on now is cut the same way at each reading of a day.
    today = datetime.combine(at.astimezone(UTC), time(), tzinfo=UTC)
    wanted, readings = [], {}
    for each in calendars:
        is_known = each.time_zone == zone and each.parsed_at > at - PARSE_EVERY
        marks = {"etag": each.etag, "last_modified": each.last_modified} if is_known else {}
        try:
            wanted.append(Wanted(each.pk, sealing.unseal(each.sealed_address), **marks))
        except fernet.InvalidToken:  # SECRET_KEY was changed and the old one thrown away
            readings[each.pk] = Reading(key=each.pk, outcome="failed", failure=Failure.ADDRESS)
    return readings | read_calendars(
        wanted,
        zone=zone,
        start=today - timedelta(days=1),
        end=today + timedelta(days=settings.HORIZON_DAYS_MAX + 3),
        seconds=seconds,
        wait_for_all=wait_for_all,
    )


def _record(calendar: CalendarImport, reading: Reading, *, at: datetime) -> None:
    """Write down what came of a reading, unless the calendar was removed or asked anew in the meantime."""
    with transaction.atomic(durable=True):
        found = CalendarImport.objects.select_for_update(no_key=True, of=("self",)).select_related("mentor__user")
        row = found.filter(pk=calendar.pk, asked_at=calendar.asked_at).first()
        if row is None:
            return
        if reading.outcome != "failed":
            _keep(row, reading, at=at)
            return
        row.failures, row.failure = row.failures + 1, reading.failure or Failure.SERVER
        row.due_at = at + READ_EVERY
        if row.failures == CalendarImport.TELL_AT and (row.told_at is None or row.told_at <= at - QUIET):
            row.told_at = at
            send_calendar_unreadable(row)
        row.save(update_fields=["failures", "failure", "due_at", "told_at"])
        log.info("calendar_unreadable", calendar_id=str(row.pk), failure=row.failure, failures=row.failures)


def _keep(calendar: CalendarImport, reading: Reading, *, at: datetime) -> None:
    """Take over a good reading. The rows of times that are still busy stay as they are."""
    calendar.failures, calendar.failure = 0, ""
    calendar.read_at, calendar.due_at = at, at + READ_EVERY
    if reading.outcome == "changed":
        calendar.parsed_at, calendar.time_zone = at, _zone(calendar.mentor)
        calendar.etag, calendar.last_modified = reading.etag, reading.last_modified
        calendar.unreadable = reading.unreadable
        _replace_busy_times(calendar, reading)
    calendar.save()


def _replace_busy_times(calendar: CalendarImport, reading: Reading) -> None:
    told = {(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in reading.busy}
    known = {(start, end): pk for pk, start, end in calendar.busy_times.values_list("pk", "starts_at", "ends_at")}
    gone = [pk for span, pk in known.items() if span not in told]
    new = sorted(told - known.keys())
    if not gone and not new:
        return
    BusyTime.objects.filter(pk__in=gone).delete()
    BusyTime.objects.bulk_create(
        BusyTime(mentor=calendar.mentor, calendar=calendar, starts_at=start, ends_at=end) for start, end in new
    )
    busy_times_changed.send(sender=Mentor, mentor=calendar.mentor)


def _free_place(mentor: Mentor) -> int:
    """Find a free place; the mentor is locked. Raises ``TooManyCalendars``."""
    taken = set(mentor.calendars.values_list("place", flat=True))
    free = [place for place in range(1, settings.CALENDARS_MAX + 1) if place not in taken]
    if not free:
        raise TooManyCalendars
    return free[0]


def _zone(mentor: Mentor) -> str:
    """The zone of days and of times without one: that of the hours."""
    return mentor.time_zone or "UTC"
