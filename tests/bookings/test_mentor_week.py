"""Sessions that lie outside what a mentor's hours have become: they stay until somebody says otherwise."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from bookings.models import Booking
from mentors import services
from mentors.models import Mentor
from mentors.windows import Rule
from tests.factories import make_booking, make_mentor, make_student

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)  # a Wednesday
TABS = [f"/mentor/availability/{part}" for part in ("", "dates/", "rules/")]
OUTSIDE = "1 booking falls outside these hours."


@pytest.fixture
def mentor(db: None, client: Client, time_machine: TimeMachineFixture) -> Mentor:
    """Open every day from 8 to 20 in Berlin, and signed in."""
    time_machine.move_to(NOW, tick=False)
    mentor = make_mentor()
    client.force_login(mentor.user)
    return mentor


@pytest.fixture
def booking(mentor: Mentor) -> Booking:
    """On a Tuesday, from 9:00 to 9:45 in Berlin."""
    student = make_student(name="Amara Diallo")
    return make_booking(mentor=mentor, student=student, starts_at=datetime(2026, 12, 1, 8, tzinfo=UTC))


def close_tuesdays(mentor: Mentor) -> None:
    open_days = [Rule(day, time(8), time(20)) for day in range(7) if day != 1]
    services.save_availability(mentor=mentor, by=mentor.user, weekly=open_days)


@pytest.mark.parametrize("tab", TABS)
def test_a_session_outside_is_listed_on_every_tab_with_what_can_be_done(
    client: Client, mentor: Mentor, booking: Booking, tab: str
) -> None:
    assert OUTSIDE not in client.get(tab).text
    close_tuesdays(mentor)
    page = client.get(tab).text
    assert OUTSIDE in page
    assert "Amara Diallo, Tue 1 Dec, 08:00" in " ".join(page.replace("</time>", "").split()).replace(
        '<time datetime="2026-12-01T08:00:00Z">', ""
    )
    for part in ("keep", "move", "cancel"):
        assert f'"/bookings/{booking.pk}/{part}/"' in page
    booking.refresh_from_db()
    assert booking.starts_at == datetime(2026, 12, 1, 8, tzinfo=UTC), "nothing moves by itself"
    assert booking.status == "confirmed"


def test_hours_show_what_would_fall_outside_before_they_are_saved(
    client: Client, mentor: Mentor, booking: Booking
) -> None:
    typed = {"monday-open": "on", "monday-0-start": "09:00", "monday-0-end": "12:00", "preview": "1"}
    assert OUTSIDE in client.post(TABS[0], typed).text
    assert OUTSIDE not in client.get(TABS[0]).text
    assert mentor.availability_rules.count() == 7


def test_a_day_off_on_a_booked_day_says_so(client: Client, mentor: Mentor, booking: Booking) -> None:
    answer = client.post(TABS[1], {"kind": "remove", "date": "2026-12-01"}, follow=True)
    assert "Saved." in answer.text
    assert OUTSIDE in answer.text
    services.remove_exceptions(
        mentor=mentor, by=mentor.user, dates=[(datetime(2026, 12, 1, tzinfo=UTC).date(), "remove")]
    )
    assert OUTSIDE not in client.get(TABS[1]).text


def test_keeping_one_ends_the_asking_until_it_moves(client: Client, mentor: Mentor, booking: Booking) -> None:
    close_tuesdays(mentor)
    answer = client.post(f"/bookings/{booking.pk}/keep/", follow=True)
    assert "The session stays as it is." in answer.text
    assert OUTSIDE not in answer.text
    assert "You keep 1 session outside these hours." in answer.text
    client.post(f"/bookings/{booking.pk}/keep/")
    assert booking.events.filter(name="kept_outside_hours").count() == 1, "said once"
    hour = timedelta(hours=1)
    Booking.objects.update(
        starts_at=booking.starts_at + hour, ends_at=booking.ends_at + hour, blocked_until=booking.blocked_until + hour
    )
    assert OUTSIDE in client.get(TABS[0]).text


def test_only_its_mentor_keeps_a_session_and_only_one_that_is_coming(
    client: Client, mentor: Mentor, booking: Booking, time_machine: TimeMachineFixture
) -> None:
    url = f"/bookings/{booking.pk}/keep/"
    for person, status in ((booking.student, 403), (make_mentor().user, 404), (mentor.user, 302)):
        client.force_login(person)
        assert client.post(url).status_code == status
    time_machine.move_to(booking.starts_at, tick=False)
    client.force_login(mentor.user)
    assert "has already begun" in client.post(url, follow=True).text
    assert booking.events.filter(name="kept_outside_hours").count() == 1


def test_a_session_in_the_past_is_not_asked_about(
    client: Client, mentor: Mentor, booking: Booking, time_machine: TimeMachineFixture
) -> None:
    close_tuesdays(mentor)
    time_machine.move_to(booking.starts_at, tick=False)
    client.force_login(mentor.user)
    assert OUTSIDE not in client.get(TABS[0]).text


def test_a_session_over_midnight_of_sunday_lies_inside_hours_that_go_on(client: Client, mentor: Mentor) -> None:
    services.save_availability(mentor=mentor, by=mentor.user, weekly=[Rule(6, time(22), time(2))])
    make_booking(mentor=mentor, starts_at=datetime(2026, 11, 29, 22, 45, tzinfo=UTC))  # 23:45 to 00:30 in Berlin
    page = client.get(TABS[0]).text
    assert "Booked: 22:45–23:30" in page or "Booked: 23:45–00:30" in page
    assert "outside" not in page.split('role="img" aria-label="')[1].split('"')[0]


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_takes_the_same_queries_for_one_session_outside_and_many(
    client: Client, mentor: Mentor, booking: Booking, tab: str
) -> None:
    close_tuesdays(mentor)
    with CaptureQueriesContext(connection) as one:
        client.get(tab)
    for number in range(1, 6):
        starts_at = booking.starts_at + timedelta(hours=number)
        make_booking(mentor=mentor, student=make_student(), starts_at=starts_at)
    with CaptureQueriesContext(connection) as many:
        assert "6 bookings fall outside" in client.get(tab).text
    assert len(many) == len(one)
