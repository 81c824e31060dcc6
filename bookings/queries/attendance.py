"""Reads who was on the join page of a session, and when."""

from dataclasses import dataclass

from accounts.models import User
from bookings.attendance import Presence, presence_in
from bookings.models import Attendance, Booking


@dataclass(frozen=True)
class Line:
    """One stretch of the log that both sides see: who, from when until when."""

    person: User
    attendance: Attendance


@dataclass(frozen=True)
class BothSides:
    student: Presence
    mentor: Presence

    @property
    def were_present(self) -> bool:
        return self.student.is_enough and self.mentor.is_enough


def was_present(booking: Booking, user: User) -> bool:
    """Whether somebody was on the join page long enough, within the planned time. One query."""
    return presence_in(booking, user.pk, booking.attendance.filter(user=user)).is_enough


def both_sides(booking: Booking) -> BothSides:
    """Read who was there on both sides. One query."""
    attendance = list(booking.attendance.all())
    return BothSides(
        student=presence_in(booking, booking.student_id, attendance),
        mentor=presence_in(booking, booking.mentor_id, attendance),
    )


def log_of(booking: Booking) -> list[Line]:
    """The whole log in the order of time, before and after the planned time too. One query."""
    people = {booking.student_id: booking.student, booking.mentor_id: booking.mentor.user}
    return [Line(people[each.user_id], each) for each in booking.attendance.order_by("from_at", "pk")]
