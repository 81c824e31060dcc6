"""Reminders by the clock: a day and an hour before, to both, once for each start, and only of what still takes place."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection

from bookings.models import Booking
from bookings.services import cancel_booking, move_booking
from bookings.services.reminders import DAY, HOUR, Due, remind, send_reminders
from marketplace.common import notifications
from marketplace.common.models import Notification, ToldOnce
from tests.factories import make_booking, make_mentor, make_paid_booking, make_student, make_user
from tests.jobs import run_jobs, waiting_jobs
from tests.races import race

START = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
BOOKED = START - timedelta(days=5)


def make_session(**fields: object) -> Booking:
    """Amara (Lisbon) with Ngozi (Lagos) on Thu 26 Nov 2026, 18:30 UTC, booked five days before."""
    mentor = make_mentor(
        user=make_user(role="mentor", name="Ngozi Adeyemi", time_zone="Africa/Lagos"),
        time_zone="Africa/Lagos",
        open_until=time(22),
    )
    student = make_student(name="Amara Okafor", time_zone="Europe/Lisbon")
    defaults: dict[str, object] = {"starts_at": START, "confirmed_at": BOOKED, "created_at": BOOKED}
    return make_paid_booking(mentor=mentor, student=student, **(defaults | fields))


@pytest.fixture
def session(db: None) -> Iterator[Booking]:
    with time_machine.travel(BOOKED, tick=False):
        yield make_session()


def before(moment: timedelta) -> time_machine.travel:
    return time_machine.travel(START - moment, tick=False)


def queued(name: str) -> list[dict[str, Any]]:  # Any: the job's payload
    return [job["mail"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == name]


def test_both_are_reminded_a_day_before_in_their_own_zone(session: Booking) -> None:
    with before(timedelta(days=1)):
        send_reminders()
    to_student, to_mentor = queued("reminder_day")
    assert (to_student["to"], to_mentor["to"]) == (session.student.email, session.mentor.user.email)
    assert to_student["subject"] == "Tomorrow at 18:30: Ngozi"
    assert to_mentor["subject"] == "Tomorrow at 19:30: Amara"
    assert "Thursday 26 November, 18:30–19:15, Lisbon, GMT+0" in to_student["text"]
    assert "19:30–20:15 for Ngozi in Lagos" in to_student["text"]
    assert queued("reminder_hour") == []


def test_both_are_reminded_an_hour_before(session: Booking) -> None:
    with before(timedelta(hours=1)):
        send_reminders()
    assert [m["subject"] for m in queued("reminder_hour")] == ["In 1 hour: Ngozi, 18:30", "In 1 hour: Amara, 19:30"]
    assert queued("reminder_day") == []


def test_the_feed_names_the_day_which_stays_true(session: Booking) -> None:
    with before(timedelta(days=1)):
        send_reminders()
    line = Notification.objects.get(user=session.student)
    assert (line.title, line.path) == ("Reminder: Ngozi, Thu 26 Nov at 18:30", f"/bookings/{session.pk}/")


@pytest.mark.parametrize(
    ("left", "mails"),
    [
        (timedelta(days=1, seconds=1), 0),
        (timedelta(days=1), 2),
        (timedelta(hours=22, seconds=1), 2),
        (timedelta(hours=22), 0),  # too late to be of use; the hour's comes
        (timedelta(hours=1, seconds=1), 0),
        (timedelta(hours=1), 2),
        (timedelta(minutes=30), 0),
        (timedelta(0), 0),
    ],
)
def test_reminders_come_in_their_time_and_not_much_later(session: Booking, left: timedelta, mails: int) -> None:
    with before(left):
        send_reminders()
        assert len(waiting_jobs("deliver_mail")) == mails


def test_no_reminder_is_sent_twice(session: Booking) -> None:
    with before(timedelta(days=1)):
        for _ in range(3):
            send_reminders()
    with before(timedelta(hours=23)):
        send_reminders()
    assert len(queued("reminder_day")) == 2
    assert ToldOnce.objects.count() == 2
    assert Notification.objects.count() == 2


@pytest.mark.parametrize("status", ["held", "expired", "abandoned", "cancelled", "ended", "completed", "problem"])
@pytest.mark.django_db
def test_only_a_confirmed_session_is_reminded_of(status: str) -> None:
    with time_machine.travel(BOOKED, tick=False):
        session = make_session()
        other = make_booking(status=status, starts_at=START, created_at=BOOKED)
        if status not in {"held", "expired", "abandoned"}:
            Booking.objects.filter(pk=other.pk).update(confirmed_at=BOOKED)
    for moment in (timedelta(days=1), timedelta(hours=1)):
        with before(moment):
            send_reminders()
            for kind in (DAY, HOUR):
                remind(Due(other.pk, kind))
    told = {m["to"] for m in (*queued("reminder_day"), *queued("reminder_hour"))}
    assert told == {session.student.email, session.mentor.user.email}


def test_whoever_booked_within_the_day_is_not_reminded_of_it_a_minute_later(session: Booking) -> None:
    Booking.objects.filter(pk=session.pk).update(confirmed_at=START - timedelta(hours=23, minutes=59))
    with before(timedelta(hours=23, minutes=58)):
        send_reminders()
        assert queued("reminder_day") == []
    with before(timedelta(hours=1)):
        send_reminders()
    assert len(queued("reminder_hour")) == 2


def test_a_session_that_was_moved_is_reminded_of_at_its_new_time(session: Booking) -> None:
    with before(timedelta(days=2)):
        moved = move_booking(booking_id=session.pk, starts_at=START + timedelta(days=1), by=session.student)
    with before(timedelta(days=1)):
        send_reminders()
        assert queued("reminder_day") == []
    with before(timedelta(0)):
        send_reminders()
    assert moved.starts_at == START + timedelta(days=1)
    assert len(queued("reminder_day")) == 2


def test_a_session_moved_after_its_reminder_is_reminded_of_again(session: Booking) -> None:
    with before(timedelta(days=1)):
        send_reminders()
    Booking.objects.filter(pk=session.pk).update(  # past the rules: so late a student does not move it
        starts_at=START + timedelta(days=3),
        ends_at=session.ends_at + timedelta(days=3),
        blocked_until=session.blocked_until + timedelta(days=3),
    )
    with before(timedelta(days=-2)):
        send_reminders()
    assert [m["subject"] for m in queued("reminder_day")] == [
        "Tomorrow at 18:30: Ngozi",
        "Tomorrow at 19:30: Amara",
    ] * 2


# Looked at again when it is sent -----------------------------------------------------------------------------------------


def send_late(*, after: timedelta = timedelta(minutes=1)) -> list[str]:
    """Let the mails go that waited, and tell which of them went."""
    with time_machine.travel(START - timedelta(days=1) + after, tick=False):
        run_jobs("deliver_mail")
    return [message.extra_headers["X-Event"] for message in mail.outbox]


def test_a_reminder_that_waited_goes_out_if_nothing_changed(session: Booking) -> None:
    with before(timedelta(days=1)):
        send_reminders()
    assert send_late() == ["reminder_day"] * 2


def test_no_reminder_is_sent_of_a_session_that_was_cancelled_meanwhile(session: Booking) -> None:
    with before(timedelta(days=1)):
        send_reminders()
        cancel_booking(booking_id=session.pk, by=session.student, side=Booking.Side.STUDENT)
    assert send_late() == ["cancelled"] * 2


def test_no_reminder_is_sent_of_a_session_that_was_moved_meanwhile(session: Booking) -> None:
    with before(timedelta(days=1)):
        send_reminders()
        move_booking(booking_id=session.pk, starts_at=START + timedelta(days=1), by=session.student)
    assert send_late() == ["moved"] * 2


def test_tomorrow_is_not_said_on_the_day(session: Booking) -> None:
    """At 18:30 in Lisbon it is right for five and a half hours, in Lagos for four and a half."""
    with before(timedelta(days=1)):
        send_reminders()
    assert send_late(after=timedelta(hours=5)) == ["reminder_day"]
    assert mail.outbox[0].to == [session.student.email]


# Two workers at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_remind_each_person_once() -> None:
    session = make_due_session()
    assert race([lambda: remind(Due(session.pk, DAY))] * 4) == {"won": 4}
    assert len(queued("reminder_day")) == Notification.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_they_remind_them_over_and_over() -> None:
    session = make_due_session()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE common_toldonce DROP CONSTRAINT told_once")
    try:
        race([lambda: remind(Due(session.pk, DAY))] * 4)
        assert len(queued("reminder_day")) == Notification.objects.count() == 8
    finally:
        ToldOnce.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE common_toldonce ADD CONSTRAINT told_once UNIQUE (user_id, event, about)")
    assert notifications.tell_once(event="reminder_day", to=session.student.pk, about="x")
    assert not notifications.tell_once(event="reminder_day", to=session.student.pk, about="x")


def make_due_session() -> Booking:
    """Real connections have the real clock: a session that begins in a day, less a minute."""
    starts_at = datetime.now(UTC) + timedelta(hours=23, minutes=59)
    return make_booking(starts_at=starts_at, confirmed_at=starts_at - timedelta(days=3))
