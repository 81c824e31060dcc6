"""Who was on the join page, by its beats."""

from datetime import timedelta

import pytest
from django.conf import settings

from accounts.models import User
from bookings.attendance import enough_for
from bookings.errors import RoomClosed
from bookings.models import Booking
from bookings.queries.attendance import both_sides, log_of, was_present
from bookings.services import beat
from tests.bookings.after import MINUTE, stay, was_there
from tests.factories import make_booking

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def session(student: User) -> Booking:
    return make_booking(student=student)


def test_beats_at_most_ninety_seconds_apart_are_one_stretch(session: Booking, student: User) -> None:
    start = session.starts_at
    for seconds in (0, 30, 120, 210):
        beat(booking=session, by=student, at=start + timedelta(seconds=seconds))
    [line] = log_of(session)
    assert (line.attendance.from_at, line.attendance.until_at) == (start, start + timedelta(seconds=210))
    beat(booking=session, by=student, at=start + timedelta(seconds=210 + settings.BEAT_GAP_SECONDS + 1))
    assert len(log_of(session)) == 2


def test_each_side_has_a_stretch_of_its_own(session: Booking, student: User) -> None:
    for person in (student, session.mentor.user):
        beat(booking=session, by=person, at=session.starts_at)
    assert {line.person for line in log_of(session)} == {student, session.mentor.user}


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (lambda b: b.starts_at - 10 * MINUTE - SECOND, False),
        (lambda b: b.starts_at - 10 * MINUTE, True),
        (lambda b: b.ends_at + 15 * MINUTE - SECOND, True),
        (lambda b: b.ends_at + 15 * MINUTE, False),
    ],
)
def test_the_room_counts_from_ten_minutes_before_to_fifteen_after(
    session: Booking, student: User, moment: object, is_open: bool
) -> None:
    at = moment(session)  # type: ignore[operator]  # a function of the session
    if is_open:
        beat(booking=session, by=student, at=at)
    else:
        with pytest.raises(RoomClosed):
            beat(booking=session, by=student, at=at)
    assert session.attendance.count() == is_open


def test_nobody_else_is_counted(session: Booking, student: User, other_student: User) -> None:
    with pytest.raises(RoomClosed):
        beat(booking=session, by=other_student, at=session.starts_at)
    assert beat(booking=session, by=student, at=session.starts_at).user == student


def test_a_cancelled_session_has_no_room(session: Booking, student: User) -> None:
    session.status = Booking.Status.CANCELLED
    with pytest.raises(RoomClosed):
        beat(booking=session, by=student, at=session.starts_at)
    session.status = Booking.Status.CONFIRMED
    assert beat(booking=session, by=student, at=session.starts_at).user == student


@pytest.mark.parametrize(("minutes", "enough"), [(15, 5), (45, 15), (90, 15)])
def test_a_third_of_the_length_is_enough_and_never_more_than_fifteen_minutes(
    student: User, minutes: int, enough: int
) -> None:
    session = make_booking(student=student, minutes=minutes)
    assert enough_for(session) == timedelta(minutes=enough)
    stay(session, student, for_=timedelta(minutes=enough) - SECOND, every=SECOND * 30)
    assert not was_present(session, student)
    beat(booking=session, by=student, at=session.starts_at + timedelta(minutes=enough))
    assert was_present(session, student)


def test_waiting_before_the_start_or_after_the_end_does_not_count(session: Booking, student: User) -> None:
    was_there(session, student, minutes=24, after=-10 * MINUTE)
    assert not was_present(session, student)
    was_there(session, student, minutes=16, after=timedelta(minutes=44))
    assert was_present(session, student)  # 14 minutes at the start and the last one


def test_two_open_pages_count_once(session: Booking, student: User) -> None:
    was_there(session, student, minutes=10)
    was_there(session, student, minutes=10, after=2 * MINUTE)
    assert both_sides(session).student.length == 12 * MINUTE


def test_one_beat_within_the_session_is_not_never(session: Booking, student: User) -> None:
    was_there(session, student, minutes=9, after=-10 * MINUTE)
    assert both_sides(session).student.is_none
    was_there(session, student, minutes=0, after=40 * MINUTE)
    assert not both_sides(session).student.is_none
