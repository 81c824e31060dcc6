"""Yes or no, and until when: what may be done in a session's room and after the session. Nothing here writes."""

from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from bookings.models import Booking, ProblemReport, Review, Strike
from bookings.policies import TAKES_PLACE

# What a problem report can take a booking out of.
REPORTABLE = frozenset(
    {
        Booking.Status.ENDED,
        Booking.Status.COMPLETED,
        Booking.Status.NO_SHOW_STUDENT,
        Booking.Status.NO_SHOW_MENTOR,
        Booking.Status.NO_SHOW_BOTH,
    }
)


def may_be_in_room(user: User, booking: Booking, *, at: datetime) -> bool:
    """Whether the join page counts this person as there: from before the start until a while after the end."""
    opens_at = booking.starts_at - timedelta(minutes=settings.JOIN_MINUTES_BEFORE)
    closes_at = booking.ends_at + timedelta(minutes=settings.JOIN_MINUTES_AFTER)
    takes_part = user.pk in {booking.student_id, booking.mentor_id}
    return takes_part and booking.status in TAKES_PLACE and opens_at <= at < closes_at


def may_write_notes(user: User, booking: Booking, *, at: datetime) -> bool:
    """Its two people, from the booking on and for as long as it can be spoken of: until reports are no longer taken."""
    takes_part = user.pk in {booking.student_id, booking.mentor_id}
    return takes_part and booking.status in TAKES_PLACE and at < report_until(booking)


def may_set_link(user: User, booking: Booking, *, at: datetime) -> bool:
    """Its mentor, until the room closes."""
    closes_at = booking.ends_at + timedelta(minutes=settings.JOIN_MINUTES_AFTER)
    return user.pk == booking.mentor_id and booking.status in TAKES_PLACE and at < closes_at


def side_of(user: User, booking: Booking) -> Booking.Side | None:
    """Which of a booking's two people somebody is."""
    if user.pk == booking.student_id:
        return Booking.Side.STUDENT
    return Booking.Side.MENTOR if user.pk == booking.mentor_id else None


def may_report_problem(user: User, booking: Booking, *, at: datetime) -> bool:
    """Either side, from the planned end on and for ``REPORT_DAYS``. That nothing was decided yet is asked under the lock."""
    is_over = booking.ends_at <= at and booking.status in {Booking.Status.CONFIRMED, *REPORTABLE}
    return side_of(user, booking) is not None and is_over and at < report_until(booking)


def report_until(booking: Booking) -> datetime:
    return booking.ends_at + timedelta(days=settings.REPORT_DAYS)


def may_answer(user: User, report: ProblemReport, *, at: datetime) -> bool:
    """The other side, once, in its time. A report of nobody's has no other side."""
    side = side_of(user, report.booking)
    is_open = report.decided_at is None and report.answered_at is None and at < report.answer_due_at
    return is_open and side is not None and report.side != Booking.Side.ADMIN and side != report.side


def may_review(user: User, booking: Booking, *, at: datetime) -> bool:
    """The student of a completed session, for ``REVIEW_DAYS`` from its completion."""
    is_theirs = booking.student_id == user.pk and booking.status == Booking.Status.COMPLETED
    return is_theirs and at < review_until(booking)


def review_until(booking: Booking) -> datetime:
    return (booking.closed_at or booking.ends_at) + timedelta(days=settings.REVIEW_DAYS)


def may_edit_review(user: User, review: Review, *, at: datetime) -> bool:
    written_by = review.booking.student_id
    return written_by == user.pk and at < review.created_at + timedelta(hours=settings.REVIEW_EDIT_HOURS)


def may_answer_review(user: User, review: Review) -> bool:
    return review.booking.mentor_id == user.pk and review.answered_at is None


def appeal_until(strike: Strike) -> datetime:
    return strike.at + timedelta(hours=settings.STRIKE_APPEAL_HOURS)


def may_appeal(user: User, strike: Strike, *, at: datetime) -> bool:
    return strike.mentor_id == user.pk and strike.appealed_at is None and at < appeal_until(strike)
