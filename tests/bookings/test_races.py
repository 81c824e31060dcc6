"""Races for one time. Each has a control: the same race with its guard off, in which more than one wins."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.services import claims, holds
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_student
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 50
CONSTRAINTS = ("booking_mentor_start_unique", "booking_mentor_no_overlap", "booking_student_no_overlap")


def noon() -> datetime:
    return (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


def holding(mentor: Mentor, student: User, *, minutes: int = 45, starts_at: datetime) -> Callable[[], object]:
    return lambda: services.hold_slot(handle=mentor.handle, minutes=minutes, starts_at=starts_at, by=student)


def overlapping_pairs() -> int:
    live = list(Booking.objects.live().order_by("starts_at", "pk"))
    return sum(
        a.starts_at < b.ends_at
        and b.starts_at < a.ends_at
        and (a.mentor_id == b.mentor_id or a.student_id == b.student_id)
        for i, a in enumerate(live)
        for b in live[i + 1 :]
    )


@pytest.fixture
def guards_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guards away: no lock on people, and no constraint in the database (put back by its schema's rollback)."""
    monkeypatch.setattr(claims, "lock_people", lambda *people: timezone.now())
    monkeypatch.setattr(holds, "lock_people", lambda *people, **_: timezone.now())
    # Everyone checks before anyone inserts: the race as it is on a loaded site, without waiting for one.
    meeting = threading.Barrier(PARTIES)
    check = claims.check_claim

    def check_together(*args: object, **kwargs: object) -> None:
        check(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        meeting.wait(20)

    monkeypatch.setattr(claims, "check_claim", check_together)


PARTIES = 8


@pytest.fixture
def constraints_off() -> object:
    editor = connection.schema_editor
    taken = [c for c in Booking._meta.constraints if c.name in CONSTRAINTS]
    with editor() as schema:
        for constraint in taken:
            schema.remove_constraint(Booking, constraint)
    yield
    Booking.objects.all().update(status=Booking.Status.EXPIRED, hold_place=None)
    with editor() as schema:
        for constraint in taken:
            schema.add_constraint(Booking, constraint)


def test_fifty_students_one_slot_one_winner() -> None:
    mentor, students = make_mentor(), [make_student() for _ in range(PEOPLE)]
    ends = race([holding(mentor, student, starts_at=noon()) for student in students])
    assert ends == Counter({"won": 1, "slot_taken": PEOPLE - 1})
    assert Booking.objects.live().count() == 1


def test_control_without_lock_and_constraints_one_slot_is_sold_many_times(
    guards_off: None, constraints_off: None
) -> None:
    mentor, students = make_mentor(), [make_student() for _ in range(PARTIES)]
    ends = race([holding(mentor, student, starts_at=noon()) for student in students])
    assert ends["won"] > 1
    assert overlapping_pairs() > 0


def test_the_constraints_alone_still_sell_a_slot_once(guards_off: None) -> None:
    mentor, students = make_mentor(), [make_student() for _ in range(PARTIES)]
    race([holding(mentor, student, starts_at=noon()) for student in students])
    assert Booking.objects.live().count() <= 1


def test_overlapping_lengths_have_one_winner() -> None:
    mentor, start = make_mentor(), noon()
    wanted = [(90, 0), (45, 15), (45, 30), (15, 45), (90, 60), (15, 60), (45, 75), (90, 30)]
    # Each overlaps 45–60 minutes after the start, so any two of them meet.
    wanted = [(minutes, offset) for minutes, offset in wanted if offset <= 45 < offset + minutes]
    ends = race(
        [
            holding(mentor, make_student(), minutes=minutes, starts_at=start + timedelta(minutes=offset))
            for minutes, offset in wanted * 6
        ]
    )
    assert ends == Counter({"won": 1, "slot_taken": len(wanted) * 6 - 1})


def test_control_overlapping_lengths_collide_when_the_guards_are_off(guards_off: None, constraints_off: None) -> None:
    mentor, start = make_mentor(), noon()
    wanted = [(90, 0), (45, 15), (45, 30), (15, 45)] * 2
    ends = race(
        [
            holding(mentor, make_student(), minutes=minutes, starts_at=start + timedelta(minutes=offset))
            for minutes, offset in wanted
        ]
    )
    assert ends["won"] > 1
    assert overlapping_pairs() > 0


def test_one_student_is_not_sold_two_mentors_at_once() -> None:
    student, mentors = make_student(), [make_mentor() for _ in range(10)]
    ends = race([holding(mentor, student, starts_at=noon()) for mentor in mentors])
    assert ends == Counter({"won": 1, "student_busy": 9})


def test_control_one_student_gets_two_mentors_when_the_guards_are_off(
    guards_off: None, constraints_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, mentors = make_student(), [make_mentor() for _ in range(PARTIES)]
    places = iter(range(1, PARTIES + 1))
    monkeypatch.setattr(holds, "_free_place", lambda *args, **kwargs: min(3, next(places)))
    ends = race([holding(mentor, student, starts_at=noon()) for mentor in mentors])
    assert ends["won"] > 1
    assert overlapping_pairs() > 0


def test_a_lapsed_hold_goes_to_exactly_one_of_many(student: User) -> None:
    mentor = make_mentor()
    make_booking(mentor=mentor, student=student, status="held", starts_at=noon(), hold_expires_at=timezone.now())
    ends = race([holding(mentor, make_student(), starts_at=noon()) for _ in range(20)])
    assert ends == Counter({"won": 1, "slot_taken": 19})


def test_two_students_crossing_two_mentors_never_deadlock() -> None:
    mentors, students = [make_mentor() for _ in range(2)], [make_student() for _ in range(12)]
    attempts = [
        holding(mentors[(i + turn) % 2], student, starts_at=noon() + timedelta(hours=turn))
        for i, student in enumerate(students)
        for turn in range(2)
    ]
    ends = race(attempts)
    assert set(ends) <= {"won", "slot_taken"}
    assert ends["won"] == 4


def test_extending_meets_expiry_and_another_claim_without_a_second_owner(student: User, other_student: User) -> None:
    mentor = make_mentor()
    booking = make_booking(
        mentor=mentor, student=student, status="held", starts_at=noon(), hold_expires_at=timezone.now()
    )
    race(
        [
            lambda: services.extend_hold(booking_id=booking.pk, by=student),
            holding(mentor, other_student, starts_at=noon()),
        ]
    )
    with transaction.atomic():
        assert overlapping_pairs() == 0
        assert Booking.objects.live().count() == 1
