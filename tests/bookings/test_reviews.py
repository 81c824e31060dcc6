"""Reviews: who may write one, for how long, the mentor's answer, and what is counted."""

from datetime import timedelta

import pytest

from accounts.models import User
from bookings.errors import NotReviewable, ReviewAnswered, ReviewTooLate
from bookings.models import Booking, Review
from bookings.services import answer_report, answer_review, decide_report, report_problem, say_outcome, write_review
from mentors.models import Mentor
from tests.bookings.after import later, mails, make_past_session
from tests.factories import make_booking

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(student: User, mentor: Mentor) -> Booking:
    """Completed just now."""
    booking = make_past_session(student=student, mentor=mentor)
    return say_outcome(booking_id=booking.pk, by=student, word="fine")


def counted(mentor: Mentor) -> tuple[int, int]:
    return Mentor.objects.values_list("rating_sum", "review_count").get(pk=mentor.pk)


def test_a_review_counts_at_once_and_the_mentor_is_told(session: Booking, student: User) -> None:
    write_review(booking_id=session.pk, by=student, rating=4, text="Patient.")
    assert counted(session.mentor) == (4, 1)
    assert mails("new_review") == [session.mentor.user.email]


def test_only_the_student_of_a_completed_session_reviews_it(
    session: Booking, student: User, other_student: User, mentor: Mentor
) -> None:
    for stranger in (other_student, mentor.user):
        with pytest.raises(NotReviewable):
            write_review(booking_id=session.pk, by=stranger, rating=5, text="")
    for status in ("ended", "confirmed", "no_show_mentor", "refunded", "cancelled"):
        other = make_booking(student=student, status=status, starts_at=session.starts_at - DAY)
        with pytest.raises(NotReviewable):
            write_review(booking_id=other.pk, by=student, rating=5, text="")
        other.delete()
    assert write_review(booking_id=session.pk, by=student, rating=5, text="").rating == 5


def test_it_can_be_written_for_fourteen_days_and_changed_for_two(session: Booking, student: User) -> None:
    with later(14 * DAY), pytest.raises(ReviewTooLate):
        write_review(booking_id=session.pk, by=student, rating=5, text="")
    with later(14 * DAY - MINUTE):
        write_review(booking_id=session.pk, by=student, rating=5, text="Good.")
    with later(16 * DAY - 2 * MINUTE):
        review = write_review(booking_id=session.pk, by=student, rating=2, text="On second thoughts.")
    with later(16 * DAY), pytest.raises(ReviewTooLate):
        write_review(booking_id=session.pk, by=student, rating=1, text="")
    assert (review.rating, review.edited_at is not None) == (2, True)
    assert counted(session.mentor) == (2, 1)
    assert len(mails("new_review")) == 1


def test_a_refund_never_deletes_one(session: Booking, student: User, support: User) -> None:
    write_review(booking_id=session.pk, by=student, rating=1, text="He left after ten minutes.")
    report = report_problem(booking_id=session.pk, by=student, note="He left.")
    answer_report(booking_id=session.pk, by=session.mentor.user, text="I did.")
    decide_report(report_id=report.pk, by=support, percent=100, reason="He did.")
    assert Review.objects.get().text == "He left after ten minutes."
    assert counted(session.mentor) == (1, 1)


def test_the_mentor_answers_once(session: Booking, student: User, mentor: Mentor) -> None:
    write_review(booking_id=session.pk, by=student, rating=3, text="Late.")
    with pytest.raises(ReviewAnswered):
        answer_review(booking_id=session.pk, by=student, text="I am the student.")
    answer_review(booking_id=session.pk, by=mentor.user, text="Sorry, the train.")
    with pytest.raises(ReviewAnswered):
        answer_review(booking_id=session.pk, by=mentor.user, text="And another thing.")
    assert Review.objects.get().answer == "Sorry, the train."
