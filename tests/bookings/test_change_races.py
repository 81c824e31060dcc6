"""Races of those who change a session, on real connections. Each has a control: the same with its guard off."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bookings import services
from bookings.errors import SlotTaken
from bookings.models import Booking
from bookings.services import cancellations, claims, holds
from payments.models import Refund
from tests.bookings.test_races import constraints_off, holding, noon, overlapping_pairs, race
from tests.factories import make_mentor, make_paid_booking, make_student

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["constraints_off"]  # the fixture, for the controls here

ROUNDS = 5
HOUR = timedelta(hours=1)


def moving(booking: Booking, to: datetime) -> Callable[[], object]:
    return lambda: services.move_booking(booking_id=booking.pk, starts_at=to, by=booking.student)


def cancelling(booking: Booking) -> Callable[[], object]:
    return lambda: services.cancel_booking(booking_id=booking.pk, by=booking.student, side=Booking.Side.STUDENT)


@pytest.fixture
def guards_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock on people; two who want a time both check before either takes it, as they would on a loaded site."""
    monkeypatch.setattr(claims, "lock_people", lambda *people: timezone.now())
    monkeypatch.setattr(holds, "lock_people", lambda *people: timezone.now())
    check, meeting = claims.check_claim, threading.Barrier(2)

    def check_together(*args: Any, **kwargs: Any) -> None:  # Any: handed through
        check(*args, **kwargs)
        meeting.wait(20)

    monkeypatch.setattr(claims, "check_claim", check_together)


# Swapping times


def pair(start: datetime) -> tuple[Booking, Booking]:
    mentor = make_mentor()
    return (
        make_paid_booking(mentor=mentor, student=make_student(), starts_at=start),
        make_paid_booking(mentor=mentor, student=make_student(), starts_at=start + HOUR),
    )


def test_two_who_swap_their_times_at_once_never_deadlock() -> None:
    for _ in range(ROUNDS):
        one, other = pair(noon())
        ends = race([moving(one, other.starts_at), moving(other, one.starts_at)])
        assert set(ends) <= {"won", "slot_taken"}
        assert ends["slot_taken"] >= 1
        assert overlapping_pairs() == 0


MEETING = threading.Barrier(2)


def swapping_in_two_steps(booking: Booking, to: datetime, *, lock: bool) -> Callable[[], object]:
    """A move as one might write it: the old time is let go, then the new one is taken, and the database will judge."""
    row = {"starts_at": to, "ends_at": to + 0.75 * HOUR, "blocked_until": to + 0.75 * HOUR}

    def swap() -> None:
        try:
            with transaction.atomic():
                if lock:
                    claims.lock_people(booking.mentor_id, booking.student_id)
                Booking.objects.filter(pk=booking.pk).update(status="ended")
                if not lock:
                    MEETING.wait(20)
                Booking.objects.filter(pk=booking.pk).update(status="confirmed", **row)
        except IntegrityError as exc:
            raise SlotTaken from exc

    return swap


@pytest.mark.parametrize("lock", [False, True])
def test_control_without_the_lock_a_swap_may_deadlock(lock: bool) -> None:
    one, other = pair(noon())
    ends = race(
        [
            swapping_in_two_steps(one, other.starts_at, lock=lock),
            swapping_in_two_steps(other, one.starts_at, lock=lock),
        ]
    )
    assert (ends["OperationalError"] >= 1) is not lock


# A move against a hold


def contest() -> tuple[Booking, list[Callable[[], object]]]:
    """Somebody moves their session to where somebody else wants to book."""
    booking = make_paid_booking(mentor=make_mentor(), student=make_student(), starts_at=noon())
    wanted = noon() + HOUR
    return booking, [moving(booking, wanted), holding(booking.mentor, make_student(), starts_at=wanted)]


def test_a_move_and_a_hold_of_one_time_have_one_winner() -> None:
    for _ in range(ROUNDS):
        booking, attempts = contest()
        assert race(attempts) == Counter({"won": 1, "slot_taken": 1})
        assert overlapping_pairs() == 0
        booking.refresh_from_db()
        assert Booking.objects.live().filter(mentor=booking.mentor_id, starts_at=noon() + HOUR).count() == 1


def test_control_without_guards_both_get_it(guards_off: None, constraints_off: None) -> None:
    _booking, attempts = contest()
    assert race(attempts) == Counter({"won": 2})
    assert overlapping_pairs() == 1


def test_the_constraints_alone_still_let_one_have_it(guards_off: None) -> None:
    _booking, attempts = contest()
    assert race(attempts) == Counter({"won": 1, "slot_taken": 1})
    assert overlapping_pairs() == 0


def suggested() -> tuple[Booking, list[Callable[[], object]]]:
    booking = make_paid_booking(mentor=make_mentor(), student=make_student(), starts_at=noon())
    wanted = noon() + HOUR
    services.propose_move(booking_id=booking.pk, starts_at=wanted, by=booking.mentor.user)
    return booking, [
        lambda: services.accept_proposal(booking_id=booking.pk, by=booking.student),
        holding(booking.mentor, make_student(), starts_at=wanted),
    ]


def test_accepting_a_suggestion_and_a_hold_have_one_winner() -> None:
    for _ in range(ROUNDS):
        booking, attempts = suggested()
        assert race(attempts) == Counter({"won": 1, "slot_taken": 1})
        booking.refresh_from_db()
        taken = booking.starts_at == noon() + HOUR
        assert booking.proposals.get().status == ("accepted" if taken else "open")


# Cancelling


def test_many_cancellings_of_one_session_cancel_it_once() -> None:
    booking = make_paid_booking(starts_at=noon())
    ends = race([cancelling(booking)] * 6)
    assert ends == Counter({"won": 1, "wrong_state": 5})
    assert Refund.objects.get().amount_minor == 3_300
    assert booking.events.filter(name="cancelled").count() == 1


@pytest.fixture
def stale_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two read the session unlocked before either writes, and write without naming the state they leave."""
    meeting = threading.Barrier(2)

    def read_only(booking_id: UUID) -> tuple[Booking, datetime]:
        booking = Booking.objects.select_related("mentor__user", "student").get(pk=booking_id)
        meeting.wait(20)
        return booking, timezone.now()

    monkeypatch.setattr(cancellations, "lock_with_people", read_only)

    class Unconditional:
        """``Booking.objects`` whose conditional update has lost its condition."""

        def filter(self, *, pk: UUID, status: str) -> Any:  # Any: a queryset
            return Booking.objects.filter(pk=pk)

    class Careless:
        Side, Status, objects = Booking.Side, Booking.Status, Unconditional()

    monkeypatch.setattr(cancellations, "Booking", Careless)


def test_control_without_lock_and_condition_it_is_cancelled_twice(stale_reads: None) -> None:
    booking = make_paid_booking(starts_at=noon())
    assert race([cancelling(booking)] * 2) == Counter({"won": 2})
    assert booking.events.filter(name="cancelled").count() == 2


def test_moving_and_cancelling_at_once_end_cancelled() -> None:
    for _ in range(ROUNDS):
        booking = make_paid_booking(starts_at=noon())
        ends = race([moving(booking, noon() + HOUR), cancelling(booking)])
        assert set(ends) <= {"won", "wrong_state"}
        booking.refresh_from_db()
        assert (booking.status, booking.refund_percent) == ("cancelled", 100)
