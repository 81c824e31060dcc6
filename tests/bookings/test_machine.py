"""A booking's machine, state by state: what each operation makes of each, and that it leaves all others as they are.

``docs/product.md``, "Booking and money". What is not in a table here is refused or changes nothing.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from bookings.models import Booking, ProblemReport
from bookings.queries.sessions import phase
from bookings.services import (
    cancel_booking,
    confirm_booking,
    extend_hold,
    free_lapsed,
    let_hold_go,
    let_person_go,
    lock_with_people,
    move_booking,
    propose_move,
    report_problem,
    say_outcome,
)
from bookings.services.endings import run_endings
from marketplace.common.errors import DomainError
from tests.bookings.after import later, was_there
from tests.factories import make_booking, make_mentor, make_paid_booking, make_staff, make_student
from tests.jobs import run_jobs
from tests.machines import BEGIN, BOOKING, Step, is_a_step, steps_taken, watched_machines

pytestmark = pytest.mark.django_db

Side = Booking.Side
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNPAID = ("held", "expired", "abandoned")
BEFORE = (*UNPAID, "confirmed", "cancelled")  # what there is before a session

type Operation = Callable[[Booking], object]
type Table = Mapping[str, tuple[Operation, dict[str, str]]]


def stand(status: str, *, over: bool) -> Booking:
    """A booking in one state, its session in three days or a minute ago."""
    now = timezone.now()
    start = now - timedelta(minutes=46) if over else (now + 3 * DAY).replace(hour=12, minute=0, second=0, microsecond=0)
    make = make_booking if status in UNPAID else make_paid_booking
    booking = make(mentor=make_mentor(), student=make_student(), status=status, starts_at=start)
    Booking.objects.filter(pk=booking.pk).update(
        hold_expires_at=now if over else now + timedelta(minutes=15),
        confirmed_at=None if status in UNPAID else min(now, start) - DAY,
        cancelled_by="student" if status == "cancelled" else "",
    )
    if status == "problem":
        ProblemReport.objects.create(
            booking=booking,
            side="student",
            by=booking.student,
            found="ended",
            opened_at=now,
            answer_due_at=now + 3 * DAY,
        )
    booking.refresh_from_db()
    return booking


def cancel(booking: Booking, side: Booking.Side) -> Booking:
    by = {Side.STUDENT: booking.student, Side.MENTOR: booking.mentor.user}.get(side) or make_staff("support")
    return cancel_booking(booking_id=booking.pk, by=by, side=side, reason="Ill")


def money_comes(booking: Booking) -> None:
    with transaction.atomic():
        locked, now = lock_with_people(booking.pk)
        confirm_booking(booking=locked, at=now)


def time_runs_out(booking: Booking) -> int:
    Booking.objects.filter(pk=booking.pk).update(hold_expires_at=timezone.now())
    return free_lapsed([booking.pk])


def mentor_is_suspended(booking: Booking) -> list[str]:
    with transaction.atomic():
        let_person_go(user=booking.mentor.user, by=make_staff("reviewer"), reason="Papers", keep_sessions=False)
    return run_jobs("bookings.cancel_sessions")


def says(side: Booking.Side, word: str, *there: Booking.Side) -> Operation:
    """One side's word, with those in the room all along who were there."""

    def say(booking: Booking) -> Booking:
        people = {Side.STUDENT: booking.student, Side.MENTOR: booking.mentor.user}
        for each in there:
            was_there(booking, people[each])
        return say_outcome(booking_id=booking.pk, by=people[side], word=word, note="So it was")

    return say


def passes_come(booking: Booking, *, hours: int, met: bool) -> None:
    """The pass of each minute, so long after the end."""
    for person in (booking.student, booking.mentor.user) if met else ():
        was_there(booking, person)
    with later(hours * HOUR):
        run_endings()


HOLD_OR_SESSION = {"held": "abandoned", "confirmed": "cancelled"}
CANCELS: Table = {
    "student cancels": (partial(cancel, side=Side.STUDENT), HOLD_OR_SESSION),
    "support cancels": (partial(cancel, side=Side.ADMIN), HOLD_OR_SESSION),
    "mentor cancels": (partial(cancel, side=Side.MENTOR), {"confirmed": "cancelled"}),
}

COMING: Table = {
    **CANCELS,
    "more time": (lambda b: extend_hold(booking_id=b.pk, by=b.student), {"held": "held"}),
    "letting go": (lambda b: let_hold_go(booking_id=b.pk, by=b.student), {"held": "abandoned"}),
    "time runs out": (time_runs_out, {"held": "expired"}),
    "money comes": (money_comes, {"held": "confirmed", "expired": "confirmed"}),
    "student moves": (
        lambda b: move_booking(booking_id=b.pk, starts_at=b.starts_at + DAY, by=b.student),
        {"confirmed": "confirmed"},
    ),
    "mentor proposes": (
        lambda b: propose_move(booking_id=b.pk, starts_at=b.starts_at + DAY, by=b.mentor.user),
        {"confirmed": "confirmed"},
    ),
    "mentor is suspended": (mentor_is_suspended, {"held": "abandoned", "confirmed": "cancelled"}),
    "student says fine": (says(Side.STUDENT, "fine"), {}),
    "passes come": (partial(passes_come, hours=0, met=False), {}),
}

