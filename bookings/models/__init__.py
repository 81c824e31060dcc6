"""Bookings and what belongs to them."""

from bookings.models.booking import LIVE_STATUSES, Booking, BookingEvent, BookingQuerySet
from bookings.models.moves import MoveProposal
from bookings.models.search import SearchRow
from bookings.models.sessions import Attendance, Outcome, ProblemReport, Review, SessionFile
from bookings.models.strikes import Strike

__all__ = [
    "LIVE_STATUSES",
    "Attendance",
    "Booking",
    "BookingEvent",
    "BookingQuerySet",
    "MoveProposal",
    "Outcome",
    "ProblemReport",
    "Review",
    "SearchRow",
    "SessionFile",
    "Strike",
]
