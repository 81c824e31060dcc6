"""Mails about sessions. Each goes out if, and only if, the transaction that caused it commits.

A mail that names a time carries a check with it, so that one which was held up does not tell of a session that has been
cancelled or moved in the meantime.
"""

import math
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from bookings.calendars import calendar_file, mimetype
from bookings.models import Booking, MoveProposal
from marketplace.common.mail_checks import Check, at_send_time
from marketplace.common.mailing import Attachment, send, speaking_to
from marketplace.common.money import round_half_up

# How long "in 1 hour" is near enough.
HOUR_READS_RIGHT = timedelta(minutes=10)


def send_booking_confirmed(booking: Booking) -> None:
    """Tell both: times in their own zone, the other's beside it, the calendar file attached."""
    for reader in _people(booking):
        send("booking_confirmed", to=reader, still=_stands(booking), **_session(booking, reader))


def send_cancelled(booking: Booking, *, refund_minor: int, kept_minor: int) -> None:
    """Tell both who cancelled, and what goes back or is earned all the same. The calendar file takes the session out.

    ``refund_minor`` goes back now, ``kept_minor`` of the price does not: the fee and the mentor's share.
    """
    earned_minor = kept_minor - round_half_up(kept_minor * booking.fee_bps, 10_000)
    for reader in _people(booking):
        shown = _session(booking, reader, refund_minor=refund_minor, earned_minor=earned_minor)
        send("cancelled", to=reader, **shown)


def send_moved(booking: Booking) -> None:
    """Tell both the new time. The calendar file moves their entry."""
    for reader in _people(booking):
        send("moved", to=reader, still=_stands(booking), **_session(booking, reader))


def send_reminder(booking: Booking, *, event: str, to: User) -> bool:
    """Remind one of the two of a coming session, once for each of its starts; tell whether it was the first time.

    ``event``: ``reminder_day`` or ``reminder_hour``. In the caller's transaction. No calendar file: the entry is there.
    """
    now = timezone.now()
    left = booking.starts_at - now
    minutes = math.ceil(left.total_seconds() / 60)
    return send(
        event,
        to=to,
        context={**_context(booking, to), "wait": minutes * 60, "join_minutes": settings.JOIN_MINUTES_BEFORE},
        good_for=_until_midnight(to, now) if event == "reminder_day" else min(left, HOUR_READS_RIGHT),
        still=Check("bookings.is_coming", _facts(booking)),
        once=about_start(booking.pk, booking.starts_at),
    )


def about_start(booking_id: UUID, starts_at: datetime) -> str:
    """What a reminder is about: moved, a session is another."""
    return f"{booking_id} {starts_at:%Y-%m-%d %H:%M}"


def send_move_proposed(proposal: MoveProposal) -> None:
    """Ask the student about a time that the mentor suggests. Nothing has moved yet, so no calendar file goes along."""
    booking = proposal.booking
    ends_at = proposal.starts_at + timedelta(minutes=booking.minutes)
    context = {**_context(booking, booking.student), "proposal": proposal, "ends_at": ends_at}
    still = Check("bookings.proposal_is_open", {"proposal": str(proposal.pk)})
    send("move_proposed", to=booking.student, context=context, still=still)


def send_move_kept(proposal: MoveProposal, *, at: datetime) -> None:
    """Tell the mentor that the session stays where it is: the student said so, or did not answer in time.

    Not where nothing is to come of it any more: the session was cancelled, or has begun.
    """
    booking = proposal.booking
    if booking.status != Booking.Status.CONFIRMED or booking.starts_at <= at:
        return
    is_lapsed = proposal.status == MoveProposal.Status.LAPSED
    context = {**_context(booking, booking.mentor.user), "proposal": proposal, "is_lapsed": is_lapsed}
    still = Check("bookings.is_coming", _facts(booking))
    send("move_kept", to=booking.mentor.user, context=context, still=still)


@at_send_time("bookings.stands")
def stands(*, booking: str, starts_at: str) -> bool:
    """Whether a session takes place, or did, at this time: it was neither cancelled nor moved."""
    here = Booking.objects.filter(pk=UUID(booking), starts_at=datetime.fromisoformat(starts_at))
    return here.exclude(status=Booking.Status.CANCELLED).exists()


@at_send_time("bookings.is_coming")
def is_coming(*, booking: str, starts_at: str) -> bool:
    """Whether a session is confirmed for this time, and has not begun."""
    at = datetime.fromisoformat(starts_at)
    here = Booking.objects.filter(pk=UUID(booking), starts_at=at, status=Booking.Status.CONFIRMED)
    return at > timezone.now() and here.exists()


@at_send_time("bookings.proposal_is_open")
def proposal_is_open(*, proposal: str) -> bool:
    return MoveProposal.objects.open(at=timezone.now()).filter(pk=UUID(proposal)).exists()


def _stands(booking: Booking) -> Check:
    return Check("bookings.stands", _facts(booking))


def _facts(booking: Booking) -> dict[str, str]:
    return {"booking": str(booking.pk), "starts_at": booking.starts_at.isoformat()}


def _until_midnight(reader: User, at: datetime) -> timedelta:
    """How long "tomorrow" is the right word for this reader."""
    with speaking_to(reader):
        local = timezone.localtime(at)
    # Seconds of the wall clock: a day on which clocks change is an hour off, which only ends it early or an hour late.
    return timedelta(days=1) - timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)


def _session(booking: Booking, reader: User, **context: object) -> dict[str, Any]:  # Any: send's arguments
    """What a mail about a session shows its reader, with the calendar file."""
    return {
        "context": {**_context(booking, reader), **context},
        "attachments": [Attachment("session.ics", calendar_file(booking, reader=reader), mimetype(booking))],
    }


def _people(booking: Booking) -> tuple[User, User]:
    return booking.student, booking.mentor.user


def _context(booking: Booking, reader: User) -> dict[str, Any]:  # Any: template data
    """Who reads, who the other is, and the zone that the other's time is named in beside the reader's."""
    mentor, student = booking.mentor.user, booking.student
    if reader.pk == student.pk:
        other, zone = mentor, mentor.time_zone or booking.mentor.time_zone
    else:
        other, zone = student, student.time_zone
    return {"booking": booking, "reader": reader, "other": other, "other_zone": zone}
