"""Two people say how it was at the same moment. Each race has its control: the same with the guard off."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from bookings.errors import WrongState
from bookings.models import Booking, ProblemReport, Strike
from bookings.services import decide_report, endings, outcomes, problems, report_problem, say_outcome, strikes
from bookings.services.endings import follow_up
from bookings.services.holds import lock_with_people
from bookings.services.settling import move
from bookings.services.strikes import add_strike
from marketplace.common.models import AuditEvent
from payments.models import Earning, Refund
from tests.bookings.after import later, make_past_session, was_there
from tests.factories import make_booking, make_mentor, make_staff, make_student
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def take_the_guards_away(monkeypatch: pytest.MonkeyPatch, *, meet: Callable[[], object]) -> None:
    """No locks, and no condition on the state left: who has read a session goes on with what they read, after ``meet``."""

    def read_without_locks(booking_id: UUID) -> tuple[Booking, datetime]:
        booking = Booking.objects.select_related("mentor__user", "student").get(pk=booking_id)
        meet()
        return booking, timezone.now()

    def move_regardless(booking: Booking, to: Booking.Status, **columns: Any) -> None:  # Any: columns
        Booking.objects.filter(pk=booking.pk).update(status=to, **columns)
        booking.status = to
        for name, value in columns.items():
            setattr(booking, name, value)

    for module in (outcomes, problems, endings):
        monkeypatch.setattr(module, "lock_with_people", read_without_locks)
    monkeypatch.setattr("bookings.services.settling.move", move_regardless)
    monkeypatch.setattr(problems, "move", move_regardless)


@pytest.fixture
def guards_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the session before either writes."""
    take_the_guards_away(monkeypatch, meet=threading.Barrier(2, timeout=20).wait)


def fine_against_absent(session: Booking) -> list[Callable[[], object]]:
    """The student says that all went well while the mentor, who was there alone, says that nobody came."""
    return [
        lambda: say_outcome(booking_id=session.pk, by=session.student, word="fine"),
        lambda: say_outcome(booking_id=session.pk, by=session.mentor.user, word="student_absent"),
    ]


def steps_of(session: Booking) -> set[str]:
    """The settled states that the history says it went straight into from ``ended``."""
    return set(session.events.filter(data__left="ended").values_list("name", flat=True))


def ended_session() -> Booking:
    session = make_past_session(student=make_student(), mentor=make_mentor())
    Booking.objects.filter(pk=session.pk).update(status="ended")
    was_there(session, session.mentor.user)
    return session


def test_two_words_at_once_take_one_way() -> None:
    session = ended_session()
    race(fine_against_absent(session))
    assert len(steps_of(session)) == 1


def test_control_without_guards_it_goes_both_ways(guards_off: None) -> None:
    session = ended_session()
    race(fine_against_absent(session))
    assert steps_of(session) == {"completed", "no_show_student"}


def pass_against_report(session: Booking) -> list[Callable[[], object]]:
    """Two days on the pass completes a session in which both were present; its student reports a problem in that second."""
    was_there(session, session.student)
    return [
        lambda: follow_up(session.pk),
        lambda: report_problem(booking_id=session.pk, by=session.student, note="Too short."),
    ]


def test_the_pass_and_a_report_take_one_way() -> None:
    session = ended_session()
    with later(timedelta(hours=49)):
        ends = race(pass_against_report(session))
    # Either the report came first and the pass left it alone, or it reopened what the pass had completed.
    assert ends == {"won": 2}
    assert len(steps_of(session)) == 1
    session.refresh_from_db()
    assert session.status == "problem"
    assert Earning.objects.get(booking=session).status == "frozen"


def test_control_without_guards_the_pass_completes_what_is_reported(guards_off: None) -> None:
    session = ended_session()
    with later(timedelta(hours=49)):
        ends = race(pass_against_report(session))
    assert ends == {"won": 2}
    assert steps_of(session) == {"completed", "problem_reported"}


def decide_twice(session: Booking) -> list[Callable[[], object]]:
    """Two colleagues of support have the same report open; one gives everything back, the other half."""
    report = report_problem(booking_id=session.pk, by=session.student, note="Too short.")
    ProblemReport.objects.update(answer_due_at=timezone.now())
    one, other = make_staff("support"), make_staff("support")
    decide = partial(decide_report, report_id=report.pk, reason="So it was.")
    return [partial(decide, by=one, percent=100), partial(decide, by=other, percent=50)]


def decisions_about(session: Booking) -> int:
    """How often support's word was taken: in the history of the session, and in the audit log."""
    audited = AuditEvent.objects.filter(action="problem_decided").count()
    assert session.events.filter(name="refunded").count() == audited
    return audited


def test_two_of_support_decide_once() -> None:
    session = ended_session()
    assert race(decide_twice(session)) == {"won": 1, "wrong_state": 1}
    assert decisions_about(session) == 1
    session.refresh_from_db()
    refund = Refund.objects.get()
    assert refund.amount_minor == session.price_minor * (session.refund_percent or 0) // 100


def test_control_without_guards_both_of_support_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    session = ended_session()
    attempts = decide_twice(session)
    take_the_guards_away(monkeypatch, meet=lambda: None)
    check, both_looked = problems.check_decision, threading.Barrier(2, timeout=20)

    def check_together(*args: Any, **kwargs: Any) -> None:  # Any: handed through
        check(*args, **kwargs)
        both_looked.wait()

    monkeypatch.setattr(problems, "check_decision", check_together)
    assert race(attempts) == {"won": 2}
    assert decisions_about(session) == 2


def strike_at_once(mentor: Any, monkeypatch: pytest.MonkeyPatch, *, locked: bool) -> list[int]:  # Any: a mentor
    """Two incidents at once, each three strikes: together they hide. Tell what each brought about."""
    bookings = [make_booking(mentor=mentor, status="cancelled", student=make_student()) for _ in range(2)]
    both_counted = threading.Barrier(2)
    original = strikes.hidden_days

    def count_together(total: int) -> int:
        if not locked:
            both_counted.wait(20)
        return original(total)

    monkeypatch.setattr(strikes, "hidden_days", count_together)

    def add(booking: Booking) -> None:
        with transaction.atomic():
            if locked:
                lock_with_people(booking.pk)
            add_strike(booking, Strike.Kind.ABSENCE, at=timezone.now())

    race([lambda booking=booking: add(booking) for booking in bookings])  # type: ignore[misc]  # bound now
    return sorted(Strike.objects.values_list("hides_days", flat=True))


def test_two_incidents_at_once_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert strike_at_once(make_mentor(), monkeypatch, locked=True) == [0, 7]


def test_control_without_the_lock_neither_sees_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert strike_at_once(make_mentor(), monkeypatch, locked=False) == [0, 0]


def test_a_step_that_somebody_else_took_first_is_refused() -> None:
    session = ended_session()
    stale = Booking.objects.get(pk=session.pk)
    say_outcome(booking_id=session.pk, by=session.student, word="fine")
    with pytest.raises(WrongState):
        move(stale, Booking.Status.PROBLEM)
    assert connection.in_atomic_block is False
