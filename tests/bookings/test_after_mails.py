"""The mails about what comes after a session: to whom, under which subject, with which words and way on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import User
from bookings.models import Booking
from bookings.services import answer_report, decide_report, report_problem, say_outcome, write_review
from bookings.services.endings import run_endings
from mentors.models import Mentor
from tests.bookings.after import was_there
from tests.factories import make_mentor, make_paid_booking, make_student, make_user
from tests.jobs import waiting_jobs

pytestmark = pytest.mark.django_db

START = datetime(2027, 11, 25, 18, 30, tzinfo=UTC)


@pytest.fixture
def session(db: None) -> Booking:
    """Amara with Ngozi on Thu 25 Nov 2027, 18:30 to 19:15 UTC; 33.00."""
    mentor = make_mentor(user=make_user(role="mentor", name="Ngozi Adeyemi"))
    student = make_student(name="Amara Okafor")
    return make_paid_booking(mentor=mentor, student=student, starts_at=START, confirmed_at=START - timedelta(days=3))


def mail(name: str, to: User) -> dict[str, Any]:  # Any: the job's payload
    [found] = [
        job["mail"]
        for job in waiting_jobs("deliver_mail")
        if (job["mail"]["name"], job["mail"]["to"]) == (name, to.email)
    ]
    return dict(found)


def after(moment: timedelta) -> time_machine.travel:
    return time_machine.travel(START + timedelta(minutes=45) + moment, tick=False)


def test_how_was_it_names_the_other(session: Booking) -> None:
    with after(timedelta(hours=48)):
        run_endings()  # ends it, and asks
    assert mail("how_was_it", session.student)["subject"] == "How was your session with Ngozi?"
    assert mail("how_was_it", session.mentor.user)["subject"] == "How was your session with Amara?"
    assert f"/bookings/{session.pk}/" in mail("how_was_it", session.student)["text"]


def test_a_student_whose_absence_is_decided_at_once_is_told_and_can_say_otherwise(session: Booking) -> None:
    was_there(session, session.mentor.user)
    with after(timedelta(hours=1)):
        say_outcome(booking_id=session.pk, by=session.mentor.user, word="student_absent")
    told = mail("student_absent", session.student)
    assert told["subject"] == "Ngozi says you did not come"
    assert "nothing of the $33.00 comes back" in told["text"]
    assert "until Thu 9 Dec, 19:15" in told["text"]
    assert f"/bookings/{session.pk}/problem/" in told["text"]


def test_a_student_who_is_only_said_to_be_absent_is_told_of_the_report(session: Booking) -> None:
    with after(timedelta(hours=1)):
        say_outcome(booking_id=session.pk, by=session.mentor.user, word="student_absent")
    assert mail("problem_reported", session.student)
    assert not [job for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == "student_absent"]


def test_a_problem_is_told_to_both_and_the_other_is_asked(session: Booking) -> None:
    with after(timedelta(hours=1)):
        report_problem(booking_id=session.pk, by=session.student, note="We lost <half> of it.")
    to_mentor, to_student = mail("problem_reported", session.mentor.user), mail("problem_reported", session.student)
    assert to_mentor["subject"] == to_student["subject"] == "A problem was reported about Thu 25 Nov"
    assert f"/bookings/{session.pk}/answer/" in to_mentor["text"]
    assert "We lost <half> of it." in to_mentor["text"]
    assert "We lost &lt;half&gt; of it." in to_mentor["html"]
    assert "/answer/" not in to_student["text"]


@pytest.mark.parametrize(
    ("percent", "subject"), [(50, "Decided: $16.50 is on its way back"), (0, "Decided: nothing goes back")]
)
def test_the_decision_is_told_with_its_sums(session: Booking, support: User, percent: int, subject: str) -> None:
    with after(timedelta(hours=1)):
        report = report_problem(booking_id=session.pk, by=session.student, note="We lost half of it.")
        answer_report(booking_id=session.pk, by=session.mentor.user, text="Yes.")
        decide_report(report_id=report.pk, by=support, percent=percent, reason="So it was.")
    to_student, to_mentor = mail("problem_decided", session.student), mail("problem_decided", session.mentor.user)
    assert to_student["subject"] == to_mentor["subject"] == subject
    assert "So it was." in to_student["text"]
    assert ("$14.02" if percent else "$28.05") in to_mentor["text"]
    assert "Your share" not in to_student["text"]


def test_a_review_is_told_to_its_mentor(session: Booking) -> None:
    with after(timedelta(hours=1)):
        say_outcome(booking_id=session.pk, by=session.student, word="fine")
        write_review(booking_id=session.pk, by=session.student, rating=5, text="Patient.")
    told = mail("new_review", session.mentor.user)
    assert told["subject"] == "Amara left you a review"
    assert "Patient." in told["text"]
    assert Mentor.objects.get(pk=session.mentor_id).review_count == 1
