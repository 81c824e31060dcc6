"""Calendars that a mentor imports: added, read by the clock and before a hold, failing, removed."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookings.errors import HoldLimit, SlotTaken
from bookings.services import hold_slot, move_booking
from mentors import services
from mentors.errors import CalendarUnreadable
from mentors.models import BusyTime, CalendarImport, Mentor
from mentors.services import calendars
from mentors.tasks import queue_due_calendars
from tests.factories import make_mentor, make_paid_booking
from tests.jobs import forget_jobs, run_jobs, waiting_jobs
from tests.mentors.calendar_server import CalendarServer, calendar, dripping, giving, serving, silent, versioned
from tests.races import outcomes

PAGE = "/mentor/availability/calendars/"
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def server(settings: Any) -> Iterator[CalendarServer]:  # Any: pytest-django's
    with serving() as server:
        settings.CALENDAR_TEST_ORIGINS = (server.origin,)
        yield server


@pytest.fixture
def noon() -> datetime:
    """Noon in Berlin or an hour beside it, in a few days: within everybody's hours."""
    return (timezone.now() + timedelta(days=3)).astimezone(UTC).replace(hour=11, minute=0, second=0, microsecond=0)


def busy_at(*moments: datetime, uid: str = "one") -> bytes:
    """A calendar in which somebody is busy for an hour from each moment on."""
    return calendar(*(f"UID:{uid}-{each:%d%H%M}|DTSTART:{each:%Y%m%dT%H%M%SZ}|DURATION:PT1H" for each in moments))


def add(mentor: Mentor, server: CalendarServer, path: str = "/me.ics") -> CalendarImport:
    return services.add_calendar(mentor=mentor, by=mentor.user, address=server.url(path))


def age(calendar_id: UUID, by: timedelta) -> None:
    """Let a calendar have been asked longer ago."""
    then = timezone.now() - by
    CalendarImport.objects.filter(pk=calendar_id).update(asked_at=then, read_at=then, due_at=then + QUARTER)


def spans(mentor: Mentor) -> list[datetime]:
    return list(mentor.busy_times.order_by("starts_at").values_list("starts_at", flat=True))


# Adding


