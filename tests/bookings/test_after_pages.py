"""The pages around a session and after it, as its two people use them."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import User
from bookings.models import Attendance, Booking, Review, Strike
from bookings.rooms import room_name
from bookings.services import appeal_strike, report_problem, say_outcome, write_review
from mentors.models import Mentor
from tests.bookings.after import later, make_past_session, status_of, strike, was_there
from tests.factories import make_booking, make_mentor

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(student: User, mentor: Mentor) -> Booking:
    """Over for a minute."""
    return make_past_session(student=student, mentor=mentor)


def page(client: Client, booking: Booking, person: User, part: str = "") -> str:
    client.force_login(person)
    answer = client.get(f"/bookings/{booking.pk}/{part}")
    assert answer.status_code == 200
    return answer.text


ABSENCES = [
    ("no_show_mentor", "did not come. We are sorry. All of it goes back", "You did not come. All of it goes back"),
    ("no_show_student", "says you did not come. The session counts as held", "did not come. You are paid"),
    ("no_show_both", "Nobody came. All of the money goes back", "Nobody came. All of the money goes back"),
]


@pytest.mark.parametrize(("status", "to_student", "to_mentor"), ABSENCES, ids=[status for status, *_ in ABSENCES])
def test_an_absence_says_whose_it_was_and_what_becomes_of_the_money(
    client: Client, session: Booking, status: str, to_student: str, to_mentor: str
) -> None:
    Booking.objects.filter(pk=session.pk).update(status="ended")
    Booking.objects.filter(pk=session.pk).update(status=status)
    for person, words in ((session.student, to_student), (session.mentor.user, to_mentor)):
        assert words in strip_tags(page(client, session, person))


def test_after_the_time_for_reports_nobody_is_sent_to_report_an_absence(client: Client, session: Booking) -> None:
    Booking.objects.filter(pk=session.pk).update(status="ended")
    Booking.objects.filter(pk=session.pk).update(status="no_show_student")
    assert "If it was different, report it below." in page(client, session, session.student)
    with time_machine.travel(session.ends_at + timedelta(days=settings.REPORT_DAYS), tick=False):
        assert "report it below" not in page(client, session, session.student)


# The join page


def test_the_join_page_shows_the_link_only_while_the_room_is_open(client: Client, student: User) -> None:
    booking = make_booking(student=student)
    room = f"{settings.MEETING_BASE_URL}/{room_name(booking.pk)}"
    moments = [
        (booking.starts_at - 10 * MINUTE - timedelta(seconds=1), False, "Not open yet."),
        (booking.starts_at - 10 * MINUTE, True, "Your room is open"),
        (booking.ends_at + 15 * MINUTE - timedelta(seconds=1), True, "Your room is open"),
        (booking.ends_at + 15 * MINUTE, False, "The room is closed."),
    ]
    for moment, is_open, words in moments:
        with time_machine.travel(moment, tick=False):
            html = page(client, booking, student, "join/")
            assert words in html
            assert (room in html) is is_open
            assert ("data-beat" in html) is is_open


def test_opening_the_page_is_no_beat_and_posting_is(client: Client, student: User) -> None:
    booking = make_booking(student=student)
    with time_machine.travel(booking.starts_at, tick=False):
        page(client, booking, student, "join/")
        assert not Attendance.objects.exists()
        assert client.post(f"/bookings/{booking.pk}/join/").status_code == 200
        assert client.post(f"/bookings/{booking.pk}/join/", {"by_hand": "yes"}).status_code == 302
    assert Attendance.objects.get().user == student


def test_a_beat_outside_the_hours_of_the_room_is_refused(client: Client, student: User) -> None:
    booking = make_booking(student=student)
    client.force_login(student)
    assert client.post(f"/bookings/{booking.pk}/join/").status_code == 409
    with time_machine.travel(booking.starts_at, tick=False):
        assert client.post(f"/bookings/{booking.pk}/join/").status_code == 200


def test_a_suspended_mentor_is_seen_in_a_session_that_was_kept(client: Client, student: User) -> None:
    booking = make_booking(student=student)
    User.objects.filter(pk=booking.mentor_id).update(suspended_at=timezone.now())
    client.force_login(User.objects.get(pk=booking.mentor_id))
    with time_machine.travel(booking.starts_at, tick=False):
        assert client.post(f"/bookings/{booking.pk}/join/").status_code == 200
        assert client.post(f"/bookings/{booking.pk}/problem/", {"note": "x"}).status_code == 403


def test_strangers_find_no_room(client: Client, other_student: User, student: User) -> None:
    booking = make_booking(student=student)
    for person, status in ((other_student, 404), (make_mentor().user, 404), (student, 200)):
        client.force_login(person)
        assert client.get(f"/bookings/{booking.pk}/join/").status_code == status


# The session's page


def test_both_sides_see_who_was_there(client: Client, session: Booking, student: User) -> None:
    was_there(session, student, minutes=20)
    for person in (student, session.mentor.user):
        html = page(client, session, person)
        assert "Who was there" in html
        assert f"<span>{student.name}</span>" in html


def test_each_side_is_asked_in_its_own_words(client: Client, session: Booking, student: User) -> None:
    html = page(client, session, student)
    assert "All went well" in html
    assert "The student did not come" not in html
    html = page(client, session, session.mentor.user)
    assert "It took place" in html
    assert "The student did not come" in html


def test_nothing_is_asked_before_the_end(client: Client, student: User) -> None:
    assert "How was it" not in page(client, make_booking(student=student), student)


def test_one_press_says_that_all_went_well(client: Client, session: Booking, student: User) -> None:
    client.force_login(student)
    answer = client.post(f"/bookings/{session.pk}/outcome/", {"outcome": "fine"}, follow=True)
    assert status_of(session.pk) == "completed"
    assert "Write a review" in answer.text
    assert "All went well" not in answer.text


def test_a_word_of_the_other_side_is_refused(client: Client, session: Booking, student: User) -> None:
    client.force_login(student)
    assert client.post(f"/bookings/{session.pk}/outcome/", {"outcome": "taught"}).status_code == 422
    assert status_of(session.pk) == "confirmed"
    assert client.post(f"/bookings/{session.pk}/outcome/", {"outcome": "fine"}).status_code == 302


def test_what_comes_after_costs_the_same_however_much_there_is(client: Client, session: Booking, student: User) -> None:
    client.force_login(student)
    url = f"/bookings/{session.pk}/"
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for minutes in range(0, 40, 4):
        was_there(session, student, minutes=1, after=minutes * MINUTE)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(few) == len(many)


# Problems


def test_a_report_needs_words_and_keeps_them(client: Client, session: Booking, student: User) -> None:
    client.force_login(student)
    url = f"/bookings/{session.pk}/problem/"
    empty = client.post(url, {"note": " "})
    assert (empty.status_code, "Say what was wrong." in empty.text) == (422, True)
    assert client.post(url, {"note": "We lost half of it."}).status_code == 302
    assert session.problem_reports.get().note == "We lost half of it."


def test_a_report_too_late_is_said_where_it_was_typed(client: Client, session: Booking, student: User) -> None:
    with later(timedelta(days=14)):
        client.force_login(student)
        late = client.post(f"/bookings/{session.pk}/problem/", {"note": "I forgot to say."})
        assert (late.status_code, "I forgot to say." in late.text) == (422, True)
    with later(timedelta(days=13)):
        client.force_login(student)
        assert client.post(f"/bookings/{session.pk}/problem/", {"note": "I forgot to say."}).status_code == 302


def test_the_mentor_reports_without_one_of_the_words(client: Client, session: Booking) -> None:
    client.force_login(session.mentor.user)
    assert client.post(f"/bookings/{session.pk}/problem/", {"note": "She was rude."}).status_code == 302
    assert session.problem_reports.get().side == "mentor"
    assert not session.outcomes.exists()


def test_the_other_side_answers_on_a_page_of_its_own(client: Client, session: Booking, student: User) -> None:
    mentor = session.mentor.user
    assert "Nothing to answer." in page(client, session, mentor, "answer/")
    report_problem(booking_id=session.pk, by=student, note="We lost half of it.")
    assert "Nothing to answer." in page(client, session, student, "answer/")
    assert "We lost half of it." in page(client, session, mentor, "answer/")
    assert client.post(f"/bookings/{session.pk}/answer/", {"answer": ""}).status_code == 422
    assert client.post(f"/bookings/{session.pk}/answer/", {"answer": "Ten minutes."}).status_code == 302
    assert client.post(f"/bookings/{session.pk}/answer/", {"answer": "Five."}).status_code == 409
    assert "Ten minutes." in page(client, session, student)


# Reviews


def test_a_review_is_written_changed_and_answered(client: Client, session: Booking, student: User) -> None:
    mentor = session.mentor
    assert "Only a completed session" in page(client, session, student, "review/")
    say_outcome(booking_id=session.pk, by=student, word="fine")
    url = f"/bookings/{session.pk}/review/"
    assert client.post(url, {"text": "Good."}).status_code == 422
    assert client.post(url, {"rating": "6"}).status_code == 422
    assert client.post(url, {"rating": "5", "text": "Good."}).status_code == 302
    assert "Change your review" in page(client, session, student, "review/")
    assert client.post(url, {"rating": "4", "text": "Quite good."}).status_code == 302
    client.force_login(mentor.user)
    assert client.post(f"{url}answer/", {"answer": "Thank you."}).status_code == 302
    assert client.post(f"{url}answer/", {"answer": "Again."}).status_code == 409
    client.logout()
    html = client.get(f"/mentors/{mentor.handle}/").text
    for words in ("Quite good.", "Thank you.", "1 of 1 session reviewed"):
        assert words in html


def test_a_review_on_the_profile_stands_beside_its_share_of_all(client: Client, mentor: Mentor, student: User) -> None:
    sessions = []
    for days in range(1, 5):
        booking = make_past_session(student=student, mentor=mentor, ended_ago=timedelta(days=days))
        sessions.append(say_outcome(booking_id=booking.pk, by=student, word="fine"))
    for booking in sessions[:2]:
        write_review(booking_id=booking.pk, by=student, rating=5, text="Good.")
    html = client.get(f"/mentors/{mentor.handle}/").text
    assert "2 of 4 sessions reviewed" in html
    assert "5.0" not in html  # no rating below three reviews
    write_review(booking_id=sessions[2].pk, by=student, rating=2, text="Less so.")
    html = client.get(f"/mentors/{mentor.handle}/").text
    assert "3 of 4 sessions reviewed" in html
    assert "4.0" in html


def test_a_mentor_has_no_review_page_and_a_student_no_answer_page(
    client: Client, session: Booking, student: User
) -> None:
    say_outcome(booking_id=session.pk, by=student, word="fine")
    client.force_login(session.mentor.user)
    assert client.get(f"/bookings/{session.pk}/review/").status_code == 403
    assert client.get(f"/bookings/{session.pk}/review/answer/").status_code == 404
    write_review(booking_id=session.pk, by=student, rating=5, text="Good.")
    assert client.get(f"/bookings/{session.pk}/review/answer/").status_code == 200
    client.force_login(student)
    assert client.get(f"/bookings/{session.pk}/review/answer/").status_code == 403
    assert Review.objects.count() == 1


# Strikes


def test_a_mentor_reads_their_strikes_and_appeals(client: Client, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    assert "No strikes" in client.get("/mentor/strikes/").text
    found = strike(mentor)
    assert "3 strikes count now." in client.get("/mentor/strikes/").text
    url = f"/mentor/strikes/{found.pk}/appeal/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"appeal": ""}).status_code == 422
    assert client.post(url, {"appeal": "I was in hospital."}).status_code == 302
    assert client.post(url, {"appeal": "Really."}).status_code == 409
    assert Strike.objects.get().appeal == "I was in hospital."


def test_nobody_appeals_for_another(client: Client, mentor: Mentor) -> None:
    found = strike(mentor)
    client.force_login(make_mentor().user)
    assert client.post(f"/mentor/strikes/{found.pk}/appeal/", {"appeal": "For a friend."}).status_code == 404
    client.force_login(mentor.user)
    assert client.post(f"/mentor/strikes/{found.pk}/appeal/", {"appeal": "For me."}).status_code == 302


def test_the_list_of_strikes_costs_the_same_however_many(client: Client, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    strike(mentor)
    client.get("/mentor/strikes/")
    with CaptureQueriesContext(connection) as one:
        client.get("/mentor/strikes/")
    for _ in range(5):
        appeal_strike(strike=strike(mentor), by=mentor.user, text="No.")
    with CaptureQueriesContext(connection) as many:
        assert client.get("/mentor/strikes/").text.count("You have appealed.") == 5
    assert len(one) == len(many)


def test_a_hidden_mentor_is_told_until_when(client: Client, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    assert "You are hidden for now." not in client.get("/mentor/").text
    Mentor.objects.filter(pk=mentor.pk).update(hidden_until=timezone.now() + timedelta(days=3))
    assert "You are hidden for now." in client.get("/mentor/").text
