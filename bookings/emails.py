"""Mails about sessions. Each goes out if, and only if, the transaction that caused it commits."""

from bookings.calendars import MIMETYPE, calendar_file
from bookings.models import Booking
from marketplace.common.mailing import Attachment, send


def send_booking_confirmed(booking: Booking) -> None:
    """Tell both: times in their own zone, the other's beside it, the calendar file attached."""
    mentor, student = booking.mentor.user, booking.student
    for reader, other, zone in (
        (student, mentor, mentor.time_zone or booking.mentor.time_zone),
        (mentor, student, student.time_zone),
    ):
        send(
            "booking_confirmed",
            to=reader,
            context={"booking": booking, "reader": reader, "other": other, "other_zone": zone},
            attachments=[Attachment("session.ics", calendar_file(booking, reader=reader), MIMETYPE)],
        )
