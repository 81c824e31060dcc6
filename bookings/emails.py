"""Mails about sessions. Each goes out if, and only if, the transaction that caused it commits."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from bookings.calendars import calendar_file, mimetype
from bookings.models import Booking, MoveProposal
from marketplace.common.mailing import Attachment, send
from marketplace.common.money import round_half_up


def send_booking_confirmed(booking: Booking) -> None:
    """Tell both: times in their own zone, the other's beside it, the calendar file attached."""
    for reader in _people(booking):
        send("booking_confirmed", to=reader, **_session(booking, reader))


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
        send("moved", to=reader, **_session(booking, reader))


def send_move_proposed(proposal: MoveProposal) -> None:
    """Ask the student about a time that the mentor suggests. Nothing has moved yet, so no calendar file goes along."""
    booking = proposal.booking
    ends_at = proposal.starts_at + timedelta(minutes=booking.minutes)
    context = {**_context(booking, booking.student), "proposal": proposal, "ends_at": ends_at}
    send("move_proposed", to=booking.student, context=context)


def send_move_kept(proposal: MoveProposal, *, at: datetime) -> None:
    """Tell the mentor that the session stays where it is: the student said so, or did not answer in time.

    Not where nothing is to come of it any more: the session was cancelled, or has begun.
    """
    booking = proposal.booking
    if booking.status != Booking.Status.CONFIRMED or booking.starts_at <= at:
        return
    is_lapsed = proposal.status == MoveProposal.Status.LAPSED
    context = {**_context(booking, booking.mentor.user), "proposal": proposal, "is_lapsed": is_lapsed}
    send("move_kept", to=booking.mentor.user, context=context, good_for=booking.starts_at - at)


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
