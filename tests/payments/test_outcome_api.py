"""``POST /api/bookings/{id}/outcome``."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from mentors.models import Mentor
from tests.bookings.after import make_past_session, was_there

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(student: User, mentor: Mentor) -> Booking:
    return make_past_session(student=student, mentor=mentor)


def say(client: Client, booking: Booking, person: User, **body: object) -> Any:  # Any: the test client's response
    client.force_login(person)
    return client.post(f"/api/bookings/{booking.pk}/outcome", body, content_type="application/json")


def test_the_answer_is_the_booking(client: Client, session: Booking, student: User) -> None:
    answer = say(client, session, student, outcome="fine", note="Thanks")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert say(client, session, student, outcome="fine").json()["status"] == "completed"


def test_an_absence_shows_its_refund(client: Client, session: Booking, student: User) -> None:
    was_there(session, student)
    answer = say(client, session, student, outcome="problem", note="Nobody came.").json()
    assert (answer["status"], answer["refund"]["amount"]["amount_minor"]) == ("no_show_mentor", 3_300)


@pytest.mark.parametrize(
    ("who", "body", "status", "code"),
    [
        ("student", {"outcome": "taught"}, 422, "invalid"),
        ("student", {"outcome": "splendid"}, 422, "invalid"),
        ("student", {"outcome": "fine", "stars": 5}, 422, "unknown_field"),
        ("mentor", {"outcome": "fine"}, 422, "invalid"),
        ("other", {"outcome": "fine"}, 404, "not_found"),
        ("support", {"outcome": "fine"}, 403, "forbidden"),
    ],
)
def test_refusals(
    client: Client, session: Booking, student: User, other_student: User, support: User,
    who: str, body: dict[str, object], status: int, code: str,
) -> None:  # fmt: skip
    people = {"student": student, "mentor": session.mentor.user, "other": other_student, "support": support}
    answer = say(client, session, people[who], **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert say(client, session, student, outcome="fine").status_code == 200


def test_a_session_that_is_not_over_is_a_conflict(client: Client, student: User, mentor: Mentor) -> None:
    coming = make_past_session(student=student, mentor=mentor, ended_ago=-timedelta(minutes=1))
    answer = say(client, coming, student, outcome="fine")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    over = make_past_session(student=student, mentor=mentor, ended_ago=timedelta(hours=2))
    assert say(client, over, student, outcome="fine").status_code == 200


def test_the_same_key_gets_the_same_answer(client: Client, session: Booking, student: User) -> None:
    client.force_login(student)
    answers = [
        client.post(
            f"/api/bookings/{session.pk}/outcome",
            {"outcome": "fine"},
            content_type="application/json",
            headers={"Idempotency-Key": "outcome-once"},
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
