"""What the session page and the lists of sessions show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.errors import HoldLimit
from bookings.models import LIVE_STATUSES, Booking, BookingQuerySet
from bookings.signals import confirming_wanted
from uploads.models import Upload

COMING_LIMIT = 50


# What the page of a time that is not booked (yet) may turn out to be: paid, and waiting for the provider's word.
UNSETTLED = (Booking.Status.HELD, Booking.Status.EXPIRED)
PHASE_LABELS = {
    "confirming": _("Confirming"),
    "upcoming": _("Booked"),
    "in_progress": _("In progress"),
    "over": _("Over"),
}


@dataclass(frozen=True)
class Row:
    """A booking as one of its people reads it in a list."""

    booking: Booking
    other: User
    phase: str
    label: str


@dataclass(frozen=True)
class SessionsPage:
    """Coming sessions and holds, and one month of past ones."""

    coming: Sequence[Row]
    past: Sequence[Row]
    month: datetime | None
    older: datetime | None
    newer: datetime | None

    @property
    def is_empty(self) -> bool:
        return not (self.coming or self.past or self.older)


def phase(booking: Booking, *, at: datetime) -> str:
    """The state a reader sees: the booking's, with what only the clock knows (``joinable``, ``in_progress``, ``over``)."""
    status = booking.status_at(at)
    if status != Booking.Status.CONFIRMED:
        return status
    if at >= booking.ends_at:
        return "over"
    return "in_progress" if at >= booking.starts_at else "upcoming"


def confirming(booking: Booking, reader: User, *, at: datetime) -> str:
    """Why the reader's payment for a time counts as on its way ("told", "waited"), or "". Nothing is decided by it."""
    if reader.pk != booking.student_id or booking.status_at(at) not in UNSETTLED:
        return ""
    answers = [str(answer) for _receiver, answer in confirming_wanted.send(Booking, booking=booking)]
    return next(filter(None, answers), "")


def phase_label(name: str) -> str:
    return str(PHASE_LABELS[name] if name in PHASE_LABELS else Booking.Status(name).label)


def session_page(booking: Booking, reader: User, *, at: datetime) -> dict[str, Any]:  # Any: template data
    """Shape one booking for its page: who the other person is and in which zone, and what can be done."""
    as_mentor = reader.pk == booking.mentor_id
    wait = confirming(booking, reader, at=at)
    now = "confirming" if wait else phase(booking, at=at)
    other = booking.student if as_mentor else booking.mentor.user
    other_zone = other.time_zone if as_mentor else (other.time_zone or booking.mentor.time_zone)
    return {
        "booking": booking,
        "status": booking.status_at(at),
        "may_be_unpaid": wait == "waited" and booking.status_at(at) == Booking.Status.HELD,
        "phase": now,
        "phase_label": phase_label(now),
        "phase_is_coming": now in {"upcoming", "in_progress"},
        "join_minutes": settings.JOIN_MINUTES_BEFORE,
        "as_mentor": as_mentor,
        "as_student": reader.pk == booking.student_id,
        "other": other,
        "other_zone": other_zone,
    }


def files_of(booking: Booking, reader: User) -> list[Upload]:
    """The files of a session that may be seen: those in order, and the reader's own on their way. One query."""
    files = booking.files.select_related("upload").order_by("pk")
    uploads = [file.upload for file in files]
    own_waiting = {Upload.Status.CHECKING, Upload.Status.REFUSED}
    takes_part = reader.pk in {booking.student_id, booking.mentor_id}
    return [
        upload
        for upload in uploads
        if takes_part
        and (upload.status == Upload.Status.READY or (upload.owner_id == reader.pk and upload.status in own_waiting))
    ]


def holds_behind(refusal: HoldLimit) -> BookingQuerySet:
    """The open holds that a student has to pay for or let go first, soonest first."""
    return Booking.objects.filter(pk__in=refusal.hold_ids).select_related("mentor__user").order_by("starts_at", "pk")


def sessions_of(user: User, *, at: datetime, month: datetime | None) -> SessionsPage:
    """Read a person's sessions: all coming ones, and the past ones of ``month`` (none given: the latest with any).

    Four queries, however many sessions there are.
    """
    mine = Booking.objects.of(user).select_related("mentor__user", "student")
    # Cancelled ones stay in sight until their time has passed: whoever planned for it should see that it is off.
    shown = mine.filter(status__in=(*LIVE_STATUSES, Booking.Status.CANCELLED)).not_lapsed(at=at)
    coming = shown.filter(ends_at__gt=at).order_by("starts_at", "pk")[:COMING_LIMIT]
    over = mine.filter(starts_at__lte=at, confirmed_at__isnull=False).exclude(ends_at__gt=at)
    latest = over.order_by("-starts_at", "-pk").values_list("starts_at", flat=True).first()
    first_of = month or (_month_of(latest) if latest else None)
    if first_of is None:
        return SessionsPage(_rows(coming, user, at), (), None, None, None)
    next_month = _month_of(first_of + timedelta(days=31))
    past = over.filter(starts_at__gte=first_of, starts_at__lt=next_month).order_by("-starts_at", "-pk")
    older = (
        over.filter(starts_at__lt=first_of).order_by("-starts_at", "-pk").values_list("starts_at", flat=True).first()
    )
    newer = next_month if latest and latest >= next_month else None
    return SessionsPage(
        _rows(coming, user, at), _rows(past, user, at), first_of, _month_of(older) if older else None, newer
    )


def _rows(bookings: Iterable[Booking], reader: User, at: datetime) -> tuple[Row, ...]:
    return tuple(
        Row(b, b.student if reader.pk == b.mentor_id else b.mentor.user, name := phase(b, at=at), phase_label(name))
        for b in bookings
    )


def _month_of(moment: datetime) -> datetime:
    """The first moment of a moment's month, in the reader's zone."""
    return timezone.make_aware(timezone.make_naive(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0))
