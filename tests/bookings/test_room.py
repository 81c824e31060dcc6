"""The room of a session: where it is, who may open it, and what the page around it says."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.models import User
from bookings.models import Booking
from bookings.rooms import meeting_url, room_name
from bookings.services import beat, move_booking
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
ELSEWHERE = "https://meet.example.org/ngozi?pwd=abc"


@pytest.fixture
def booking(student: User, mentor: Mentor) -> Booking:
    return make_booking(student=student, mentor=mentor)


def join(client: Client, booking: Booking, person: User) -> str:
    client.force_login(person)
    return client.get(f"/bookings/{booking.pk}/join/").text


# Where it is


def test_a_room_is_named_by_a_key_and_not_by_the_id_alone(booking: Booking) -> None:
    name = room_name(booking.pk)
    assert re.fullmatch(r"[0-9a-f]{40}", name), "160 bits"
    assert booking.pk.hex not in meeting_url(booking).replace("-", "")
    with override_settings(SECRET_KEY="another key of at least fifty characters, made for this test alone"):
        assert room_name(booking.pk) != name
    assert room_name(booking.pk) == name


def test_two_bookings_never_share_a_room(booking: Booking) -> None:
    again = make_booking(student=booking.student, mentor=booking.mentor, starts_at=booking.ends_at)
    assert len({room_name(each) for each in (booking.pk, again.pk, uuid4(), uuid4())}) == 4


@pytest.mark.django_db(transaction=True)
def test_a_move_keeps_the_room(booking: Booking) -> None:
    before = meeting_url(booking)
    moved = move_booking(booking_id=booking.pk, starts_at=booking.starts_at + timedelta(days=1), by=booking.student)
    assert moved.starts_at != booking.starts_at
    assert meeting_url(moved) == before


def test_the_mentors_own_link_comes_first_and_that_of_the_session_before_it(booking: Booking) -> None:
    assert meeting_url(booking) == f"{settings.MEETING_BASE_URL}/{room_name(booking.pk)}"
    booking.mentor.meeting_url = "https://usual.example.org/me"
    assert meeting_url(booking) == "https://usual.example.org/me"
    booking.meeting_url = ELSEWHERE
    assert meeting_url(booking) == ELSEWHERE


# The mentor's link


def test_a_mentor_meets_elsewhere_for_one_session(client: Client, booking: Booking, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    answer = client.post(f"/bookings/{booking.pk}/link/", {"meeting_url": ELSEWHERE}, follow=True)
    assert "Saved. Your student finds it on the join page" in answer.text
    assert ELSEWHERE not in answer.text
    event = booking.events.get(name="meeting_link_set")
    assert (event.by_id, event.data) == (mentor.pk, {"host": "meet.example.org"}), "a link may carry a password"
    with time_machine.travel(booking.starts_at, tick=False):
        assert ELSEWHERE in join(client, booking, booking.student)
    client.force_login(mentor.user)
    client.post(f"/bookings/{booking.pk}/link/", {"meeting_url": ""})
    with time_machine.travel(booking.starts_at, tick=False):
        html = join(client, booking, booking.student)
        assert room_name(booking.pk) in html
        assert ELSEWHERE not in html


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("http://meet.example.org/a", "starts with https://"),
        ("javascript:alert(1)", "starts with https://"),
        ("data:text/html,x", "starts with https://"),
        ("//meet.example.org/a", "starts with https://"),
        ("https://bank.example@evil.example/", "without a name or password"),
        ("https://me:secret@meet.example.org/", "without a name or password"),
        ("https://", "Enter the whole link"),
        ("https://meet example.org/", "Enter the whole link"),
        ("https://meet.example.org/\nSet-Cookie: x", "Enter the whole link"),
        ("https://meet.example.org:99999/", "Enter the whole link"),
        ("https://localhost/room", "a page on the web"),
        ("https://127.0.0.1/room", "a page on the web"),
        ("https://[::1]/room", "a page on the web"),
        ("https://meet.exаmple.org/", "a page on the web"),  # a Cyrillic letter
        (f"https://meet.example.org/{'x' * 300}", "at most 300 characters"),
    ],
)
def test_a_link_that_hides_where_it_leads_is_refused(
    client: Client, booking: Booking, mentor: Mentor, link: str, message: str
) -> None:
    client.force_login(mentor.user)
    answer = client.post(f"/bookings/{booking.pk}/link/", {"meeting_url": link})
    assert answer.status_code == 422
    assert message in answer.text
    booking.refresh_from_db()
    assert booking.meeting_url == ""
    assert client.post(f"/bookings/{booking.pk}/link/", {"meeting_url": ELSEWHERE}).status_code == 302


def test_the_link_is_the_mentors_to_set(client: Client, booking: Booking) -> None:
    for person, status in ((booking.student, 403), (make_mentor().user, 404), (booking.mentor.user, 302)):
        client.force_login(person)
        assert client.post(f"/bookings/{booking.pk}/link/", {"meeting_url": ELSEWHERE}).status_code == status


def test_the_link_of_a_closed_room_stays(client: Client, booking: Booking, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    closes_at = booking.ends_at + 15 * MINUTE
    for moment, status in ((closes_at, 409), (closes_at - MINUTE, 302)):
        with time_machine.travel(moment, tick=False):
            assert client.post(f"/bookings/{booking.pk}/link/", {"meeting_url": ELSEWHERE}).status_code == status


def test_the_usual_link_stands_among_the_booking_rules(client: Client, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    rules = {"notice_hours": "4", "break_minutes": "0", "horizon_days": "60", "policy": "standard"}
    rules |= {"time_zone": "Europe/Berlin", "meeting_url": "ftp://meet.example.org"}
    assert client.post("/mentor/availability/rules/", rules).status_code == 422
    client.post("/mentor/availability/rules/", rules | {"meeting_url": ELSEWHERE})
    mentor.refresh_from_db()
    assert mentor.meeting_url == ELSEWHERE


def test_the_usual_link_is_told_to_nobody_before_the_room_opens(client: Client, booking: Booking) -> None:
    Mentor.objects.filter(pk=booking.mentor_id).update(meeting_url=ELSEWHERE)
    opens_at = booking.starts_at - 10 * MINUTE
    client.force_login(booking.student)
    for moment, is_open in ((opens_at - MINUTE, False), (opens_at, True), (booking.ends_at + 16 * MINUTE, False)):
        with time_machine.travel(moment, tick=False):
            assert (ELSEWHERE in join(client, booking, booking.student)) is is_open
            for page in (f"/bookings/{booking.pk}/", f"/mentors/{booking.mentor.handle}/", "/sessions/"):
                assert ELSEWHERE not in client.get(page).text


@pytest.mark.parametrize("url", ["http://meet.example.org/a", "javascript:alert(1)"])
def test_the_database_keeps_links_to_https(booking: Booking, url: str) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(meeting_url=url)
    assert violated_constraint(refusal.value) == "booking_meeting_url_is_https"
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Mentor.objects.filter(pk=booking.mentor_id).update(meeting_url=url)
    assert violated_constraint(refusal.value) == "mentor_meeting_url_is_https"


# The page


def test_only_the_join_page_may_try_camera_and_microphone(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    for moment in (booking.starts_at - timedelta(days=1), booking.starts_at):
        with time_machine.travel(moment, tick=False):
            answer = client.get(f"/bookings/{booking.pk}/join/")
            assert "camera=(self)" in answer["Permissions-Policy"]
            assert "microphone=(self)" in answer["Permissions-Policy"]
            assert "geolocation=()" in answer["Permissions-Policy"]
            assert "data-devices" in answer.text
            other = client.get(f"/bookings/{booking.pk}/")["Permissions-Policy"]
            assert "camera=()" in other
            assert "microphone=()" in other


@pytest.mark.parametrize(
    ("status", "words"),
    [("cancelled", "This session was cancelled."), ("completed", "This session is over."), ("problem", "This session is over.")],
)  # fmt: skip
def test_a_session_that_does_not_take_place_has_no_room(client: Client, student: User, status: str, words: str) -> None:
    booking = make_booking(student=student, status=status)
    with time_machine.travel(booking.ends_at + 16 * MINUTE, tick=False):
        html = join(client, booking, student)
    assert words in html
    assert settings.MEETING_BASE_URL not in html


def test_a_hold_has_no_join_page(client: Client, student: User) -> None:
    hold = make_booking(student=student, status="held")
    client.force_login(student)
    assert client.get(f"/bookings/{hold.pk}/join/").status_code == 404
    assert client.get(f"/bookings/{make_booking(student=student, mentor=hold.mentor, starts_at=hold.ends_at).pk}/join/").status_code == 200  # fmt: skip


def test_a_page_that_waits_knows_how_long(client: Client, booking: Booking) -> None:
    with time_machine.travel(booking.starts_at - 12 * MINUTE, tick=False):
        assert 'data-reload-in="120"' in join(client, booking, booking.student)


def test_each_side_sees_whether_the_other_is_there(client: Client, booking: Booking) -> None:
    mentor, student = booking.mentor.user, booking.student
    start = booking.starts_at
    with time_machine.travel(start, tick=False):
        assert f"{mentor.first_name} has not opened this page yet." in join(client, booking, student)
        beat(booking=booking, by=mentor, at=start)
    for after, words in (
        (timedelta(seconds=settings.BEAT_GAP_SECONDS), f"{mentor.first_name} has been on this page since"),
        (timedelta(seconds=settings.BEAT_GAP_SECONDS + 1), f"{mentor.first_name} was on this page until"),
    ):
        with time_machine.travel(start + after, tick=False):
            client.force_login(student)
            answer = client.post(f"/bookings/{booking.pk}/join/")
            assert answer.status_code == 200
            assert words in answer.text
            assert words in join(client, booking, student)
    with time_machine.travel(start + 2 * MINUTE, tick=False):
        assert f"{student.first_name} has been on this page since" in join(client, booking, mentor)


def test_the_page_says_how_much_is_counted_for_its_reader(
    client: Client, booking: Booking, student: User, mentor: Mentor
) -> None:
    with time_machine.travel(booking.starts_at - MINUTE, tick=False) as clock:
        seen = join(client, booking, student)
        assert "From the start on it is counted that you are here. 15 minutes are enough." in seen
        for _beat in range(17):
            clock.shift(MINUTE)
            answer = client.post(f"/bookings/{booking.pk}/join/").text
        assert "You are counted as present." in answer
        booking.attendance.all().delete()
        for minute in range(5):  # and then the phone stops the page for ten
            clock.move_to(booking.starts_at + minute * MINUTE)
            beat(booking=booking, by=student, at=booking.starts_at + minute * MINUTE)
        clock.move_to(booking.starts_at + 15 * MINUTE)
        assert (
            "4 minutes are counted for you so far. 15 are enough." in client.post(f"/bookings/{booking.pk}/join/").text
        )
        assert "4 minutes are counted" in join(client, booking, student)
        assert "0 minutes are counted for you so far." in join(client, booking, mentor.user)


def test_a_beat_takes_few_queries_however_long_the_log(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    url = f"/bookings/{booking.pk}/join/"
    counts = []
    for minutes in range(0, 30, 3):  # each a stretch of its own
        with time_machine.travel(booking.starts_at + minutes * MINUTE, tick=False):
            with CaptureQueriesContext(connection) as queries:
                client.post(url)
            beat(booking=booking, by=booking.mentor.user, at=booking.starts_at + minutes * MINUTE)
            counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries))
    assert booking.attendance.count() == 20
    assert len(set(counts[1:])) == 1
    assert counts[-1] <= 9


@pytest.mark.parametrize(
    ("before", "words", "not_yet"),
    [
        (timedelta(hours=60), "Starts in 2 days", "Your room is open"),
        (timedelta(minutes=60), "Starts in 1 hour", "Your room is open"),
        (timedelta(minutes=59, seconds=59), "Starts in 59 min", "Your room is open"),
        (timedelta(minutes=12), "Starts in 12 min", "Your room is open"),
        (timedelta(minutes=10), "Your room is open", "In progress"),
        (timedelta(0), "In progress", "Starts in"),
        (timedelta(minutes=-45), "Your room is still open.", "In progress"),
        (timedelta(minutes=-60), "How was it with", "Your room is still open."),
    ],
)
def test_the_session_page_counts_down_opens_and_closes(
    client: Client, booking: Booking, before: timedelta, words: str, not_yet: str
) -> None:
    client.force_login(booking.student)
    with time_machine.travel(booking.starts_at - before, tick=False):
        page = client.get(f"/bookings/{booking.pk}/").text
    assert words in page
    assert not_yet not in page
