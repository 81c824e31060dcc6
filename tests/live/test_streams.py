"""``GET /events/``: what an open page is told, in which order, and to whom it is told no more."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.request import urlopen
from uuid import uuid4

import pgtrigger
import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.models import SignIn, User
from bookings.services import hold_slot, let_hold_go
from chat.models import Thread
from chat.services import mark_read, open_thread, post_message
from marketplace import streams
from marketplace.common import live
from marketplace.common.errors import violated_constraint
from marketplace.common.models import LiveEvent
from marketplace.sandbox.processes import LOOPBACK
from mentors.models import Mentor
from tests.factories import make_mentor, make_student
from tests.live.conftest import Open, Site
from tests.live.reader import Ended, Reader, session_of
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread(student: User, mentor: Mentor) -> Thread:
    return open_thread(handle=mentor.handle, body="Hello", client_id="hello-01", by=student)[0]


def noon() -> datetime:
    """A start that the mentor offers."""
    return (timezone.now() + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


def say(thread: Thread, by: User, body: str = "Yes?") -> str:
    message, _is_new = post_message(thread=thread, body=body, client_id=uuid4().hex, by=by)
    return str(message.pk)


def test_a_message_is_told_to_both_and_to_nobody_else(
    hold_stream: Open, thread: Thread, student: User, other_student: User, mentor: Mentor
) -> None:
    hers, his, strangers = hold_stream(student), hold_stream(mentor.user), hold_stream(other_student)
    message = say(thread, mentor.user)
    for reader in (hers, his):
        told = reader.next()
        assert (told.kind, told.data) == ("message", {"thread": str(thread.pk), "message": message})
        assert told.id is not None
    assert strangers.hears_nothing()


def test_a_read_mark_is_told(hold_stream: Open, thread: Thread, student: User, mentor: Mentor) -> None:
    reader = hold_stream(student)
    mark_read(thread=thread, number=1, by=mentor.user)
    told = reader.next()
    assert (told.kind, told.data) == ("read", {"thread": str(thread.pk)})


def test_a_hold_is_told_to_its_people_and_takes_the_start_from_who_looks(
    hold_stream: Open, student: User, other_student: User, mentor: Mentor
) -> None:
    looking = hold_stream(other_student, query=f"?mentor={mentor.handle}")
    elsewhere = hold_stream(other_student, query=f"?mentor={make_mentor().handle}")
    mine = hold_stream(student)
    starts_at = noon()
    booking = hold_slot(handle=mentor.handle, minutes=45, starts_at=starts_at, by=student)
    told = looking.next()
    moment = starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (told.kind, told.data) == ("slot_taken", {"mentor": mentor.handle, "starts_at": moment})
    told = mine.next()
    assert (told.kind, told.data) == ("booking", {"booking": str(booking.pk), "status": "held"})
    let_hold_go(booking_id=booking.pk, by=student)
    assert mine.next().data["status"] == "abandoned"
    assert elsewhere.hears_nothing()


def test_events_come_in_the_order_in_which_they_were_written(
    hold_stream: Open, thread: Thread, student: User, mentor: Mentor
) -> None:
    reader = hold_stream(student)
    written = [say(thread, mentor.user, str(number)) for number in range(40)]
    told = [reader.next() for _ in written]
    assert [each.data["message"] for each in told] == written
    assert [each.id for each in told] == sorted(each.id or 0 for each in told)


def test_what_was_rolled_back_is_told_to_nobody(
    hold_stream: Open, thread: Thread, student: User, mentor: Mentor
) -> None:
    reader = hold_stream(student)
    with transaction.atomic():
        say(thread, mentor.user)
        transaction.set_rollback(True)
    assert reader.hears_nothing()
    said = say(thread, mentor.user)
    assert reader.next().data["message"] == said


def test_who_comes_back_is_told_just_what_was_missed(
    hold_stream: Open, site: Site, thread: Thread, student: User, mentor: Mentor
) -> None:
    reader = hold_stream(student)
    say(thread, mentor.user)
    last = reader.next().id
    reader.close()
    wait_until(lambda: site.holds(0))
    missed = [say(thread, mentor.user, str(number)) for number in range(3)]
    back = hold_stream(student, last=last)
    assert [back.next().data["message"] for _ in missed] == missed
    later = say(thread, mentor.user)
    assert back.next().data["message"] == later
    assert back.hears_nothing()


def test_what_committed_late_under_a_lower_number_is_not_missed(
    hold_stream: Open, site: Site, student: User, mentor: Mentor
) -> None:
    """Two transactions: the first takes the lower id and commits last, while nobody listens."""
    began, may_commit = threading.Event(), threading.Event()

    def be_slow() -> None:
        with transaction.atomic():
            live.publish(live.to_people([student.pk], "message", thread="slow", message="slow"))
            began.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=be_slow)
    reader = hold_stream(student)
    slow.start()
    began.wait(10)
    live.publish(live.to_people([student.pk], "message", thread="quick", message="quick"))
    told = reader.next()
    assert told.data["thread"] == "quick"
    reader.close()
    wait_until(lambda: site.holds(0))
    may_commit.set()
    slow.join()
    assert LiveEvent.objects.get(data__thread="slow").pk < (told.id or 0)
    assert hold_stream(student, last=told.id).next().data["thread"] == "slow"


@pytest.mark.parametrize("last", [987_654_321, 0])
def test_who_was_away_too_long_is_asked_to_read_everything_anew(hold_stream: Open, student: User, last: int) -> None:
    assert hold_stream(student, last=last).next().kind == "resync"


def test_another_persons_event_is_no_place_to_go_on_from(
    hold_stream: Open, thread: Thread, student: User, other_student: User, mentor: Mentor
) -> None:
    say(thread, mentor.user)
    theirs = LiveEvent.objects.filter(user_id=student.pk).latest("pk")
    back = hold_stream(other_student, last=theirs.pk)
    assert back.next().kind == "resync"
    assert back.hears_nothing()


def ends_within_a_second(reader: Reader) -> bool:
    began = time.monotonic()
    with pytest.raises(Ended):
        reader.next(within=1)
    return time.monotonic() - began < 1


def test_signing_out_ends_the_streams_of_that_sign_in(hold_stream: Open, student: User, thread: Thread) -> None:
    client = Client()
    client.force_login(student)
    mine = hold_stream(student, session_key=str(client.session.session_key))
    on_my_phone = hold_stream(student, session_key=session_of(student))
    client.post("/accounts/logout/")
    assert ends_within_a_second(mine)
    say(thread, thread.mentor.user)
    assert on_my_phone.next().kind == "message"


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"suspended_at": timezone.now()}, {"password": "!"}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_rights_ends_the_streams_at_once(
    hold_stream: Open, student: User, other_student: User, change: dict[str, object]
) -> None:
    reader, others = hold_stream(student), hold_stream(other_student)
    User.objects.filter(pk=student.pk).update(name="Renamed")
    assert reader.hears_nothing()  # a change that ends no right ends no stream
    User.objects.filter(pk=student.pk).update(**change)
    assert ends_within_a_second(reader)
    assert others.hears_nothing()


def test_a_right_that_ended_unheard_is_asked_for_before_each_event(
    hold_stream: Open, student: User, thread: Thread, mentor: Mentor
) -> None:
    """Nothing tells that a session has expired: the time has come, and that is all."""
    key = session_of(student)
    expiring, standing = hold_stream(student, session_key=key), hold_stream(student, session_key=session_of(student))
    Session.objects.filter(session_key=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    say(thread, mentor.user)
    with pytest.raises(Ended):
        expiring.next()
    assert standing.next().kind == "message"


def test_a_person_holds_ten_streams_and_no_more(hold_stream: Open, site: Site, student: User) -> None:
    held = [hold_stream(student) for _ in range(streams.STREAMS_PER_PERSON)]
    assert {reader.status for reader in held} == {200}
    refused = hold_stream(student)
    assert (refused.status, refused.headers["content-type"]) == (429, "application/problem+json")
    assert int(refused.headers["retry-after"]) > 0
    held[0].close()
    wait_until(lambda: site.holds(streams.STREAMS_PER_PERSON - 1))
    assert hold_stream(student).status == 200


def test_a_listener_that_was_lost_ends_the_streams_and_comes_back_by_itself(
    hold_stream: Open, thread: Thread, student: User, mentor: Mentor
) -> None:
    reader = hold_stream(student)
    say(thread, mentor.user)
    last = reader.next().id
    with connection.cursor() as cursor:
        # Its own database's: another test's may live in the same cluster.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'live' AND datname = current_database()"
        )
        assert cursor.rowcount == 1
    with pytest.raises(Ended):
        reader.next()
    missed = say(thread, mentor.user)
    assert hold_stream(student, last=last).next().data["message"] == missed


def test_a_reader_who_is_too_slow_is_ended_rather_than_told_half(
    hold_stream: Open, monkeypatch: pytest.MonkeyPatch, thread: Thread, student: User, mentor: Mentor
) -> None:
    monkeypatch.setattr(streams, "QUEUED_MAX", 0)
    reader = hold_stream(student)
    say(thread, mentor.user)
    with pytest.raises(Ended):
        reader.next()


def until_the_end(reader: Reader) -> str:
    try:
        return reader.block()
    except Ended:
        return ""


def test_a_quiet_stream_is_kept_open_by_beats_and_asked_for_anew_after_its_time(
    hold_stream: Open, monkeypatch: pytest.MonkeyPatch, student: User
) -> None:
    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(streams, "STREAM_SECONDS", 0.4)
    reader = hold_stream(student)
    blocks = list(iter(lambda: until_the_end(reader), ""))
    assert blocks[0].startswith("retry: ")
    assert set(blocks[1:]) == {":\n\n"}


def test_five_hundred_streams_are_told_at_once(hold_stream: Open, site: Site, mentor: Mentor) -> None:
    people = [make_student() for _ in range(50)]
    readers = [hold_stream(person, query=f"?mentor={mentor.handle}") for person in people for _ in range(10)]
    assert {reader.status for reader in readers} == {200}
    wait_until(lambda: site.holds(500))
    hold_slot(handle=mentor.handle, minutes=45, starts_at=noon(), by=make_student())
    assert {reader.next().kind for reader in readers} == {"slot_taken"}
    for reader in readers[:250]:
        reader.close()
    wait_until(lambda: site.holds(250))
    SignIn.objects.all().delete()
    for reader in readers[250:]:
        with pytest.raises(Ended):
            reader.next()


@pytest.mark.parametrize(
    ("method", "query", "last", "status"),
    [("GET", "", "", 200), ("HEAD", "", "", 200), ("GET", "?mentor=nobody-of-that-name", "", 404), ("GET", "?x=1", "", 422),
     ("GET", "?mentor=%00", "", 422), ("GET", "?after=-1", "", 422), ("GET", "", "what", 200),
     ("GET", "", "9" * 40, 200), ("GET", "", "\u0664", 200)],
)  # fmt: skip
def test_the_door(client: Client, student: User, method: str, query: str, last: str, status: int) -> None:
    client.force_login(student)
    response = client.generic(method, f"/events/{query}", headers={"Last-Event-ID": last} if last else {})
    assert response.status_code == status
    if status == 200:
        assert (response["Content-Type"], response["Cache-Control"]) == ("text/event-stream", "no-store")


def test_the_door_is_shut_for_who_is_not_signed_in(hold_stream: Open, site: Site, student: User) -> None:
    stranger = Reader(site.port)
    assert (stranger.status, stranger.headers["content-type"]) == (401, "application/problem+json")
    stranger.close()
    assert hold_stream(student).status == 200


def test_pages_are_served_beside_the_streams(site: Site) -> None:
    with urlopen(f"http://{LOOPBACK}:{site.port}/api/health/live") as answer:  # our own server
        assert (answer.status, json.load(answer)) == (200, {"status": "ok"})


def test_a_stopping_server_ends_its_streams(hold_stream: Open, site: Site, student: User) -> None:
    reader = hold_stream(student)
    site.server.should_exit = True
    with pytest.raises(Ended):
        reader.next()


def test_an_event_has_one_audience_and_is_told_by_the_table_itself(student: User, mentor: Mentor) -> None:
    with pytest.raises(IntegrityError) as refused:
        LiveEvent.objects.create(kind="message", user_id=student.pk, mentor_id=mentor.pk)
    assert violated_constraint(refused.value) == "live_event_one_audience"


@contextmanager
def without(model: type[Model], trigger: str) -> Iterator[None]:
    uri = f"{model._meta.label}:{trigger}"
    pgtrigger.disable(uri)
    try:
        yield
    finally:
        pgtrigger.enable(uri)


def test_what_is_told_is_told_by_the_database(hold_stream: Open, thread: Thread, student: User, mentor: Mentor) -> None:
    """The control of the tests above: without each trigger its news does not come."""
    reader = hold_stream(student)
    with without(LiveEvent, "live_event_told"):
        say(thread, mentor.user)
    with without(User, "user_rights_changed"):
        User.objects.filter(pk=student.pk).update(suspended_at=timezone.now())
    with without(SignIn, "sign_in_ended"):
        SignIn.objects.all().delete()
    assert reader.hears_nothing()


def test_events_are_forgotten_once_nobody_can_ask_for_them(student: User) -> None:
    live.publish(live.to_people([student.pk], "message", thread="old", message="old"))
    LiveEvent.objects.update(at=timezone.now() - timedelta(seconds=live.KEPT_SECONDS + 1))
    live.publish(live.to_people([student.pk], "message", thread="new", message="new"))
    live.forget_old_events()
    assert [event.data["thread"] for event in LiveEvent.objects.all()] == ["new"]
