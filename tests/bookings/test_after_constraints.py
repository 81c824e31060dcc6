"""What comes after a session, written past every service: the database refuses what the rules do."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.models import User
from bookings.models import Attendance, Booking, Outcome, ProblemReport, Review, Strike
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor
from tests.factories import make_booking

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)

type Fields = dict[str, Any]  # Any: columns


@pytest.fixture
def session(student: User, mentor: Mentor) -> Booking:
    return make_booking(student=student, mentor=mentor, status="completed")


def breach(model: type[models.Model], **fields: Any) -> str:  # Any: columns
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        model._default_manager.create(**fields)
    return violated_constraint(refusal.value)


def test_attendance_ends_after_its_start(session: Booking, student: User) -> None:
    right: Fields = {"booking": session, "user": student, "from_at": NOW, "until_at": NOW}
    assert breach(Attendance, **(right | {"until_at": NOW - HOUR})) == "attendance_ends_after_its_start"
    Attendance.objects.create(**right)


@pytest.mark.parametrize(("side", "word"), [("student", "taught"), ("mentor", "fine"), ("admin", "fine")])
def test_each_side_has_its_own_words_and_one_of_them(session: Booking, student: User, side: str, word: str) -> None:
    right: Fields = {"booking": session, "side": "student", "word": "fine", "by": student, "at": NOW}
    assert breach(Outcome, **(right | {"side": side, "word": word})) == "outcome_word_of_its_side"
    Outcome.objects.create(**right)
    assert breach(Outcome, **(right | {"word": "problem"})) == "outcome_one_per_side"


def report_fields(session: Booking, student: User) -> Fields:
    return {
        "booking": session,
        "side": "student",
        "by": student,
        "found": "ended",
        "opened_at": NOW,
        "answer_due_at": NOW + 72 * HOUR,
    }


def test_one_report_is_open_at_a_time(session: Booking, student: User) -> None:
    right = report_fields(session, student)
    first = ProblemReport.objects.create(**right)
    assert breach(ProblemReport, **right) == "problem_report_one_open_per_booking"
    ProblemReport.objects.filter(pk=first.pk).update(decided_at=NOW, decided_by=student, percent=0, decision="So.")
    ProblemReport.objects.create(**right)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"decision": ""}, "problem_report_decided_by_somebody_for_a_reason"),
        ({"decided_by": None}, "problem_report_decided_by_somebody_for_a_reason"),
        ({"decided_at": None}, "problem_report_decided_by_somebody_for_a_reason"),
        ({"percent": 101}, "problem_report_decided_by_somebody_for_a_reason"),
        ({"percent": 49, "found_percent": 50}, "problem_report_asks_nothing_back"),
        ({"percent": 99, "finding": "both_absent"}, "problem_report_absence_brings_all_back"),
        ({"percent": 100, "finding": "aliens"}, "problem_report_absence_brings_all_back"),
    ],
)
def test_a_decision_is_somebodys_has_a_reason_and_asks_nothing_back(
    session: Booking, student: User, support: User, wrong: Fields, name: str
) -> None:
    decision: Fields = {"decided_at": NOW, "decided_by": support, "percent": 50, "decision": "Half of it was lost."}
    right = report_fields(session, student) | decision
    assert breach(ProblemReport, **(right | wrong)) == name
    ProblemReport.objects.create(**right)


def test_a_review_has_one_to_five_stars_and_an_answer_has_words(session: Booking) -> None:
    right: Fields = {"booking": session, "rating": 1, "created_at": NOW}
    assert breach(Review, **(right | {"rating": 0})) == "review_rating_in_bounds"
    assert breach(Review, **(right | {"rating": 6})) == "review_rating_in_bounds"
    assert breach(Review, **(right | {"answered_at": NOW})) == "review_answered_with_words"
    assert breach(Review, **(right | {"answer": "Thank you."})) == "review_answered_with_words"
    Review.objects.create(**right, answer="Thank you.", answered_at=NOW)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"points": 0}, "strike_points_positive"),
        ({"hides_days": 7}, "strike_effect_waits"),
        ({"takes_effect_at": NOW}, "strike_effect_waits"),
        ({"waived_at": NOW}, "strike_waived_by_somebody"),
    ],
)
def test_a_strike_counts_waits_and_is_taken_back_by_somebody(session: Booking, wrong: Fields, name: str) -> None:
    right: Fields = {
        "mentor": session.mentor,
        "booking": session,
        "kind": "absence",
        "points": 3,
        "at": NOW,
        "expires_at": NOW + 90 * 24 * HOUR,
    }
    assert breach(Strike, **(right | wrong)) == name
    Strike.objects.create(**right)
    assert breach(Strike, **right) == "bookings_strike_booking_id_key"