def test_a_calendar_is_added_on_the_page_and_its_times_cannot_be_booked(
    client: Client, mentor: Mentor, student: User, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = giving(busy_at(noon))
    client.force_login(mentor.user)
    answer = client.post(PAGE, {"address": server.url()}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "127.0.0.1" in answer.text
    assert "1 busy time ahead" in answer.text
    assert spans(mentor) == [noon]
    with pytest.raises(SlotTaken):
        hold_slot(handle=mentor.handle, minutes=45, starts_at=noon + QUARTER, by=student)
    assert hold_slot(handle=mentor.handle, minutes=45, starts_at=noon + HOUR, by=student).status == "held"


def test_the_address_is_kept_sealed_and_shown_to_nobody(client: Client, mentor: Mentor, server: CalendarServer) -> None:
    server.answers["/private-4f2a.ics"] = giving(calendar())
    added = add(mentor, server, "/private-4f2a.ics")
    client.force_login(mentor.user)
    assert "private-4f2a" not in client.get(PAGE).text
    row = CalendarImport.objects.values().get(pk=added.pk)
    assert "private-4f2a" not in str(row)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Enter the address of your calendar"),
        ("nonsense", "it begins with https://"),
        ("http://calendar.example.org/me.ics", "it begins with https://"),
        ("https://127.0.0.1/me.ics", "nowhere on the public internet"),
        ("https://localhost/me.ics", "nowhere on the public internet"),
        ("https://[::1]/me.ics", "nowhere on the public internet"),
        ("https://2130706433/", "nowhere on the public internet"),
        ("https://user:password@calendar.example.org/", "it begins with https://"),
        ("a" * 2_001, "2000 characters or fewer"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(client: Client, mentor: Mentor, address: str, words: str) -> None:
    client.force_login(mentor.user)
    answer = client.post(PAGE, {"address": address})
    assert answer.status_code == 422
    assert words in answer.text
    assert address[:100] in answer.text
    assert not mentor.calendars.exists()


def test_a_machine_of_this_house_is_refused_without_a_connection(client: Client, mentor: Mentor, settings: Any) -> None:
    """With no origin allowed, as everywhere but in tests; then the same with it."""
    with serving() as server:
        server.answers["/me.ics"] = giving(calendar())
        client.force_login(mentor.user)
        for host in (server.origin, server.origin.replace("127.0.0.1", "localhost")):
            assert client.post(PAGE, {"address": f"{host}/me.ics"}).status_code == 422
        assert server.requests == []
        settings.CALENDAR_TEST_ORIGINS = (server.origin,)
        assert client.post(PAGE, {"address": server.url()}).status_code == 302
        assert len(server.requests) == 1


def test_an_allowed_origin_leads_nowhere_else(mentor: Mentor, server: CalendarServer) -> None:
    with serving() as inside:
        inside.answers["/me.ics"] = giving(calendar())
        server.answers["/me.ics"] = giving(b"", 302, Location=inside.url())
        with pytest.raises(CalendarUnreadable):
            add(mentor, server)
        assert inside.requests == []


def test_nothing_is_kept_of_what_is_no_calendar(client: Client, mentor: Mentor, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(b"<html>Sign in</html>")
    client.force_login(mentor.user)
    answer = client.post(PAGE, {"address": server.url()})
    assert answer.status_code == 422
    assert "no calendar file" in answer.text
    assert not mentor.calendars.exists()
    server.answers["/me.ics"] = giving(calendar())
    assert client.post(PAGE, {"address": server.url()}).status_code == 302


def test_the_same_calendar_is_added_once(client: Client, mentor: Mentor, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(calendar())
    server.answers["/other.ics"] = giving(calendar())
    add(mentor, server)
    client.force_login(mentor.user)
    answer = client.post(PAGE, {"address": f"  {server.url()}#again"})
    assert answer.status_code == 422
    assert "added this calendar already" in answer.text
    assert client.post(PAGE, {"address": server.url("/other.ics")}).status_code == 302


def test_five_calendars_are_read_and_no_sixth(client: Client, mentor: Mentor, server: CalendarServer) -> None:
    for number in range(6):
        server.answers[f"/{number}.ics"] = giving(calendar())
    added = [add(mentor, server, f"/{number}.ics") for number in range(5)]
    client.force_login(mentor.user)
    assert client.post(PAGE, {"address": server.url("/5.ics")}).status_code == 422
    assert [path for path, _headers in server.requests].count("/5.ics") == 0
    client.post(f"{PAGE}{added[2].pk}/remove/")
    assert client.post(PAGE, {"address": server.url("/5.ics")}).status_code == 302
    assert sorted(mentor.calendars.values_list("place", flat=True)) == [1, 2, 3, 4, 5]


def test_adding_is_limited(client: Client, mentor: Mentor, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CALENDAR": "2/h"}
    client.force_login(mentor.user)
    found = [client.post(PAGE, {"address": "https://127.0.0.1/"}) for _ in range(3)]
    assert [answer.status_code for answer in found] == [422, 422, 429]
    assert found[2]["Retry-After"]


def add_the_fifth_twice(mentor: Mentor, server: CalendarServer) -> list[str]:
    for number in range(6):
        server.answers[f"/{number}.ics"] = giving(calendar())
    for number in range(4):
        add(mentor, server, f"/{number}.ics")
    return outcomes([partial(add, mentor, server, f"/{number}.ics") for number in (4, 5)])


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look for a free place before either takes it, as they would on a loaded site."""
    find, meeting = calendars._free_place, threading.Barrier(2)

    def find_together(mentor: Mentor) -> int:
        place = find(mentor)
        if place == 5:
            meeting.wait(30)
        return place

    monkeypatch.setattr(calendars, "lock_for_writing", lambda each: Mentor.objects.get(pk=each.pk))
    monkeypatch.setattr(calendars, "_free_place", find_together)


@pytest.mark.django_db(transaction=True)
def test_two_calendars_for_the_last_place_do_not_both_get_it(mentor: Mentor, server: CalendarServer) -> None:
    assert sorted(add_the_fifth_twice(mentor, server)) == ["above_limit", "won"]
    assert mentor.calendars.count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_lock")
def test_without_the_lock_the_index_refuses_the_sixth(mentor: Mentor, server: CalendarServer) -> None:
    assert sorted(add_the_fifth_twice(mentor, server)) == ["above_limit", "won"]
    assert mentor.calendars.count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_lock")
def test_control_without_lock_and_index_the_sixth_gets_in(mentor: Mentor, server: CalendarServer) -> None:
    name = "calendar_import_one_in_a_place"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE mentors_calendarimport DROP CONSTRAINT {name}")
    try:
        assert add_the_fifth_twice(mentor, server) == ["won", "won"]
        assert mentor.calendars.count() == 6
    finally:
        CalendarImport.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE mentors_calendarimport ADD CONSTRAINT {name} UNIQUE (mentor_id, place)")


# By the clock


def test_what_changed_is_taken_over_and_what_did_not_stays_the_same_row(
    mentor: Mentor, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = giving(busy_at(noon, noon + 3 * HOUR))
    add(mentor, server)
    kept = BusyTime.objects.get(mentor=mentor, starts_at=noon)
    server.answers["/me.ics"] = giving(busy_at(noon, noon + 5 * HOUR))
    forget_jobs()
    assert calendars.read_mentor(mentor_id=mentor.pk)
    assert spans(mentor) == [noon, noon + 5 * HOUR]
    assert BusyTime.objects.get(mentor=mentor, starts_at=noon).pk == kept.pk
    assert waiting_jobs("refresh_mentor_in_search") == [{"mentor_id": str(mentor.pk)}]


def test_an_unchanged_calendar_keeps_its_copy_and_is_not_sent_again(
    mentor: Mentor, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = versioned(busy_at(noon), '"1"')
    added = add(mentor, server)
    age(added.pk, HOUR)
    forget_jobs()
    calendars.read_mentor(mentor_id=mentor.pk)
    assert server.requests[-1][1]["If-None-Match"] == '"1"'
    assert spans(mentor) == [noon]
    added.refresh_from_db()
    assert added.read_at > added.parsed_at
    assert waiting_jobs("refresh_mentor_in_search") == []


@pytest.mark.parametrize("change", ["a day has passed", "another zone"])
def test_it_is_read_whole_once_a_day_and_in_another_zone(
    mentor: Mentor, server: CalendarServer, noon: datetime, change: str
) -> None:
    """The window moves on with the days, and days without a time are those of the hours' zone."""
    server.answers["/me.ics"] = versioned(calendar(f"UID:1|DTSTART;VALUE=DATE:{noon:%Y%m%d}"), '"1"')
    added = add(mentor, server)
    [before] = spans(mentor)
    if change == "another zone":
        Mentor.objects.filter(pk=mentor.pk).update(time_zone="America/New_York")
    else:
        CalendarImport.objects.filter(pk=added.pk).update(parsed_at=timezone.now() - timedelta(hours=25))
    calendars.read_mentor(mentor_id=mentor.pk)
    assert "If-None-Match" not in server.requests[-1][1]
    [after] = spans(mentor)
    assert (after == before) == (change == "a day has passed")


def test_the_clock_queues_one_job_for_each_mentor_that_is_due(mentor: Mentor, server: CalendarServer) -> None:
    for number in range(2):
        server.answers[f"/{number}.ics"] = giving(calendar())
        add(mentor, server, f"/{number}.ics")
    forget_jobs()
    queue_due_calendars(0)
    assert waiting_jobs("read_calendars") == []
    for each in mentor.calendars.all():
        age(each.pk, HOUR)
    queue_due_calendars(0)
    queue_due_calendars(0)  # once more does no harm
    assert waiting_jobs("read_calendars") == [{"mentor_id": str(mentor.pk)}]
    asked = len(server.requests)
    run_jobs("read_calendars")
    assert len(server.requests) == asked + 2


def test_a_failure_keeps_the_copy_and_is_told_once_after_the_second(
    client: Client, mentor: Mentor, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = giving(busy_at(noon))
    added = add(mentor, server)
    server.answers["/me.ics"] = giving(b"", 404)
    for count in range(1, 5):
        calendars.read_mentor(mentor_id=mentor.pk)
        run_jobs("deliver_mail")
        assert len(mail.outbox) == (1 if count >= 2 else 0)
    added.refresh_from_db()
    assert (added.failures, added.failure) == (4, "gone")
    assert spans(mentor) == [noon]
    [message] = mail.outbox
    assert message.to == [mentor.user.email]
    assert "127.0.0.1" in message.subject
    assert "no calendar at this address any more" in message.body
    assert "me.ics" not in str(message.message())
    client.force_login(mentor.user)
    page = client.get(PAGE).text
    assert "no calendar at this address any more" in page
    assert "still counts" in page
    server.answers["/me.ics"] = giving(busy_at(noon))
    calendars.read_mentor(mentor_id=mentor.pk)
    added.refresh_from_db()
    assert (added.failures, added.failure) == (0, "")


def test_a_calendar_that_comes_and_goes_is_told_of_once_a_day(mentor: Mentor, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)

    def fail_twice() -> int:
        server.answers["/me.ics"] = giving(b"", 500)
        for _ in range(2):
            calendars.read_mentor(mentor_id=mentor.pk)
        run_jobs("deliver_mail")
        server.answers["/me.ics"] = giving(calendar())
        calendars.read_mentor(mentor_id=mentor.pk)
        return len(mail.outbox)

    assert [fail_twice(), fail_twice()] == [1, 1]
    CalendarImport.objects.filter(pk=added.pk).update(told_at=timezone.now() - timedelta(hours=25))
    assert fail_twice() == 2


@pytest.mark.parametrize("answer", ["never-ending", "not-a-calendar", "cut-off", "too-many"])
def test_whatever_comes_the_copy_stays(mentor: Mentor, server: CalendarServer, noon: datetime, answer: str) -> None:
    server.answers["/me.ics"] = giving(busy_at(noon))
    added = add(mentor, server)
    server.answers["/me.ics"] = {
        "never-ending": dripping(b"X" * 400_000, stop=server.stop, pause=0.001),
        "not-a-calendar": giving(b"<html></html>"),
        "cut-off": giving(busy_at(noon + HOUR)[:-15]),
        "too-many": giving(calendar(*(f"UID:{n}|DTSTART:20300101T000000Z|RRULE:FREQ=SECONDLY" for n in range(5_001)))),
    }[answer]
    calendars.read_mentor(mentor_id=mentor.pk)
    added.refresh_from_db()
    assert added.failure in {"too_big", "not_calendar", "too_many"}
    assert spans(mentor) == [noon]


def test_a_calendar_whose_address_cannot_be_unsealed_asks_for_it_again(
    mentor: Mentor, server: CalendarServer, settings: Any
) -> None:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    settings.SECRET_KEY = "another key, as after a change"
    calendars.read_mentor(mentor_id=mentor.pk)
    added.refresh_from_db()
    assert added.failure == "address"


def test_one_that_is_removed_while_it_is_read_leaves_nothing(
    mentor: Mentor, server: CalendarServer, noon: datetime
) -> None:
    added = add_and_remove_on_the_way(mentor, server, noon)
    assert not CalendarImport.objects.filter(pk=added.pk).exists()
    assert spans(mentor) == []


def add_and_remove_on_the_way(mentor: Mentor, server: CalendarServer, noon: datetime) -> CalendarImport:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    [claimed] = calendars._claim(mentor, at=timezone.now(), unasked_for=timedelta(0))
    server.answers["/me.ics"] = giving(busy_at(noon))
    readings = calendars._ask([claimed], mentor, at=timezone.now(), seconds=10, wait_for_all=True)
    services.remove_calendar(mentor=mentor, by=mentor.user, calendar_id=added.pk)
    calendars._record(claimed, readings[added.pk], at=timezone.now())
    return added


# Before a hold


def test_a_calendar_asked_a_while_ago_is_read_before_a_time_is_held(
    client: Client, mentor: Mentor, student: User, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    server.answers["/me.ics"] = giving(busy_at(noon))
    client.force_login(student)
    body = {"mentor": mentor.handle, "minutes": 45, "starts_at": noon.isoformat().replace("+00:00", "Z")}
    age(added.pk, timedelta(seconds=90))
    answer = client.post("/api/bookings", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert len(answer.json()["alternatives"]) == 3
    server.answers["/me.ics"] = giving(calendar())
    age(added.pk, timedelta(seconds=90))
    assert client.post("/api/bookings", body, content_type="application/json").status_code == 201


def test_one_asked_just_now_is_not_asked_again(
    mentor: Mentor, student: User, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    asked = len(server.requests)
    hold_slot(handle=mentor.handle, minutes=45, starts_at=noon, by=student)
    assert len(server.requests) == asked
    age(added.pk, timedelta(seconds=90))
    with pytest.raises(HoldLimit):  # a second hold with this mentor
        hold_slot(handle=mentor.handle, minutes=45, starts_at=noon + 2 * HOUR, by=student)
    assert len(server.requests) == asked + 1


def test_who_waits_for_a_hold_waits_two_seconds_and_gets_what_answered(
    mentor: Mentor, student: User, server: CalendarServer, noon: datetime
) -> None:
    for path in ("/slow.ics", "/fast.ics"):
        server.answers[path] = giving(calendar())
        age(add(mentor, server, path).pk, timedelta(seconds=90))
    server.answers["/slow.ics"] = silent(server)
    server.answers["/fast.ics"] = giving(busy_at(noon))
    began = timezone.now()
    with pytest.raises(SlotTaken):
        hold_slot(handle=mentor.handle, minutes=45, starts_at=noon, by=student)
    assert timezone.now() - began < timedelta(seconds=8)  # two, and what a machine under load adds
    assert hold_slot(handle=mentor.handle, minutes=45, starts_at=noon + HOUR, by=student).status == "held"
    slow = mentor.calendars.get(place=1)
    assert (slow.failures, slow.failure) == (0, "")  # left to the clock, which is more patient
    assert slow.due_at < slow.asked_at + QUARTER


def test_a_calendar_that_fails_before_a_hold_keeps_its_copy(
    mentor: Mentor, student: User, server: CalendarServer, noon: datetime
) -> None:
    server.answers["/me.ics"] = giving(busy_at(noon))
    added = add(mentor, server)
    age(added.pk, timedelta(seconds=90))
    server.answers["/me.ics"] = giving(b"", 500)
    with pytest.raises(SlotTaken):
        hold_slot(handle=mentor.handle, minutes=45, starts_at=noon, by=student)
    added.refresh_from_db()
    assert added.failures == 0
    assert hold_slot(handle=mentor.handle, minutes=45, starts_at=noon + HOUR, by=student).status == "held"


def test_a_hold_with_a_mentor_without_calendars_asks_nothing_more(
    mentor: Mentor, student: User, other_student: User, server: CalendarServer, noon: datetime
) -> None:
    def cost(by: User, starts_at: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            hold_slot(handle=mentor.handle, minutes=45, starts_at=starts_at, by=by)
        return len(queries)

    without = cost(student, noon)
    server.answers["/me.ics"] = giving(calendar())
    add(mentor, server)
    assert cost(other_student, noon + HOUR) == without  # nor with one that was read just now


def test_a_session_is_moved_around_what_a_calendar_says_now(
    mentor: Mentor, student: User, server: CalendarServer, noon: datetime
) -> None:
    booking = make_paid_booking(mentor=mentor, student=student, starts_at=noon + 24 * HOUR)
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    server.answers["/me.ics"] = giving(busy_at(noon))
    move_booking(booking_id=booking.pk, starts_at=noon + 2 * HOUR, by=student)
    assert len(server.requests) == 1  # asked just now
    age(added.pk, timedelta(seconds=90))
    with pytest.raises(SlotTaken):
        move_booking(booking_id=booking.pk, starts_at=noon, by=student)
    assert len(server.requests) == 2


# By hand


def test_read_now_reads_once_a_minute(client: Client, mentor: Mentor, server: CalendarServer, noon: datetime) -> None:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    server.answers["/me.ics"] = giving(busy_at(noon))
    client.force_login(mentor.user)
    assert "Try again in" in client.post(f"{PAGE}read/", follow=True).text
    assert spans(mentor) == []
    age(added.pk, timedelta(seconds=61))
    assert "Read." in client.post(f"{PAGE}read/", follow=True).text
    assert spans(mentor) == [noon]


def test_removing_gives_the_times_back(client: Client, mentor: Mentor, server: CalendarServer, noon: datetime) -> None:
    server.answers["/me.ics"] = giving(busy_at(noon))
    added = add(mentor, server)
    by_hand = BusyTime.objects.create(mentor=mentor, starts_at=noon + 5 * HOUR, ends_at=noon + 6 * HOUR)
    forget_jobs()
    client.force_login(mentor.user)
    assert "Removed" in client.post(f"{PAGE}{added.pk}/remove/", follow=True).text
    assert spans(mentor) == [by_hand.starts_at]
    assert waiting_jobs("refresh_mentor_in_search") == [{"mentor_id": str(mentor.pk)}]


def test_nobody_removes_another_mentors_calendar(client: Client, mentor: Mentor, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(calendar())
    added = add(mentor, server)
    stranger = Client()
    stranger.force_login(make_mentor().user)
    stranger.post(f"{PAGE}{added.pk}/remove/")
    assert mentor.calendars.exists()
    client.force_login(mentor.user)
    client.post(f"{PAGE}{added.pk}/remove/")
    assert not mentor.calendars.exists()


def test_the_page_costs_the_same_for_one_calendar_and_for_five(
    client: Client, mentor: Mentor, server: CalendarServer, noon: datetime
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    client.force_login(mentor.user)
    for number in range(5):
        server.answers[f"/{number}.ics"] = giving(busy_at(noon + number * HOUR))
    add(mentor, server, "/0.ics")
    one = cost()
    for number in range(1, 5):
        add(mentor, server, f"/{number}.ics")
    assert cost() == one
    assert "all that we read" in client.get(PAGE).text
