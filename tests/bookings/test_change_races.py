"""Races of those who change a session, on real connections. Each has a control: the same with its guard off."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookings.services import cancellations, claims, holds, moves
from payments.models import Refund
from tests.bookings.test_races import constraints_off, holding, noon, overlapping_pairs
from tests.factories import make_mentor, make_paid_booking, make_student
from tests.races import race

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
    monkeypatch.setattr(holds, "lock_people", lambda *people, **_: timezone.now())
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


def pressing(booking: Booking, to: datetime, answers: list[int]) -> Callable[[], object]:
    """The student presses "Move" in a browser of their own."""
    browser = Client()
    browser.force_login(booking.student)

    def press() -> None:
        body = {"starts_at": to.isoformat()}
        answer = browser.post(f"/api/bookings/{booking.pk}/move", body, content_type="application/json")
        answers.append(answer.status_code)

    return press


def swap(one: Booking, other: Booking) -> list[int]:
    """Each moves to where the other is, in the same moment; return how both were answered."""
    answers: list[int] = []
    assert race([pressing(one, other.starts_at, answers), pressing(other, one.starts_at, answers)]) == {"won": 2}
    return sorted(answers)


def test_two_who_swap_their_times_at_once_are_both_refused() -> None:
    for _ in range(ROUNDS):
        one, other = pair(noon())
        assert swap(one, other) == [409, 409]
        assert overlapping_pairs() == 0
        assert Booking.objects.filter(pk__in=[one.pk, other.pk], sequence=0).count() == 2


@pytest.mark.parametrize("lock", [False, True])
def test_control_without_the_lock_a_swap_deadlocks(lock: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody checks, so that the constraints alone decide; and both have written to their own row before either moves it."""
    one, other = pair(noon())
    both_wrote = threading.Barrier(2, timeout=20)

    def write_first(booking: Booking, *_: object, **__: object) -> None:
        Booking.objects.filter(pk=booking.pk).update(sequence=F("sequence") + 1)
        if not lock:
            both_wrote.wait()

    monkeypatch.setattr(moves, "claim", lambda *args, **kwargs: None)
    monkeypatch.setattr(moves, "close_proposal", write_first)
    if not lock:
        monkeypatch.setattr(holds, "lock_people", lambda *people, **_: timezone.now())
    assert swap(one, other) == ([409, 409] if lock else [409, 503])


def test_who_moves_to_a_time_that_is_being_left_has_it_or_not() -> None:
    for _ in range(ROUNDS):
        one, other = pair(noon())
        ends = race([moving(one, other.starts_at), moving(other, noon() + 3 * HOUR)])
        assert ends["won"] + ends["slot_taken"] == 2
        assert ends["won"] >= 1
        assert overlapping_pairs() == 0
        other.refresh_from_db()
        assert other.starts_at == noon() + 3 * HOUR


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
