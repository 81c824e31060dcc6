"""Reminders of coming sessions: a day and an hour before, to both, once for each start."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from bookings import emails
from bookings.models import Booking, BookingEvent
from marketplace.common.models import ToldOnce
from marketplace.common.passes import run_each


class Kind(NamedTuple):
    event: str
    # How long before the start it is due, and how late it may still come, should no worker have run.
    ahead: timedelta
    grace: timedelta


DAY = Kind("reminder_day", timedelta(hours=settings.REMINDER_HOURS[0]), timedelta(hours=2))
HOUR = Kind("reminder_hour", timedelta(hours=settings.REMINDER_HOURS[1]), timedelta(minutes=30))


class Due(NamedTuple):
    booking_id: UUID
    kind: Kind


def send_reminders() -> None:
    """One pass of the periodic job. Safe to repeat and to run twice at once."""
    run_each("remind", remind, list(_due(at=timezone.now())))


def remind(due: Due) -> None:
    """Remind both people of a session, unless it is confirmed no more or they were reminded of this start.

    Safe to repeat, twice at once too: each mail is told once for its booking, kind, person and start, by a constraint.
    """
    with transaction.atomic(durable=True):
        confirmed = Booking.objects.filter(status=Booking.Status.CONFIRMED).select_related("mentor__user", "student")
        booking = confirmed.filter(pk=due.booking_id).first()
        # It may have been moved since the pass has read it.
        if booking is None or not is_due(booking.starts_at, due.kind, at=timezone.now()):
            return
        for reader in (booking.student, booking.mentor.user):
            emails.send_reminder(booking, event=due.kind.event, to=reader)


def is_due(starts_at: datetime, kind: Kind, *, at: datetime) -> bool:
    return kind.ahead - kind.grace < starts_at - at <= kind.ahead


def _due(*, at: datetime) -> Iterator[Due]:
    for kind in (DAY, HOUR):
        earliest, latest = at + kind.ahead - kind.grace, at + kind.ahead
        # Whoever booked or moved it after its reminder was due has just had a mail that says when it is.
        moved_since = BookingEvent.objects.filter(
            booking=OuterRef("pk"), name="moved", at__gt=OuterRef("starts_at") - kind.ahead
        )
        found = Booking.objects.filter(
            ~Exists(moved_since),
            status=Booking.Status.CONFIRMED,
            confirmed_at__lte=F("starts_at") - kind.ahead,
            starts_at__gt=earliest,
            starts_at__lte=latest,
            # Says nothing new; with it the index of ends finds them.
            ends_at__gt=earliest,
            ends_at__lte=latest + timedelta(minutes=max(settings.SESSION_MINUTES)),
        )
        rows = list(found.order_by("starts_at", "pk").values_list("pk", "starts_at", "student", "mentor"))
        told = set(
            ToldOnce.objects.filter(
                event=kind.event,
                user__in={person for _pk, _at, *people in rows for person in people},
                about__in=[emails.about_start(pk, starts_at) for pk, starts_at, *_people in rows],
            ).values_list("about", flat=True)
        )
        yield from (Due(pk, kind) for pk, starts_at, *_ in rows if emails.about_start(pk, starts_at) not in told)
