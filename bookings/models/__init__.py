"""Bookings and what belongs to them."""

from bookings.models.booking import LIVE_STATUSES, Booking, BookingEvent, BookingQuerySet
from bookings.models.calendars import CalendarFeed
from bookings.models.moves import MoveProposal
from bookings.models.search import SearchRow
from bookings.models.sessions import (
    Attendance,
    ClockNotice,
    Outcome,
    ProblemReport,
    Review,
    SessionFile,
    SessionNote,
)
from bookings.models.strikes import Strike

__all__ = [
    "LIVE_STATUSES",
    "Attendance",
    "Booking",
    "BookingEvent",
    "BookingQuerySet",
    "CalendarFeed",
    "ClockNotice",
    "MoveProposal",
    "Outcome",
    "ProblemReport",
    "Review",
    "SearchRow",
    "SessionFile",
    "SessionNote",
    "Strike",
]
