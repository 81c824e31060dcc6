"""Suspending a mentor from the review desk, and what the mentor sees and may still write."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from mentors.models import Mentor, SuspensionAppeal
from tests.factories import make_booking
from tests.jobs import waiting_jobs
from tests.signin import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    return sign_in(client, reviewer)


def at(mentor: Mentor, part: str = "") -> str:
    return f"/admin/mentors/review/applications/{mentor.handle}/{part}"


def status(mentor: Mentor) -> str:
    return Mentor.objects.values_list("status", flat=True).get(pk=mentor.pk)


def test_the_confirm_page_says_what_it_does_and_asks_about_coming_sessions(desk: Client, mentor: Mentor) -> None:
    booking = make_booking(mentor=mentor)
    assert at(mentor, "suspend/") in desk.get(at(mentor)).text
    html = desk.get(at(mentor, "suspend/")).text
    assert "1 coming session" in html
    assert booking.student.name in html
    assert "the students get everything back" in html


def test_suspending_needs_a_reason_and_an_answer_about_the_sessions(desk: Client, mentor: Mentor) -> None:
    right = {"version": mentor.version, "reason": "Students wrote to us.", "sessions": "cancel"}
    for missing in ("reason", "sessions"):
        typed = {name: value for name, value in right.items() if name != missing}
        assert desk.post(at(mentor, "suspend/"), typed).status_code == 422
    assert desk.post(at(mentor, "suspend/"), {**right, "version": 99}).status_code == 409
    assert status(mentor) == "approved"
    assert desk.post(at(mentor, "suspend/"), right).status_code == 302
    assert status(mentor) == "suspended"
    assert len(waiting_jobs("bookings.cancel_sessions")) == 1


def test_suspending_needs_a_fresh_sign_in(client: Client, reviewer: User, mentor: Mentor) -> None:
    typed = {"version": mentor.version, "reason": "Students wrote to us.", "sessions": "keep"}
    sign_in(client, reviewer, ago=timedelta(minutes=11))
    assert client.post(at(mentor, "suspend/"), typed).status_code == 302
    assert status(mentor) == "approved"
    sign_in(client, reviewer)
    client.post(at(mentor, "suspend/"), typed)
    assert status(mentor) == "suspended"
    assert waiting_jobs("bookings.cancel_sessions") == []


def test_a_suspended_mentor_reads_writes_only_the_appeal_and_is_let_in_again(
    desk: Client, mentor: Mentor, reviewer: User
) -> None:
    desk.post(at(mentor, "suspend/"), {"version": mentor.version, "reason": "Students wrote.", "sessions": "keep"})
    theirs = sign_in(Client(), mentor.user)
    assert 'href="/mentor/appeal/"' in theirs.get("/mentor/").text
    assert theirs.post("/mentor/profile/", {}).status_code == 403
    assert theirs.post("/mentor/appeal/", {"appeal": ""}).status_code == 422
    assert theirs.post("/mentor/appeal/", {"appeal": "That was somebody else."}).status_code == 302
    assert theirs.post("/mentor/appeal/", {"appeal": "Really."}).status_code == 409
    assert "That was somebody else." in desk.get(at(mentor)).text
    assert "Appeals against suspensions" in desk.get("/admin/mentors/review/").text
    assert desk.post(at(mentor, "reinstate/"), {"version": mentor.version, "reason": "It was."}).status_code == 302
    assert status(mentor) == "approved"
    assert SuspensionAppeal.objects.get().is_granted
    assert "Nothing to appeal against" in theirs.get("/mentor/appeal/").text


def test_an_appeal_can_be_declined(desk: Client, mentor: Mentor) -> None:
    desk.post(at(mentor, "suspend/"), {"version": mentor.version, "reason": "Students wrote.", "sessions": "keep"})
    typed = {"version": mentor.version, "reason": "It was you."}
    assert desk.post(at(mentor, "decline-appeal/"), typed).status_code == 409
    sign_in(Client(), mentor.user).post("/mentor/appeal/", {"appeal": "No."})
    assert desk.post(at(mentor, "decline-appeal/"), typed).status_code == 302
    assert status(mentor) == "suspended"
    assert "Appeals against suspensions" not in desk.get("/admin/mentors/review/").text


def test_only_reviewers_come_in(client: Client, mentor: Mentor, support: User, finance: User) -> None:
    for person in (support, finance, mentor.user):
        sign_in(client, person)
        for part in ("suspend/", "reinstate/", "decline-appeal/"):
            assert client.get(at(mentor, part)).status_code == 403
