"""The session page and the lists of sessions, for both people."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from accounts.models import User
from bookings.models import Booking
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor

pytestmark = pytest.mark.django_db

STATES = [
    ({"status": "confirmed"}, "The link to your room appears"),
    ({"status": "held", "hold_place": 1, "confirmed_at": None}, "Not booked yet."),
    ({"status": "expired", "confirmed_at": None}, "The hold ran out."),
    ({"status": "abandoned", "confirmed_at": None}, "You let this time go."),
    ({"status": "cancelled", "cancelled_by": "student"}, "Cancelled"),
    ({"status": "completed"}, "Completed"),
    ({"status": "problem"}, "Problem reported"),
    ({"status": "no_show_mentor"}, "Mentor absent"),
    ({"status": "refunded"}, "Refunded"),
]


@pytest.mark.parametrize(("fields", "words"), STATES)
def test_every_state_has_its_words(
    client: Client, student: User, mentor: Mentor, fields: dict[str, Any], words: str
) -> None:
    booking = make_booking(student=student, mentor=mentor, **fields)
    client.force_login(student)
    page = client.get(f"/bookings/{booking.pk}/").text
    assert words in page
    # The page compares the two, and shows itself anew when they differ.
    assert f'data-live-status="{client.get(f"/api/bookings/{booking.pk}").json()["status"]}"' in page
    client.force_login(mentor.user)
    assert client.get(f"/bookings/{booking.pk}/").status_code == 200


def test_a_lapsed_hold_reads_as_expired_everywhere(client: Client, student: User) -> None:
    booking = make_booking(student=student, status="held", hold_expires_at=timezone.now())
    client.force_login(student)
    page = client.get(f"/bookings/{booking.pk}/").text
    assert "The hold ran out." in page
    assert 'data-live-status="expired"' in page
    assert client.get(f"/api/bookings/{booking.pk}").json()["status"] == "expired"
    assert str(booking.pk) not in client.get("/sessions/").text


def test_the_room_opens_ten_minutes_before_and_closes_a_while_after_the_end(
    client: Client, student: User, mentor: Mentor
) -> None:
    booking = make_booking(student=student, mentor=mentor)
    client.force_login(student)
    url, room = f"/bookings/{booking.pk}/", f"/bookings/{booking.pk}/join/"
    moments = [
        (booking.starts_at - timedelta(minutes=10, seconds=1), False),
        (booking.starts_at - timedelta(minutes=10), True),
        (booking.ends_at + timedelta(minutes=15, seconds=-1), True),
        (booking.ends_at + timedelta(minutes=15), False),
    ]
    for moment, is_open in moments:
        with time_machine.travel(moment, tick=False):
            assert (room in client.get(url).text) is is_open, moment


def test_what_comes_back_is_spelled_out_as_cancelling_would_have_it(client: Client, student: User) -> None:
    """Within half an hour of booking by mistake everything does, whatever the policy says of so late."""
    now = timezone.now()
    soon = make_booking(student=student, starts_at=now + timedelta(hours=16), confirmed_at=now)
    later = make_booking(student=student, starts_at=now + timedelta(days=4), confirmed_at=now)
    client.force_login(student)

    def offered(booking: Booking, *, at: datetime) -> list[tuple[int, timedelta]]:
        with time_machine.travel(at, tick=False):
            tiers = client.get(f"/bookings/{booking.pk}/").context["tiers"]
            preview = client.get(f"/api/bookings/{booking.pk}/refund-preview").json()
        assert [tier.percent for tier in tiers][:1] == [preview["percent"]]
        return [(tier.percent, tier.until - now) for tier in tiers]

    half = (50, timedelta(hours=14))
    assert offered(soon, at=now) == [(100, timedelta(minutes=30)), half]
    assert offered(soon, at=now + timedelta(minutes=31)) == [half]
    assert offered(later, at=now) == [(100, timedelta(days=3)), (50, timedelta(days=4, hours=-2))]


def test_a_hold_that_ran_out_leads_its_student_to_their_payments(client: Client, student: User, mentor: Mentor) -> None:
    booking = make_booking(student=student, mentor=mentor, status="expired", confirmed_at=None)
    for reader, is_led in ((student, True), (mentor.user, False)):
        client.force_login(reader)
        assert ("/account/payments/" in client.get(f"/bookings/{booking.pk}/").text.split("<main")[1]) is is_led


def test_both_zones_stand_on_the_page(client: Client, student: User) -> None:
    mentor = make_mentor(time_zone="Africa/Lagos")
    User.objects.filter(pk=student.pk).update(time_zone="Europe/Lisbon")
    starts_at = datetime(2027, 1, 14, 18, 30, tzinfo=UTC)
    booking = make_booking(student=student, mentor=mentor, starts_at=starts_at)
    client.force_login(student)
    page = client.get(f"/bookings/{booking.pk}/").text
    assert "18:30–19:15" in page
    assert "19:30–20:15" in page
    assert "Lagos" in page


def test_the_calendar_file_keeps_its_name_and_times(client: Client, student: User, mentor: Mentor) -> None:
    booking = make_booking(student=student, mentor=mentor)
    client.force_login(student)
    answer = client.get(f"/bookings/{booking.pk}/calendar.ics")
    [event] = Calendar.from_ical(answer.content).events
    assert str(event["uid"]).startswith(str(booking.pk))
    assert (event.start, event.end) == (booking.starts_at, booking.ends_at)
    assert answer["Content-Type"].startswith("text/calendar")


def test_the_lists_are_for_each_side_and_go_by_month(client: Client, student: User, mentor: Mentor) -> None:
    now = timezone.now()
    coming = make_booking(student=student, mentor=mentor)
    old = [
        make_booking(student=student, mentor=mentor, status="completed", starts_at=now - timedelta(days=40 * months))
        for months in (1, 2)
    ]
    for user, url in ((student, "/sessions/"), (mentor.user, "/mentor/sessions/")):
        client.force_login(user)
        page = client.get(url)
        assert str(coming.pk) in page.text
        assert str(old[0].pk) in page.text
        assert str(old[1].pk) not in page.text
        earlier = page.context["page"].older
        assert str(old[1].pk) in client.get(url, {"month": f"{earlier:%Y-%m}"}).text
        # A past session leads back to its mentor; only for whoever books.
        assert page.text.count("Book again") == (user == student)
    assert client.get("/mentor/sessions/", {"month": "nonsense"}).status_code == 200


def test_a_cancelled_session_stays_in_sight_until_its_time(client: Client, student: User) -> None:
    booking = make_booking(student=student, status="cancelled", cancelled_by="mentor")
    client.force_login(student)
    assert str(booking.pk) in client.get("/sessions/").text


def test_an_empty_list_says_what_to_do(client: Client, student: User, mentor: Mentor) -> None:
    client.force_login(student)
    assert "No sessions yet" in client.get("/sessions/").text
    client.force_login(mentor.user)
    assert "No sessions yet" in client.get("/mentor/sessions/").text


def test_the_lists_ask_as_many_questions_for_many_sessions_as_for_one(client: Client, student: User) -> None:
    client.force_login(student)
    counts = []
    for number in (1, 6):
        for index in range(number):
            day = timedelta(days=3 + index + number)
            make_booking(student=student, starts_at=timezone.now() + day)
            make_booking(student=student, status="completed", starts_at=timezone.now() - timedelta(days=1, hours=index))
        with CaptureQueriesContext(connection) as queries:
            client.get("/sessions/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Booking.objects.count() == 14
