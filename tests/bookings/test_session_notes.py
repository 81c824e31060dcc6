"""Notes that two write: nothing of either is lost, and nobody else reads them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking, SessionNote
from bookings.services import save_notes
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor
from tests.factories import make_booking, make_staff
from tests.races import race

pytestmark = pytest.mark.django_db

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def booking(student: User, mentor: Mentor) -> Booking:
    return make_booking(student=student, mentor=mentor)


def write(client: Client, booking: Booking, text: str, version: int, *, by_script: bool = False) -> tuple[int, str]:
    answer = client.post(
        f"/bookings/{booking.pk}/notes/", {"text": text, "version": version}, headers=SCRIPT if by_script else {}
    )
    return answer.status_code, answer.text


def texts(booking: Booking) -> list[str]:
    return list(booking.notes.order_by("version").values_list("text", flat=True))


def test_both_write_one_text(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    assert write(client, booking, "Bring sheet 4.", 0)[0] == 302
    client.force_login(booking.mentor.user)
    page = client.get(f"/bookings/{booking.pk}/").text
    assert "Bring sheet 4." in page
    assert f"{booking.student.first_name} changed them last" in page
    assert write(client, booking, "Bring sheets 4 and 5.", 1)[0] == 302
    assert texts(booking) == ["Bring sheet 4.", "Bring sheets 4 and 5."]
    assert [note.by for note in booking.notes.order_by("version")] == [booking.student, booking.mentor.user]


def test_who_writes_after_the_other_sees_both_texts_and_goes_on(client: Client, booking: Booking) -> None:
    save_notes(booking_id=booking.pk, by=booking.mentor.user, text="Theirs <b>", version=0)
    client.force_login(booking.student)
    status, page = write(client, booking, "Mine, typed meanwhile.", 0)
    assert status == 409
    assert "Theirs &lt;b&gt;" in page
    assert "Mine, typed meanwhile." in page
    assert f"What {booking.mentor.user.first_name} has saved" in page
    assert texts(booking) == ["Theirs <b>"]
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    assert write(client, booking, "Both.", int(version[1]))[0] == 302
    assert texts(booking) == ["Theirs <b>", "Both."]


def test_the_page_saves_by_itself_and_learns_the_version(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    status, part = write(client, booking, "One", 0, by_script=True)
    assert status == 200
    assert "<html" not in part
    assert 'name="version" value="1"' in part
    assert write(client, booking, "One", 1, by_script=True)[0] == 200
    assert texts(booking) == ["One"], "the same text again adds nothing"
    assert write(client, booking, "Two", 0, by_script=True)[0] == 409
    assert write(client, booking, "Two", 1, by_script=True)[0] == 200


def test_a_beat_tells_that_the_notes_have_changed(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    with time_machine.travel(booking.starts_at, tick=False):
        assert 'data-notes-now="0"' in client.post(f"/bookings/{booking.pk}/join/").text
        save_notes(booking_id=booking.pk, by=booking.mentor.user, text="New", version=0)
        assert 'data-notes-now="1"' in client.post(f"/bookings/{booking.pk}/join/").text
        assert "New" in client.get(f"/bookings/{booking.pk}/notes/", headers=SCRIPT).text


@pytest.mark.parametrize(
    ("text", "version"), [("x" * 4_001, 0), ("a\0b", 0), ("x", -1), ("x", "one"), ("x", 2_147_483_647)]
)
def test_what_cannot_be_kept_is_refused_and_stays_in_the_box(
    client: Client, booking: Booking, text: str, version: int
) -> None:
    client.force_login(booking.student)
    status, page = write(client, booking, text, version)
    assert status == 422
    assert text[:100].replace("\0", "") in page.replace("\0", "")
    assert texts(booking) == []
    assert write(client, booking, "x" * 4_000, 0)[0] == 302


def test_a_version_that_never_was_is_refused(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    assert write(client, booking, "From the future", 7)[0] == 409
    assert write(client, booking, "From the future", 0)[0] == 302


def test_empty_notes_are_notes_once_there_were_some(client: Client, booking: Booking) -> None:
    client.force_login(booking.student)
    assert write(client, booking, "", 0)[0] == 302
    assert texts(booking) == []
    write(client, booking, "One", 0)
    assert write(client, booking, "", 1)[0] == 302
    assert texts(booking) == ["One", ""]


def test_script_and_markup_are_text(client: Client, booking: Booking) -> None:
    hostile = "</textarea><script>alert(1)</script>{{ 7|add:7 }}\u202e"
    save_notes(booking_id=booking.pk, by=booking.student, text=hostile, version=0)
    client.force_login(booking.mentor.user)
    page = client.get(f"/bookings/{booking.pk}/").text
    assert "<script>alert" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page


def test_nobody_else_reads_or_writes_them(client: Client, booking: Booking, other_student: User) -> None:
    save_notes(booking_id=booking.pk, by=booking.student, text="Between us", version=0)
    for person, status in ((other_student, 404), (make_staff("support"), 403), (booking.student, 200)):
        client.force_login(person)
        assert client.get(f"/bookings/{booking.pk}/notes/").status_code == status
    client.force_login(other_student)
    assert write(client, booking, "Mine", 1)[0] == 404


def test_support_sees_a_session_without_its_notes(client: Client, booking: Booking, settings: object) -> None:
    settings.DEMO_SKIP_STAFF_MFA = True  # type: ignore[attr-defined]  # pytest-django's wrapper
    save_notes(booking_id=booking.pk, by=booking.student, text="Between us", version=0)
    client.force_login(make_staff("support"))
    answer = client.get(f"/bookings/{booking.pk}/")
    assert answer.status_code == 200
    assert "Between us" not in answer.text
    client.force_login(booking.student)
    assert "Between us" in client.get(f"/bookings/{booking.pk}/").text


def test_a_suspended_mentor_reads_and_does_not_write(client: Client, booking: Booking) -> None:
    save_notes(booking_id=booking.pk, by=booking.student, text="Sheet 4", version=0)
    mentor = booking.mentor.user
    User.objects.filter(pk=mentor.pk).update(suspended_at=timezone.now())
    client.force_login(mentor)
    page = client.get(f"/bookings/{booking.pk}/").text
    assert "Sheet 4" in page
    assert 'name="version"' not in page
    assert write(client, booking, "Mine", 1)[0] == 403
    User.objects.filter(pk=mentor.pk).update(suspended_at=None)
    assert write(client, booking, "Mine", 1)[0] == 302


@pytest.mark.parametrize("status", ["confirmed", "ended", "completed"])
def test_they_are_written_for_a_fortnight_after_and_read_for_ever(
    client: Client, student: User, mentor: Mentor, status: str
) -> None:
    booking = make_booking(student=student, mentor=mentor, status=status)
    closes_at = booking.ends_at + timedelta(days=settings.REPORT_DAYS)
    with time_machine.travel(closes_at - timedelta(seconds=1), tick=False):
        client.force_login(student)
        assert write(client, booking, "Until the end", 0)[0] == 302
    with time_machine.travel(closes_at, tick=False):
        status_code, page = write(client, booking, "Too late", 1)
        assert status_code == 409
        assert "can be read, but not changed" in page
        page = client.get(f"/bookings/{booking.pk}/").text
        assert "Until the end" in page
        assert 'name="version"' not in page


@pytest.mark.parametrize("status", ["cancelled", "problem", "refunded"])
def test_a_session_that_is_off_or_in_dispute_takes_no_notes(client: Client, student: User, status: str) -> None:
    booking = make_booking(student=student, status=status)
    client.force_login(student)
    assert write(client, booking, "Now", 0)[0] == 409
    Booking.objects.filter(pk=booking.pk).update(status="confirmed")
    assert write(client, booking, "Now", 0)[0] == 302


def test_saving_is_limited(client: Client, booking: Booking, settings: object) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "NOTE_SAVE": "2/m"}  # type: ignore[attr-defined]  # pytest-django's wrapper
    client.force_login(booking.student)
    for version in (0, 1):
        assert write(client, booking, f"Version {version}", version)[0] == 302
    answer = client.post(f"/bookings/{booking.pk}/notes/", {"text": "Kept in the box", "version": 2})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Kept in the box" in answer.text


def test_the_session_page_takes_one_query_for_notes_however_often_they_changed(
    client: Client, booking: Booking
) -> None:
    client.force_login(booking.student)
    counts = []
    for version in range(3):
        save_notes(booking_id=booking.pk, by=booking.student, text=f"Version {version}", version=version)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/bookings/{booking.pk}/")
        counts.append(len(queries))
    assert len(set(counts)) == 1


# The database


def make_note(booking: Booking, *, version: int = 1, text: str = "x") -> SessionNote:
    return SessionNote.objects.create(
        booking=booking, version=version, text=text, by=booking.student, at=timezone.now()
    )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"version": 1}, "session_note_version_unique"),
        ({"version": 0}, "session_note_version_from_one"),
        ({"version": 2, "text": "x" * 4_001}, "session_note_not_too_long"),
    ],
)
def test_the_database_refuses(booking: Booking, fields: dict[str, object], constraint: str) -> None:
    make_note(booking)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_note(booking, **fields)  # type: ignore[arg-type]  # its own
    assert violated_constraint(refusal.value) == constraint
    make_note(booking, version=2, text="x" * 4_000)


def test_what_was_written_stays(booking: Booking) -> None:
    note = make_note(booking)
    for change in (lambda: SessionNote.objects.update(text="y"), SessionNote.objects.all().delete):
        with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
            change()
    note.refresh_from_db()
    assert note.text == "x"
    assert "session_note_append_only" in {trigger.name for trigger in SessionNote._meta.triggers}  # type: ignore[attr-defined]  # pgtrigger's


def both_go_on_from_nothing(booking: Booking) -> list[Callable[[], object]]:
    people = (booking.student, booking.mentor.user)
    return [
        lambda by=by: save_notes(booking_id=booking.pk, by=by, text=f"By {by.pk}", version=0)  # type: ignore[misc]
        for by in people
        for _twice in range(4)
    ]


@pytest.mark.django_db(transaction=True)
def test_of_those_who_write_at_once_one_is_first_and_the_others_are_told() -> None:
    booking = make_booking()
    ends = race(both_go_on_from_nothing(booking))
    assert set(ends) <= {"won", "stale_version"}
    assert len(texts(booking)) == 1, "the same text again wins too, and adds nothing"
    assert ends["stale_version"] >= 4


@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_both_are_the_first_version() -> None:
    booking = make_booking()
    guard = SessionNote._meta.constraints[0]
    assert guard.name == "session_note_version_unique"
    with connection.schema_editor() as editor:
        editor.remove_constraint(SessionNote, guard)
    try:
        for _try in range(20):
            race(both_go_on_from_nothing(booking))
            if len(texts(booking)) > 1:
                break
            booking = make_booking()
        versions = list(booking.notes.values_list("version", flat=True))
        assert len(versions) > 1
        assert set(versions) == {1}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE bookings_sessionnote")
        with connection.schema_editor() as editor:
            editor.add_constraint(SessionNote, guard)
