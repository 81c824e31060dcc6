"""A mentor's first page: what is next, what wants doing, what was earned."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import TimeMachineFixture

from bookings.models import Booking, Review, Strike
from bookings.services import propose_move, report_problem, say_outcome
from bookings.services.strikes import add_strike
from mentors import services
from mentors.models import CalendarImport, Mentor, VerificationDocument
from mentors.windows import DatedException
from tests.bookings.after import make_past_session
from tests.factories import make_booking, make_mentor, make_paid_booking, make_staff, make_student, make_subject
from uploads.models import Upload

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)


@pytest.fixture
def mentor(db: None, client: Client, time_machine: TimeMachineFixture) -> Mentor:
    """Open every day in Berlin, approved, and signed in."""
    time_machine.move_to(NOW, tick=False)
    mentor = make_mentor()
    client.force_login(mentor.user)
    return mentor


def overview(client: Client) -> str:
    answer = client.get("/mentor/")
    assert answer.status_code == 200
    return answer.text


def booked(mentor: Mentor, *, after: timedelta) -> Booking:
    return make_booking(mentor=mentor, student=make_student(name="Amara Diallo"), starts_at=NOW + after)


# What is next


def test_a_new_mentor_has_tips_and_nothing_booked(client: Client, mentor: Mentor) -> None:
    page = overview(client)
    assert "Until your first session" in page
    assert "Nothing is booked." in page
    assert ">Earnings</h2>" not in page
    Mentor.objects.update(session_count=1)
    assert "Until your first session" not in overview(client)


def test_a_day_without_sessions_says_so_and_shows_the_next(client: Client, mentor: Mentor) -> None:
    booked(mentor, after=26 * HOUR)
    page = overview(client)
    assert "Nothing today" in page
    assert "With Amara Diallo" in page
    assert "Until your first session" not in page


def test_todays_sessions_are_counted_in_the_zone_of_the_hours(client: Client, mentor: Mentor) -> None:
    booked(mentor, after=2 * HOUR)
    booked(mentor, after=13 * HOUR)  # midnight in Berlin
    page = overview(client)
    assert "1 today" in page
    assert "All 2 coming sessions" in page


@pytest.mark.parametrize(
    ("after", "is_open"),
    [
        (timedelta(minutes=10, seconds=1), False),
        (timedelta(minutes=10), True),
        (timedelta(minutes=-44), True),
    ],
)
def test_the_next_session_is_joined_from_here_once_its_room_is_open(
    client: Client, mentor: Mentor, after: timedelta, is_open: bool
) -> None:
    booking = booked(mentor, after=after)
    page = overview(client)
    assert (f'href="/bookings/{booking.pk}/join/"' in page) is is_open
    assert f'href="/bookings/{booking.pk}/"' in page


# What wants doing


def test_a_new_mentor_is_asked_for_payouts_and_nothing_else(client: Client, mentor: Mentor) -> None:
    page = overview(client)
    assert "Set up payouts" in page, "the one thing that a new mentor has to do"
    assert "A strike was counted" not in page


def test_an_open_report_wants_an_answer_and_stands_first(client: Client, mentor: Mentor) -> None:
    session = make_past_session(mentor=mentor, student=make_student(name="Kofi Mensah"))
    report_problem(booking_id=session.pk, by=session.student, note="Too short.")
    page = overview(client)
    assert "Kofi reported a problem" in page
    assert f'href="/bookings/{session.pk}/answer/"' in page
    assert page.index("Kofi reported a problem") < page.index("Set up payouts")


def test_ones_own_report_is_not_ones_to_answer(client: Client, mentor: Mentor) -> None:
    session = make_past_session(mentor=mentor)
    report_problem(booking_id=session.pk, by=mentor.user, note="They left.")
    assert "reported a problem" not in overview(client)


def test_a_session_that_is_over_wants_a_word(client: Client, mentor: Mentor) -> None:
    session = make_past_session(mentor=mentor, student=make_student(name="Kofi Mensah"))
    assert "How was it with Kofi?" in overview(client)
    say_outcome(booking_id=session.pk, by=mentor.user, word="taught")
    assert "How was it with Kofi?" not in overview(client)


def test_a_review_with_words_can_be_answered(client: Client, mentor: Mentor) -> None:
    session = make_past_session(mentor=mentor, student=make_student(name="Kofi Mensah"), status="completed")
    review = Review.objects.create(booking=session, rating=5, text="", created_at=timezone.now())
    assert "Kofi left you a review" not in overview(client), "there is nothing to answer"
    Review.objects.filter(pk=review.pk).update(text="Thank you!")
    assert "Kofi left you a review" in overview(client)
    Review.objects.filter(pk=review.pk).update(created_at=NOW - timedelta(days=14))
    assert "Kofi left you a review" not in overview(client), "old ones do not stand there for ever"
    Review.objects.filter(pk=review.pk).update(created_at=NOW)
    assert "Kofi left you a review" in overview(client)
    Review.objects.filter(pk=review.pk).update(answer="Any time.", answered_at=timezone.now())
    assert "Kofi left you a review" not in overview(client)


def test_a_strike_can_be_appealed_in_its_time(client: Client, mentor: Mentor, time_machine: TimeMachineFixture) -> None:
    off = make_booking(mentor=mentor, status=Booking.Status.CANCELLED)
    add_strike(off, Strike.Kind.LATE_CANCELLATION, at=timezone.now())
    assert "A strike was counted" in overview(client)
    time_machine.move_to(NOW + 48 * HOUR, tick=False)
    client.force_login(mentor.user)
    assert "A strike was counted" not in overview(client)


def test_a_suggested_time_waits(client: Client, mentor: Mentor) -> None:
    session = make_paid_booking(mentor=mentor, student=make_student(name="Kofi Mensah"), starts_at=NOW + 50 * HOUR)
    propose_move(booking_id=session.pk, starts_at=NOW + 74 * HOUR, by=mentor.user)
    page = overview(client)
    assert "to Kofi" in page
    assert "Nothing moves until it is accepted." in page


def test_a_week_without_hours_is_said_before_it_comes(client: Client, mentor: Mentor) -> None:
    assert "Open hours next week" not in overview(client)
    days_off = [DatedException(date(2026, 11, 30) + timedelta(days=number), "remove") for number in range(7)]
    services.save_availability(mentor=mentor, by=mentor.user, exceptions=days_off)
    assert "Open hours next week" in overview(client)
    services.save_availability(mentor=mentor, by=mentor.user, exceptions=days_off[:-1])
    assert "Open hours next week" not in overview(client)
    services.save_availability(mentor=mentor, by=mentor.user, exceptions=[], weekly=[])
    assert "Set your hours" in overview(client)


def test_a_certificate_that_expires_soon_is_named(client: Client, mentor: Mentor) -> None:
    upload = Upload.objects.create(
        owner=mentor.user, purpose=Upload.Purpose.VERIFICATION, status=Upload.Status.READY, name="c.pdf",
        content_type="application/pdf", size=10, sha256="0" * 64, quarantine_key="q", private_key="p",
        expires_at=NOW, checked_at=NOW,
    )  # fmt: skip
    document = VerificationDocument.objects.create(
        mentor=mentor, kind="certificate", subject=make_subject(), upload=upload, status="approved",
        decided_by=make_staff("reviewer"), decided_at=NOW, expires_on=date(2026, 12, 25),
    )  # fmt: skip
    assert "Your Linear algebra certificate expires on Fri 25 Dec" in overview(client)
    VerificationDocument.objects.filter(pk=document.pk).update(expires_on=date(2026, 12, 26))
    assert "certificate expires" not in overview(client)


def test_a_calendar_that_cannot_be_read_is_named_with_what_to_do(client: Client, mentor: Mentor) -> None:
    calendar = CalendarImport.objects.create(
        mentor=mentor, place=1, sealed_address="sealed", address_hash="1", host="calendar.example.org", time_zone="UTC",
        added_at=NOW, asked_at=NOW, due_at=NOW, read_at=NOW - timedelta(days=2), parsed_at=NOW, failures=1, failure="gone",
    )  # fmt: skip
    assert "calendar.example.org" not in overview(client), "once is no reason yet"
    CalendarImport.objects.filter(pk=calendar.pk).update(failures=2)
    page = overview(client)
    assert "Your calendar at calendar.example.org can’t be read" in page
    assert "There is no calendar at this address any more." in page
    assert "What it said on Mon 23 Nov still counts." in page
    assert page.index('href="/mentor/availability/calendars/"') < page.index("This week")
    CalendarImport.objects.filter(pk=calendar.pk).update(failures=0, failure="")
    assert "calendar.example.org" not in overview(client)


# What was earned


def test_earnings_are_told_by_where_they_are(client: Client, mentor: Mentor) -> None:
    make_paid_booking(mentor=mentor, starts_at=NOW + 30 * HOUR)
    make_past_session(mentor=mentor)
    page = overview(client)
    assert ">Earnings</h2>" in page
    assert "For coming sessions</dt><dd>$28.05" in page
    assert "Clearing</dt><dd>$28.05" in page
    assert 'href="/mentor/earnings/"' in page


def test_the_page_takes_the_same_queries_for_one_of_everything_and_many(client: Client, mentor: Mentor) -> None:
    def add() -> None:
        for hours in (30, 60):
            booked(mentor, after=hours * HOUR + len(mentor.bookings.all()) * HOUR)
        session = make_past_session(mentor=mentor, ended_ago=(1 + len(mentor.bookings.all())) * HOUR)
        report_problem(booking_id=session.pk, by=session.student, note="Too short.")
        make_past_session(mentor=mentor, ended_ago=(2 + len(mentor.bookings.all())) * HOUR)
        done = make_past_session(mentor=mentor, ended_ago=(3 + len(mentor.bookings.all())) * HOUR, status="completed")
        Review.objects.create(booking=done, rating=5, text="Good.", created_at=timezone.now())

    add()
    with CaptureQueriesContext(connection) as one:
        overview(client)
    for _more in range(3):
        add()
    with CaptureQueriesContext(connection) as many:
        overview(client)
    assert len(many) == len(one) <= 20
