"""The ``.ics`` of a session through its life: golden files, each read by two parsers that know nothing of each other.

``python -m pytest tests/bookings/test_calendar_files.py`` compares with ``tests/bookings/golden/``; a file that is to change
is deleted there, and the next run writes it and fails, so that somebody looks at it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import MIMEPart
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar
from time_machine import TimeMachineFixture

from accounts.models import User
from bookings import services
from bookings.emails import send_booking_confirmed
from bookings.models import Booking
from tests.factories import make_mentor, make_paid_booking, make_student, make_user
from tests.jobs import run_jobs

GOLDEN = Path(__file__).with_name("golden")
DAY = timedelta(days=1)
NEW: list[str] = []
ID = UUID("5e551011-0000-4000-8000-000000000001")
# A Saturday at noon in London; the clocks go back in the night.
STARTS_AT = datetime(2026, 10, 24, 11, 0, tzinfo=UTC)
MOVES = [STARTS_AT + timedelta(days=1), STARTS_AT + timedelta(days=2, hours=3), STARTS_AT + timedelta(days=9)]
# A comma, a semicolon, quotes, a backslash, an emoji of several code points, right to left, and longer than a line.
MENTOR = 'Ngozi, "the" Adeyemi; O\\Brien 👩🏽‍🏫 of the Very Long Names Society'
STUDENT = "أمارة Diallo\u2028of\nSetúbal"


@pytest.fixture
def booking(db: None, settings: Any, time_machine: TimeMachineFixture) -> Booking:
    settings.SITE_URL, settings.SITE_NAME = "https://lantern.example", "Lantern"
    settings.DEFAULT_FROM_EMAIL = "Lantern <hello@lantern.example>"
    time_machine.move_to(STARTS_AT - 10 * DAY, tick=False)
    mentor = make_mentor(
        user=make_user(role="mentor", name=MENTOR, email="ngozi@example.org"), time_zone="Europe/London"
    )
    student = make_student(name=STUDENT, email="amara@example.org", time_zone="Africa/Lagos")
    return make_paid_booking(id=ID, mentor=mentor, student=student, starts_at=STARTS_AT)


def attached() -> dict[str, bytes]:
    """The calendar file of each mail that has just gone out, by its reader."""
    run_jobs("deliver_mail")
    files = {}
    for message in mail.outbox:
        [part] = [cast("MIMEPart", part) for part in message.attachments]
        assert part.get_content_type() == "text/calendar"
        assert part.get_filename() == "session.ics"
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert part.get_param("method") == ("CANCEL" if b"METHOD:CANCEL" in content else "PUBLISH")
        files[message.to[0].partition("@")[0]] = content
    mail.outbox.clear()
    return files


def compare(name: str, content: bytes) -> None:
    path = GOLDEN / name
    if not path.exists():
        path.write_bytes(content)
        NEW.append(name)
    assert content == path.read_bytes()


def life(booking: Booking, time_machine: TimeMachineFixture) -> dict[str, tuple[dict[str, bytes], datetime]]:
    """Book, move three times (the student may twice, so the third is the mentor's) and cancel."""
    files = {}
    send_booking_confirmed(booking)
    files["1-booked"] = attached(), STARTS_AT
    student, mentor = booking.student, booking.mentor.user
    steps: list[tuple[str, Callable[[], object], datetime]] = [
        ("2-moved", lambda: services.move_booking(booking_id=ID, starts_at=MOVES[0], by=student), MOVES[0]),
        ("3-moved", lambda: services.move_booking(booking_id=ID, starts_at=MOVES[1], by=student), MOVES[1]),
        ("4-moved", lambda: accept(mentor, student), MOVES[2]),
        (
            "5-cancelled",
            lambda: services.cancel_booking(booking_id=ID, by=student, side=Booking.Side.STUDENT),
            MOVES[2],
        ),
    ]
    for hours, (name, step, starts_at) in enumerate(steps, start=1):
        time_machine.move_to(STARTS_AT - 10 * DAY + timedelta(hours=hours), tick=False)
        step()
        files[name] = attached(), starts_at
    return files


def accept(mentor: User, student: User) -> None:
    services.propose_move(booking_id=ID, starts_at=MOVES[2], by=mentor)
    run_jobs("deliver_mail")
    mail.outbox.clear()  # a proposal moves nothing, so it has no calendar file
    services.accept_proposal(booking_id=ID, by=student)


def test_a_session_keeps_its_entry_through_three_moves_and_a_cancelling(
    booking: Booking, time_machine: TimeMachineFixture
) -> None:
    for place, (name, (files, starts_at)) in enumerate(life(booking, time_machine).items()):
        assert files.keys() == {"amara", "ngozi"}
        for reader, content in files.items():
            compare(f"{name}-{reader}.ics", content)
            is_off = name == "5-cancelled"
            one, other = read_by_icalendar(content), read_by_ical(content)
            assert one == other
            assert one == {
                "uid": f"{ID}@lantern.example",
                "sequence": place,
                "start": starts_at,
                "end": starts_at + timedelta(minutes=45),
                "status": "CANCELLED" if is_off else "CONFIRMED",
                "method": "CANCEL" if is_off else "PUBLISH",
                "stamp": STARTS_AT - 10 * DAY + timedelta(hours=place),
                "summary": f"Session with {MENTOR if reader == 'amara' else STUDENT}",
            }
    assert NEW == [], "written anew: look at these files, then run again"


def test_lines_are_no_longer_than_calendars_read(booking: Booking, time_machine: TimeMachineFixture) -> None:
    for files, _starts_at in life(booking, time_machine).values():
        for content in files.values():
            assert content.endswith(b"\r\n")
            assert b"\n" not in content.replace(b"\r\n", b"")
            lines = content.split(b"\r\n")
            assert max(map(len, lines)) <= 75
            for line in lines:
                line.decode()  # no character is cut in two
            assert sum(line.startswith(b"SUMMARY") for line in lines) == 1


def test_a_download_says_the_same_as_the_mail(client: Client, booking: Booking) -> None:
    send_booking_confirmed(booking)
    files = attached()
    client.force_login(booking.student)
    answer = client.get(f"/bookings/{ID}/calendar.ics")
    assert answer.content == files["amara"]
    assert answer["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer["Content-Disposition"] == 'attachment; filename="session.ics"'
    assert "private" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def read_by_icalendar(content: bytes) -> dict[str, object]:
    calendar: Any = Calendar.from_ical(content)
    [event] = calendar.events
    return {
        "uid": str(event["uid"]),
        "sequence": event["sequence"],
        "start": event.start,
        "end": event.end,
        "status": str(event["status"]),
        "method": str(calendar["method"]),
        "stamp": event["dtstamp"].dt,
        "summary": str(event["summary"]),
    }


def read_by_ical(content: bytes) -> dict[str, object]:
    calendar: Any = IcsCalendarStream.calendar_from_ics(content.decode())
    [event] = calendar.events
    return {
        "uid": event.uid,
        "sequence": event.sequence,
        "start": event.dtstart,
        "end": event.dtend,
        "status": event.status.value if event.status else "",
        "method": calendar.method.value if hasattr(calendar.method, "value") else calendar.method,
        "stamp": event.dtstamp,
        "summary": event.summary,
    }
