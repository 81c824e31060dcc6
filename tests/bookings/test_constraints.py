"""The database is the last guard: each constraint is broken here by a plain insert, past every service."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking, BookingEvent, MoveProposal
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_student


def refused_by(**fields: object) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_booking(**fields)  # type: ignore[arg-type]
    return violated_constraint(refusal.value)


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_a_mentor_has_no_two_live_bookings_at_one_start(mentor: Mentor, status: str) -> None:
    first = make_booking(mentor=mentor, minutes=45)
    assert refused_by(mentor=mentor, minutes=45, starts_at=first.starts_at, status=status) in {
        "booking_mentor_start_unique",
        "booking_mentor_no_overlap",
    }
    Booking.objects.filter(pk=first.pk).update(status="cancelled")
    make_booking(mentor=mentor, minutes=45, starts_at=first.starts_at, status=status)


def test_a_mentor_has_no_overlapping_bookings_of_other_lengths(mentor: Mentor) -> None:
    first = make_booking(mentor=mentor, minutes=90)
    later = first.starts_at + timedelta(minutes=45)
    assert refused_by(mentor=mentor, minutes=45, starts_at=later) == "booking_mentor_no_overlap"
    make_booking(mentor=mentor, minutes=45, starts_at=first.ends_at)


def test_a_break_keeps_the_next_session_away(db: None) -> None:
    mentor = make_mentor(break_minutes=15)
    first = make_booking(mentor=mentor, minutes=45)
    assert refused_by(mentor=mentor, starts_at=first.ends_at) == "booking_mentor_no_overlap"
    make_booking(mentor=mentor, starts_at=first.ends_at + timedelta(minutes=15))


def test_a_student_is_not_in_two_sessions_at_once(student: User) -> None:
    first = make_booking(student=student, minutes=90)
    later = first.starts_at + timedelta(minutes=45)
    assert refused_by(student=student, starts_at=later) == "booking_student_no_overlap"
    make_booking(student=student, starts_at=first.ends_at)


def test_a_student_holds_one_time_of_a_mentor(mentor: Mentor, student: User) -> None:
    first = make_booking(mentor=mentor, student=student, status="held")
    later = first.starts_at + timedelta(hours=3)
    held = {"mentor": mentor, "student": student, "status": "held", "hold_place": 2}
    assert refused_by(**held, starts_at=later) == "booking_one_hold_per_mentor"
    make_booking(mentor=mentor, student=student, starts_at=later, status="confirmed")


def test_a_student_holds_three_times_in_all(student: User) -> None:
    start = make_booking(student=student, status="held", hold_place=1).starts_at
    for place in (2, 3):
        make_booking(student=student, status="held", hold_place=place, starts_at=start + timedelta(hours=2 * place))
    fourth = {"student": student, "status": "held", "starts_at": start + timedelta(hours=20)}
    assert refused_by(**fourth, hold_place=3) == "booking_three_holds_per_student"
    assert refused_by(**fourth, hold_place=4) == "booking_hold_has_a_place"
    assert refused_by(**fourth, hold_place=None) == "booking_hold_has_a_place"


def test_nobody_books_themself(mentor: Mentor) -> None:
    assert refused_by(mentor=mentor, student=mentor.user) == "booking_not_with_oneself"
    make_booking(mentor=mentor, student=make_student())


def test_a_booking_is_as_long_as_its_package(mentor: Mentor) -> None:
    booking = make_booking(mentor=mentor)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(minutes=15)
    assert violated_constraint(refusal.value) == "booking_length"


def test_an_unconfirmed_booking_reaches_no_later_state(mentor: Mentor) -> None:
    booking = make_booking(mentor=mentor, status="held")
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(status="completed")
    assert violated_constraint(refusal.value) == "booking_confirmed_before_the_rest"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"status": "in_progress"}, "booking_status_known"),
        ({"minutes": 30, "ends_at": F("starts_at") + timedelta(minutes=30)}, "booking_minutes_known"),
        ({"blocked_until": F("ends_at") - timedelta(minutes=1)}, "booking_break_not_negative"),
        ({"price_minor": 0}, "booking_price_positive"),
        ({"fee_bps": 10_001}, "booking_fee_in_bounds"),
        ({"moves_by_student": 3}, "booking_moved_twice_at_most"),
        ({"status": "cancelled", "refund_percent": 101}, "booking_refund_percent_in_bounds"),
        *[({"status": s, "refund_percent": 50}, "booking_refund_only_when_decided") for s in ("confirmed", "problem")],
    ],
)
def test_a_booking_is_in_one_piece(mentor: Mentor, change: dict[str, Any], constraint: str) -> None:  # Any: columns
    booking = Booking.objects.filter(pk=make_booking(mentor=mentor).pk)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        booking.update(**change)
    assert violated_constraint(refusal.value) == constraint
    assert booking.update(status="cancelled", refund_percent=50, moves_by_student=2) == 1


def make_proposal(booking: Booking, **fields: Any) -> MoveProposal:  # Any: columns
    now = timezone.now()
    defaults = {"starts_at": booking.starts_at + timedelta(days=1), "lapses_at": now + timedelta(days=1)}
    return MoveProposal.objects.create(
        booking=booking, old_starts_at=booking.starts_at, by=booking.mentor.user, created_at=now, **(defaults | fields)
    )


def test_a_proposal_moves_and_waits_alone_until_it_is_closed(mentor: Mentor) -> None:
    booking, now = make_booking(mentor=mentor), timezone.now()

    def refused(**fields: Any) -> str:  # Any: columns
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            make_proposal(booking, **fields)
        return violated_constraint(refusal.value)

    assert refused(starts_at=booking.starts_at) == "move_proposal_moves"
    assert refused(closed_at=now) == "move_proposal_closed_at_its_end"
    assert refused(status="accepted") == "move_proposal_closed_at_its_end"
    assert refused(status="dreamt", closed_at=now) == "move_proposal_status_known"
    first = make_proposal(booking)
    assert refused() == "move_proposal_one_open_per_booking"
    MoveProposal.objects.filter(pk=first.pk).update(status="declined", closed_at=now)
    make_proposal(booking)


def test_the_history_of_a_booking_is_only_added_to(mentor: Mentor) -> None:
    line = BookingEvent.objects.create(booking=make_booking(mentor=mentor), name="held", at=timezone.now())
    for change in (lambda: BookingEvent.objects.update(name="other"), line.delete):
        with pytest.raises(ProgrammingError, match="booking_event_append_only"), transaction.atomic():
            change()
    assert BookingEvent.objects.get().name == "held"