REPORTED = dict.fromkeys(
    ("confirmed", "ended", "completed", "no_show_student", "no_show_mentor", "no_show_both"), "problem"
)

OVER: Table = {
    **{name: (operation, {}) for name, (operation, _steps) in CANCELS.items()},
    "money comes": (money_comes, {}),
    "student moves": (lambda b: move_booking(booking_id=b.pk, starts_at=b.starts_at + 3 * DAY, by=b.student), {}),
    "mentor is suspended": (mentor_is_suspended, {"held": "expired"}),
    "passes come": (partial(passes_come, hours=0, met=True), {"confirmed": "ended"}),
    "passes come at 48 h, both were there": (
        partial(passes_come, hours=48, met=True),
        {"confirmed": "completed", "ended": "completed"},
    ),
    "passes come at 48 h, nobody was there": (
        partial(passes_come, hours=48, met=False),
        {"confirmed": "ended", "ended": "ended"},  # both are asked
    ),
    "student says fine": (
        says(Side.STUDENT, "fine"),
        {"confirmed": "completed", "ended": "completed", "completed": "completed"},
    ),
    "mentor says taught": (
        says(Side.MENTOR, "taught"),
        {"confirmed": "ended", "ended": "ended", "completed": "completed"},
    ),
    "student complains": (says(Side.STUDENT, "problem"), REPORTED),
    "student reports": (lambda b: report_problem(booking_id=b.pk, by=b.student, note="Loud"), REPORTED),
    "mentor reports": (lambda b: report_problem(booking_id=b.pk, by=b.mentor.user, note="Loud"), REPORTED),
    "student was there alone": (
        says(Side.STUDENT, "problem", Side.STUDENT),
        REPORTED | {"confirmed": "no_show_mentor", "ended": "no_show_mentor"},
    ),
    "mentor was there alone": (
        says(Side.MENTOR, "student_absent", Side.MENTOR),
        REPORTED | {"confirmed": "no_show_student", "ended": "no_show_student"},
    ),
}


def check(booking: Booking, operation: Operation, steps: dict[str, str]) -> None:
    left, lines = booking.status, booking.events.count()
    with suppress(DomainError):
        operation(booking)
    booking.refresh_from_db()
    assert (left, booking.status) == (left, steps.get(left, left))
    # The history tells of whatever was done, and of nothing that was not.
    assert booking.events.count() >= lines + (booking.status != left)
    if left not in steps:
        assert booking.events.count() == lines


@pytest.mark.parametrize("name", COMING)
def test_what_becomes_of_a_booking_before_its_session(name: str) -> None:
    with watched_machines():
        for status in BEFORE:
            check(stand(status, over=False), *COMING[name])
        assert wrong_steps() == []


@pytest.mark.parametrize("name", OVER)
def test_what_becomes_of_a_booking_after_its_session(name: str) -> None:
    with watched_machines():
        for status in Booking.Status.values:
            check(stand(status, over=True), *OVER[name])
        assert wrong_steps() == []


def wrong_steps() -> list[Step]:
    """What no machine has, but for rows that were put where they stand."""
    return [step for step in steps_taken() if step[1] != BEGIN and not is_a_step(step)]


def test_the_tables_reach_every_state_that_there_is() -> None:
    reached = {to for table in (COMING, OVER) for _operation, steps in table.values() for to in steps.values()}
    decided = {"refunded", "no_show_both"}  # by support, whose decisions have their own tests
    assert reached | decided == set(Booking.Status)
    assert {to for steps in BOOKING.values() for to in steps} == set(Booking.Status)


def test_control_a_step_that_no_machine_has_is_seen() -> None:
    with watched_machines():
        booking = stand("completed", over=True)
        Booking.objects.filter(pk=booking.pk).update(status="confirmed")
        assert wrong_steps() == [("bookings_booking", "completed", "confirmed")]


def test_in_progress_is_read_from_the_clock(client: Client) -> None:
    booking = stand("confirmed", over=False)
    client.force_login(booking.student)
    moments = {
        booking.starts_at - timedelta(seconds=1): "upcoming",
        booking.starts_at: "in_progress",
        booking.ends_at - timedelta(seconds=1): "in_progress",
        booking.ends_at: "over",
    }
    assert {at: phase(booking, at=at) for at in moments} == moments
    with later(booking.starts_at - timezone.now() + timedelta(minutes=1)):
        client.force_login(booking.student)
        assert "In progress" in client.get("/sessions/").text
        run_endings()
    booking.refresh_from_db()
    assert booking.status == "confirmed"
