"""Weekly hours, dated exceptions, booking rules and the pause."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from marketplace.common.middleware import known_zones
from mentors.dates import LAST_DATE
from mentors.errors import Fault
from mentors.models import AvailabilityException, AvailabilityRule, Mentor
from mentors.services.profiles import refuse
from mentors.services.rows import lock_for_writing, log_event
from mentors.signals import hours_changed, status_changed
from mentors.week import overlaps, overlaps_on_a_day
from mentors.windows import DatedException, Kind, Rule

# More than anyone needs, and few enough to expand in a moment.
EXCEPTIONS_MAX = 500
COLUMNS = ("time_zone", "notice_hours", "break_minutes", "horizon_days", "day_cap", "policy", "meeting_url")


class AvailabilityChanges(TypedDict, total=False):
    """What may be changed; what is absent stays. ``weekly`` and ``exceptions`` replace all that was there."""

    time_zone: str
    weekly: Sequence[Rule]
    exceptions: Sequence[DatedException]
    notice_hours: int
    break_minutes: int
    horizon_days: int
    day_cap: int | None
    policy: str
    meeting_url: str
    paused: bool


def save_availability(*, mentor: Mentor, by: User, **changes: Unpack[AvailabilityChanges]) -> Mentor:
    """Save hours and booking rules, all or none of them. Students see them at once; what is booked stays booked.

    Raises ``ManyFaults`` naming each row that can't be saved, ``Suspended``. Effects: ``hours_changed``; an event for
    pausing and resuming.
    """
    with transaction.atomic():
        row = lock_for_writing(mentor)
        refuse(_faults(row, changes))
        columns = [name for name in COLUMNS if name in changes]
        for name in columns:
            setattr(row, name, changes[name])  # type: ignore[literal-required]
        if "paused" in changes and changes["paused"] != (row.paused_at is not None):
            _set_pause(row, changes["paused"], by=by)
            columns.append("paused_at")
        if columns:
            row.save(update_fields=columns)
        if "weekly" in changes:
            _replace_rules(row, changes["weekly"])
        if "exceptions" in changes:
            row.availability_exceptions.all().delete()
            _write_exceptions(row, changes["exceptions"])
        if changes:
            hours_changed.send(sender=Mentor, mentor=row)
        return row


def add_exceptions(
    *, mentor: Mentor, by: User, exceptions: Sequence[DatedException], instead_of: Collection[tuple[date, Kind]] = ()
) -> Mentor:
    """Add dated exceptions, each in the place of one of its kind on its date, and drop those they stand in for.

    Raises ``ManyFaults``, ``Suspended``. Effects: ``hours_changed``.
    """
    with transaction.atomic():
        row = lock_for_writing(mentor)
        given = {(each.on, each.kind): each for each in exceptions}
        replaced = _matching({*instead_of, *given})
        kept = row.availability_exceptions.exclude(replaced).count()
        refuse(_exception_faults(exceptions, beside=kept))
        row.availability_exceptions.filter(replaced).delete()
        _write_exceptions(row, exceptions)
        hours_changed.send(sender=Mentor, mentor=row)
        return row


def remove_exceptions(*, mentor: Mentor, by: User, dates: Collection[tuple[date, Kind]]) -> Mentor:
    """Take dated exceptions back; the weekly hours hold again. Safe to repeat. Effects: ``hours_changed``."""
    with transaction.atomic():
        row = lock_for_writing(mentor)
        row.availability_exceptions.filter(_matching(dates)).delete()
        hours_changed.send(sender=Mentor, mentor=row)
        return row


def _matching(dates: Collection[tuple[date, Kind]]) -> Q:
    matching = Q(pk__in=[])  # nothing, until something is named
    for on, kind in dates:
        matching |= Q(date=on, kind=kind)
    return matching


def _faults(row: Mentor, changes: AvailabilityChanges) -> list[Fault]:
    faults = []
    zone = changes.get("time_zone", row.time_zone)
    if zone and zone not in known_zones():
        faults.append(Fault("time_zone", _("Choose a time zone from the list, such as Europe/Lisbon.")))
    elif not zone and (changes.get("weekly") or changes.get("exceptions") or row.time_zone):
        faults.append(Fault("time_zone", _("Choose the time zone that your hours are in.")))
    faults += [
        Fault(f"weekly.{overlap.later}", _("This block overlaps another one. Change one of the two."))
        for overlap in overlaps(changes.get("weekly", ()))
    ]
    return faults + _exception_faults(changes.get("exceptions", ()))


def _exception_faults(exceptions: Sequence[DatedException], *, beside: int = 0) -> list[Fault]:
    faults = []
    if len(exceptions) + beside > EXCEPTIONS_MAX:
        faults.append(Fault("exceptions", _("That is more dates than can be kept. Remove some that have passed.")))
    seen: set[tuple[date, Kind]] = set()
    for place, exception in enumerate(exceptions):
        where = f"exceptions.{place}"
        if (exception.on, exception.kind) in seen:
            faults.append(Fault(where, _("This date is there twice. Put its hours into one entry.")))
        seen.add((exception.on, exception.kind))
        if exception.on > LAST_DATE:
            faults.append(Fault(f"{where}.date", _("This date is too far ahead. Choose an earlier one.")))
        if exception.kind != "remove" and not exception.windows:
            faults.append(Fault(f"{where}.windows", _("Say from when until when.")))
        if overlaps_on_a_day(exception.windows):
            faults.append(Fault(f"{where}.windows", _("These hours overlap each other. Change one of them.")))
    return faults


def _set_pause(row: Mentor, paused: bool, *, by: User) -> None:
    row.paused_at = timezone.now() if paused else None
    log_event(row, "paused" if paused else "resumed", by=by)
    status_changed.send(sender=Mentor, mentor=row, before=row.status)


def _replace_rules(row: Mentor, weekly: Sequence[Rule]) -> None:
    row.availability_rules.all().delete()
    AvailabilityRule.objects.bulk_create(
        AvailabilityRule(mentor=row, weekday=rule.weekday, start=rule.start, end=rule.end) for rule in weekly
    )


def _write_exceptions(row: Mentor, exceptions: Sequence[DatedException]) -> None:
    AvailabilityException.objects.bulk_create(
        AvailabilityException(
            mentor=row,
            date=each.on,
            kind=each.kind,
            yearly=each.yearly,
            windows=[[f"{window.start:%H:%M}", f"{window.end:%H:%M}"] for window in each.windows],
        )
        for each in exceptions
    )
