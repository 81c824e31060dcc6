"""The mail before clocks change."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from bookings.models import Booking
from marketplace.common.mailing import send
from mentors.clocks import ClockChange

# The rest stands on the page that the mail leads to.
SESSIONS_SHOWN = 10


def send_clocks_change(
    user: User,
    *,
    change: ClockChange,
    zone: ZoneInfo,
    of_hours: bool,
    sessions: Sequence[Booking],
    good_for: timedelta,
) -> None:
    """Tell somebody that the clocks of ``zone`` change, what it does to their weekly hours, and which sessions it moves."""
    rows = [
        {"booking": booking, "other": other, "other_zone": zone_name}
        for booking in sessions[:SESSIONS_SHOWN]
        for other, zone_name in [_other(booking, user)]
    ]
    context = {
        "change": change,
        "zone": zone,
        "of_hours": of_hours,
        "rows": rows,
        "more": len(sessions) - len(rows),
        "is_mentor": user.is_mentor,
    }
    send("clocks_change", to=user, context=context, good_for=good_for)


def _other(booking: Booking, reader: User) -> tuple[User, str]:
    mentor = booking.mentor
    if reader.pk == booking.student_id:
        return mentor.user, mentor.user.time_zone or mentor.time_zone
    return booking.student, booking.student.time_zone
