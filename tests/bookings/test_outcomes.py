"""How was it? What each side says, what the clock does when nobody says anything, and where the money goes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bookings.errors import NotOverYet, NotYourWord, ReportDecided, ReportTooLate, WrongState
from bookings.models import Booking, BookingEvent, Outcome, Strike
from bookings.services import answer_report, decide_report, report_problem, say_outcome
from bookings.services.endings import run_endings, waiting_for_a_word
from mentors.models import Mentor
from payments.models import Earning, Refund
from tests.bookings.after import later, mails, make_past_session, status_of, was_there
from tests.factories import make_booking, make_paid_booking

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(student: User, mentor: Mentor) -> Booking:
    """Over for a minute; 33.00 paid."""
    return make_past_session(student=student, mentor=mentor)


def refunds() -> list[int]:
    return list(Refund.objects.order_by("pk").values_list("amount_minor", flat=True))


def earning(booking: Booking) -> Earning:
    return Earning.objects.get(booking=booking)


# What is said


def test_the_students_fine_completes_at_once_and_clears_the_money(session: Booking, student: User) -> None:
    say_outcome(booking_id=session.pk, by=student, word="fine")
    assert status_of(session.pk) == "completed"
    assert earning(session).clears_at is not None
    assert refunds() == []
    names = BookingEvent.objects.filter(booking=session).order_by("pk").values_list("name", flat=True)
    assert list(names) == ["ended", "said", "completed"]
    assert Mentor.objects.get(pk=session.mentor_id).session_count == 1


def test_nothing_can_be_said_before_the_end(student: User, mentor: Mentor) -> None:
    session = make_past_session(student=student, mentor=mentor, ended_ago=-SECOND * 5)
    for person, word in ((student, "fine"), (student, "problem"), (mentor.user, "taught")):
        with pytest.raises(NotOverYet):
            say_outcome(booking_id=session.pk, by=person, word=word)
    with later(SECOND * 6):
        assert say_outcome(booking_id=session.pk, by=student, word="fine").status == "completed"


@pytest.mark.parametrize("word", ["taught", "student_absent", "nonsense"])
def test_a_student_has_two_words_and_the_mentor_two_others(session: Booking, student: User, word: str) -> None:
    with pytest.raises(NotYourWord):
        say_outcome(booking_id=session.pk, by=student, word=word)
    assert not Outcome.objects.exists()
    say_outcome(booking_id=session.pk, by=student, word="fine")
    with pytest.raises(NotYourWord):
        say_outcome(booking_id=session.pk, by=session.mentor.user, word="fine")


def test_strangers_say_nothing(session: Booking, other_student: User, support: User) -> None:
    for stranger in (other_student, support):
        with pytest.raises(NotYourWord):
            say_outcome(booking_id=session.pk, by=stranger, word="fine")


def test_saying_it_again_changes_nothing(session: Booking, student: User) -> None:
    for _ in range(2):
        say_outcome(booking_id=session.pk, by=student, word="fine")
    assert Outcome.objects.count() == 1
    for _ in range(2):
        say_outcome(booking_id=session.pk, by=student, word="problem")
    assert session.problem_reports.count() == 1
    assert Outcome.objects.get().word == "fine"  # the first word stays beside the report


def test_the_mentors_taught_waits_for_the_student(session: Booking, student: User) -> None:
    say_outcome(booking_id=session.pk, by=session.mentor.user, word="taught")
    assert status_of(session.pk) == "ended"
    say_outcome(booking_id=session.pk, by=student, word="fine")
    assert status_of(session.pk) == "completed"


def test_the_mentors_taught_completes_after_48_hours(session: Booking) -> None:
    with later(48 * HOUR):
        say_outcome(booking_id=session.pk, by=session.mentor.user, word="taught")
    assert status_of(session.pk) == "completed"


# Absence


def test_who_was_there_decides_alone_about_a_mentor_who_never_was(session: Booking, student: User) -> None:
    was_there(session, student)
    say_outcome(booking_id=session.pk, by=student, word="problem", note="Nobody came.")
    session.refresh_from_db()
    assert (session.status, session.refund_percent) == ("no_show_mentor", 100)
    assert refunds() == [3_300]
    assert earning(session).status == "void"
    assert Strike.objects.get().points == 3
    assert mails("strike") == [session.mentor.user.email]


def test_a_mentor_who_was_there_decides_alone_about_a_student_who_never_was(session: Booking) -> None:
    was_there(session, session.mentor.user)
    say_outcome(booking_id=session.pk, by=session.mentor.user, word="student_absent")
    session.refresh_from_db()
    assert (session.status, session.refund_percent) == ("no_show_student", 0)
    assert refunds() == []
    assert earning(session).clears_at is not None
    assert not Strike.objects.exists()


@pytest.mark.parametrize(
    ("student_minutes", "mentor_minutes"),
    [(None, None), (14.9, None), (45, 1), (45, 45), (None, 45)],
    ids=["nobody was there", "not long enough", "the mentor for a minute", "both", "only the mentor"],
)
def test_any_other_complaint_becomes_a_report(
    session: Booking, student: User, student_minutes: float | None, mentor_minutes: float | None
) -> None:
    for person, minutes in ((student, student_minutes), (session.mentor.user, mentor_minutes)):
        if minutes is not None:
            was_there(session, person, minutes=minutes)
    say_outcome(booking_id=session.pk, by=student, word="problem", note="He left.")
    session.refresh_from_db()
    assert (session.status, session.refund_percent) == ("problem", None)
    assert earning(session).status == "frozen"
    report = session.problem_reports.get()
    assert (report.side, report.found, report.note) == ("student", "ended", "He left.")
    assert report.answer_due_at == report.opened_at + 72 * HOUR
    assert sorted(mails("problem_reported")) == sorted([student.email, session.mentor.user.email])


def test_a_mentor_who_said_taught_does_not_decide_alone_any_more(session: Booking) -> None:
    mentor = session.mentor.user
    was_there(session, mentor)
    say_outcome(booking_id=session.pk, by=mentor, word="taught")
    say_outcome(booking_id=session.pk, by=mentor, word="student_absent")
    assert status_of(session.pk) == "problem"


# The clock


def test_the_pass_ends_a_session_at_its_planned_end(student: User, mentor: Mentor) -> None:
    session = make_paid_booking(student=student, mentor=mentor)
    with later(session.ends_at - session.created_at - SECOND):
        run_endings()
        assert status_of(session.pk) == "confirmed"
    with later(session.ends_at - session.created_at + SECOND):
        run_endings()
        run_endings()
    assert status_of(session.pk) == "ended"
    assert BookingEvent.objects.filter(booking=session, name="ended").count() == 1


@pytest.mark.parametrize("sign", ["both present", "taught"])
def test_a_positive_sign_completes_at_48_hours(session: Booking, student: User, sign: str) -> None:
    if sign == "taught":
        say_outcome(booking_id=session.pk, by=session.mentor.user, word="taught")
    else:
        was_there(session, student)
        was_there(session, session.mentor.user)
    with later(48 * HOUR - 2 * timedelta(minutes=1)):
        run_endings()
        assert status_of(session.pk) == "ended"
        assert earning(session).clears_at is None
    with later(48 * HOUR):
        run_endings()
        assert status_of(session.pk) == "completed"
        assert earning(session).clears_at is not None
    assert mails("how_was_it") == []


def test_the_mentors_mark_is_no_sign_beside_a_report(session: Booking, student: User) -> None:
    say_outcome(booking_id=session.pk, by=session.mentor.user, word="taught")
    report_problem(booking_id=session.pk, by=student, note="Nobody came.")
    with later(9 * DAY):
        run_endings()
    assert (status_of(session.pk), earning(session).status, earning(session).clears_at) == ("problem", "frozen", None)


@pytest.mark.parametrize("there", ["nobody", "the mentor"])
def test_without_a_sign_both_are_asked_once_and_support_decides_after_seven_days(
    session: Booking, student: User, support: User, there: str
) -> None:
    if there == "the mentor":
        was_there(session, session.mentor.user)
    for hours in (48, 49, 7 * 24 - 1):
        with later(hours * HOUR):
            run_endings()
    assert sorted(mails("how_was_it")) == sorted([student.email, session.mentor.user.email])
    assert status_of(session.pk) == "ended"
    with later(7 * DAY):
        run_endings()
        run_endings()
        report = session.problem_reports.get()
        assert (report.side, report.by, status_of(session.pk)) == ("admin", None, "problem")
        assert earning(session).status == "frozen"
        decide_report(report_id=report.pk, by=support, percent=0, reason="Nobody came.", finding="both_absent")
    session.refresh_from_db()
    assert (session.status, session.refund_percent) == ("no_show_both", 100)
    assert refunds() == [3_300]
    assert not Strike.objects.exists()


def test_a_pass_that_comes_late_still_asks_before_support_decides(session: Booking) -> None:
    with later(8 * DAY):
        run_endings()
        assert len(mails("how_was_it")) == 2
        run_endings()
        assert status_of(session.pk) == "ended"
    with later(9 * DAY):
        run_endings()
        assert status_of(session.pk) == "problem"


def test_a_word_after_the_question_settles_it(session: Booking, student: User) -> None:
    with later(3 * DAY):
        run_endings()
        say_outcome(booking_id=session.pk, by=student, word="fine")
        assert status_of(session.pk) == "completed"
    with later(8 * DAY):
        run_endings()
    assert status_of(session.pk) == "completed"


def test_one_session_in_trouble_does_not_keep_the_others(session: Booking, student: User, mentor: Mentor) -> None:
    """The first is without its payment, which nothing may be; the second is completed all the same."""
    broken = make_booking(
        student=student, status="ended", starts_at=session.starts_at - DAY, confirmed_at=session.starts_at - 2 * DAY
    )
    for booking in (broken, session):
        was_there(booking, student)
        was_there(booking, booking.mentor.user)
    with later(48 * HOUR), pytest.raises(ExceptionGroup):
        run_endings()
    assert (status_of(broken.pk), status_of(session.pk)) == ("ended", "completed")


def test_what_waits_is_found_in_one_query(session: Booking) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(waiting_for_a_word(at=session.ends_at))
    assert len(queries) == 1


# Problem reports


@pytest.mark.parametrize("found", ["completed", "no_show_student", "no_show_mentor"])
def test_a_report_reopens_a_settled_session_for_fourteen_days(session: Booking, student: User, found: str) -> None:
    mentor = session.mentor.user
    complainer, answerer = (mentor, student) if found == "no_show_mentor" else (student, mentor)
    if found == "completed":
        say_outcome(booking_id=session.pk, by=student, word="fine")
    else:
        was_there(session, answerer)
        say_outcome(
            booking_id=session.pk, by=answerer, word="problem" if found == "no_show_mentor" else "student_absent"
        )
    assert status_of(session.pk) == found
    with later(14 * DAY), pytest.raises(ReportTooLate):
        report_problem(booking_id=session.pk, by=complainer, note="That is not so.")
    with later(14 * DAY - 2 * timedelta(minutes=1)):
        report = report_problem(booking_id=session.pk, by=complainer, note="That is not so.")
    assert (report.found, report.found_percent) == (found, 100 if found == "no_show_mentor" else 0)
    assert status_of(session.pk) == "problem"


def test_a_cancelled_session_has_nothing_to_report(student: User, mentor: Mentor) -> None:
    session = make_past_session(student=student, mentor=mentor, status="cancelled", cancelled_by="mentor")
    with pytest.raises(WrongState):
        report_problem(booking_id=session.pk, by=student, note="He cancelled.")


def test_what_support_decided_is_not_reported_again(session: Booking, student: User, support: User) -> None:
    report = report_problem(booking_id=session.pk, by=student, note="Too short.")
    answer_report(booking_id=session.pk, by=session.mentor.user, text="It was not.")
    decide_report(report_id=report.pk, by=support, percent=0, reason="It took its time.")
    assert status_of(session.pk) == "completed"
    for complain in (
        lambda: report_problem(booking_id=session.pk, by=student, note="Again."),
        lambda: say_outcome(booking_id=session.pk, by=student, word="problem"),
    ):
        with pytest.raises(ReportDecided):
            complain()
    assert status_of(session.pk) == "completed"
