"""The other side answers, then support decides what goes back."""

from datetime import timedelta

import pytest

from accounts.models import User
from bookings.errors import AnswerAwaited, AnswerTooLate, CannotAskBack, NothingToAnswer, NothingToDecide
from bookings.models import Booking, ProblemReport, Strike
from bookings.services import answer_report, decide_report, report_problem, say_outcome
from bookings.services.endings import run_endings
from marketplace.common.errors import AccessDenied
from marketplace.common.models import AuditEvent
from mentors.models import Mentor
from payments.models import Earning, Refund
from payments.services.ledger import Account, balance
from tests.bookings.after import later, mails, make_past_session, was_there

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def session(student: User, mentor: Mentor) -> Booking:
    return make_past_session(student=student, mentor=mentor)


@pytest.fixture
def report(session: Booking, student: User) -> ProblemReport:
    return report_problem(booking_id=session.pk, by=student, note="We lost half of the time.")


def test_the_other_side_answers_once_within_72_hours(report: ProblemReport, student: User) -> None:
    mentor = report.booking.mentor.user
    with later(72 * HOUR), pytest.raises(AnswerTooLate):
        answer_report(booking_id=report.booking_id, by=mentor, text="My line was down.")
    with pytest.raises(NothingToAnswer):
        answer_report(booking_id=report.booking_id, by=student, text="I agree with myself.")
    with later(72 * HOUR - timedelta(minutes=1)):
        answered = answer_report(booking_id=report.booking_id, by=mentor, text="My line was down.")
        with pytest.raises(NothingToAnswer):
            answer_report(booking_id=report.booking_id, by=mentor, text="And another thing.")
    assert answered.answer == "My line was down."


def test_support_waits_for_the_answer_or_its_time(report: ProblemReport, support: User) -> None:
    with pytest.raises(AnswerAwaited):
        decide_report(report_id=report.pk, by=support, percent=50, reason="Half of it was lost.")
    with later(72 * HOUR):
        decided = decide_report(report_id=report.pk, by=support, percent=50, reason="Half of it was lost.")
    assert decided.percent == 50


@pytest.mark.parametrize(
    ("percent", "status", "back", "share"),
    [
        (0, "completed", 0, 2_805),
        (50, "refunded", 1_650, 1_402),
        (33, "refunded", 1_089, 1_879),
        (100, "refunded", 3_300, 0),
    ],
)
def test_the_decision_settles_booking_refund_and_earning(
    report: ProblemReport, support: User, percent: int, status: str, back: int, share: int
) -> None:
    booking = report.booking
    assert Earning.objects.get(booking=booking).status == "frozen"
    answer_report(booking_id=booking.pk, by=booking.mentor.user, text="Yes.")
    decide_report(report_id=report.pk, by=support, percent=percent, reason="As it was.")
    booking.refresh_from_db()
    earning = Earning.objects.get(booking=booking)
    assert (booking.status, booking.refund_percent) == (status, percent)
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == back
    assert (earning.amount_minor, earning.status) == (share, "pending" if share else "void")
    assert balance(Account.STUDENT_FUNDS, booking=booking) == -(3_300 - back)
    assert len(mails("problem_decided")) == 2
    assert AuditEvent.objects.get(action="problem_decided").data["percent"] == percent


def test_money_stays_where_it_is_while_a_report_is_open(report: ProblemReport) -> None:
    with later(timedelta(days=10)):
        run_endings()
    earning = Earning.objects.get(booking=report.booking)
    assert (earning.status, earning.clears_at) == ("frozen", None)
    report.booking.refresh_from_db()
    assert report.booking.status == "problem"


def test_a_decision_does_not_bring_the_mentors_money_forward(report: ProblemReport, support: User) -> None:
    """Only the student's own word does: what support leaves of it goes when it would have gone."""
    booking = report.booking
    answer_report(booking_id=booking.pk, by=booking.mentor.user, text="It was not half.")
    decide_report(report_id=report.pk, by=support, percent=0, reason="The log says so.")
    earning = Earning.objects.get(booking=booking)
    assert (earning.status, earning.clears_at) == ("pending", booking.ends_at + 48 * HOUR)


def test_what_went_back_is_not_asked_for_again(session: Booking, student: User, support: User) -> None:
    """The mentor was counted absent, and everything sent back, before they could say a word."""
    was_there(session, student)
    say_outcome(booking_id=session.pk, by=student, word="problem")
    report = report_problem(booking_id=session.pk, by=session.mentor.user, note="We met elsewhere.")
    answer_report(booking_id=session.pk, by=student, text="We did not.")
    with pytest.raises(CannotAskBack):
        decide_report(report_id=report.pk, by=support, percent=50, reason="They met elsewhere.")
    decide_report(report_id=report.pk, by=support, percent=100, reason="They did not meet.")
    assert [refund.amount_minor for refund in Refund.objects.all()] == [3_300]


@pytest.mark.parametrize(
    ("finding", "status", "strikes"), [("mentor_absent", "refunded", 1), ("both_absent", "no_show_both", 0)]
)
def test_an_absence_that_support_finds_brings_all_of_it_back(
    report: ProblemReport, support: User, finding: str, status: str, strikes: int
) -> None:
    with later(72 * HOUR):
        decide_report(report_id=report.pk, by=support, percent=0, reason="The log is empty.", finding=finding)
    report.booking.refresh_from_db()
    assert (report.booking.status, report.booking.refund_percent) == (status, 100)
    assert Strike.objects.count() == strikes


def test_only_support_decides_and_only_once(
    report: ProblemReport, support: User, finance: User, reviewer: User
) -> None:
    with later(72 * HOUR):
        for other in (finance, reviewer, report.booking.student, report.booking.mentor.user):
            with pytest.raises(AccessDenied):
                decide_report(report_id=report.pk, by=other, percent=100, reason="I say so.")
        decide_report(report_id=report.pk, by=support, percent=100, reason="The log says so.")
        with pytest.raises(NothingToDecide):
            decide_report(report_id=report.pk, by=support, percent=0, reason="I changed my mind.")
    assert Refund.objects.count() == 1
