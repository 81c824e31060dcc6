"""The mail that messages wait: after ten minutes, once a conversation until its reader has been there again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from accounts.models import User
from chat import services
from chat.models import Message, Thread
from chat.services.digests import Waiting, send_digests, tell_if_unread
from marketplace.common.models import ToldOnce
from tests.factories import make_mentor, make_student, make_user
from tests.jobs import run_jobs, waiting_jobs
from tests.races import race

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)


@pytest.fixture
def thread(db: None) -> Thread:
    """Amara has written to Ngozi, at 18:30."""
    with at(0):
        mentor = make_mentor(user=make_user(role="mentor", name="Ngozi Adeyemi"))
        amara = make_student(name="Amara Okafor")
        return services.open_thread(handle=mentor.handle, body="Hello!", client_id="first-message", by=amara)[0]


def at(minutes: float) -> time_machine.travel:
    return time_machine.travel(NOW + timedelta(minutes=minutes), tick=False)


def write(thread: Thread, by: User, number: int) -> Message:
    return services.post_message(thread=thread, body="And this.", client_id=f"message-{number}", by=by)[0]


def digests() -> list[dict[str, Any]]:  # Any: the job's payload
    return [job["mail"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == "message_digest"]


def subjects() -> list[str]:
    return [found["subject"] for found in digests()]


@pytest.mark.parametrize(("minutes", "subject"), [(9.9, []), (10, ["1 new message from Amara"])])
def test_it_comes_after_ten_minutes(thread: Thread, minutes: float, subject: list[str]) -> None:
    with at(minutes):
        send_digests()
    assert subjects() == subject


def test_it_counts_what_waits_and_leads_there_without_its_words(thread: Thread) -> None:
    with at(8):
        write(thread, thread.student, 2)
    with at(10):
        send_digests()
    [found] = digests()
    assert (found["subject"], found["to"]) == ("2 new messages from Amara", thread.mentor.user.email)
    assert f"/messages/{thread.pk}/" in found["text"]
    assert "And this." not in found["text"]


def test_it_comes_once_until_its_reader_has_been_there(thread: Thread) -> None:
    for minutes in (10, 11, 60):
        with at(minutes):
            send_digests()
    with at(70):
        write(thread, thread.student, 2)
    with at(90):
        send_digests()
    assert subjects() == ["1 new message from Amara"]
    with at(95):
        services.mark_read(thread=thread, number=2, by=thread.mentor.user)
        write(thread, thread.student, 3)
    with at(105):
        send_digests()
    assert subjects() == ["1 new message from Amara"] * 2


def test_the_student_is_told_of_an_answer(thread: Thread) -> None:
    with at(5):
        services.mark_read(thread=thread, number=1, by=thread.mentor.user)
        write(thread, thread.mentor.user, 2)
    with at(15):
        send_digests()
    assert [(found["subject"], found["to"]) for found in digests()] == [
        ("1 new message from Ngozi", thread.student.email)
    ]


def test_what_was_read_is_not_told(thread: Thread) -> None:
    with at(9):
        services.mark_read(thread=thread, number=1, by=thread.mentor.user)
    with at(10):
        send_digests()
    assert digests() == []


def test_what_was_deleted_is_not_counted(thread: Thread) -> None:
    with at(1):
        second = write(thread, thread.student, 2)
    with at(2):
        services.delete_message(message=second, by=thread.student)
    with at(10):
        send_digests()
    assert subjects() == ["1 new message from Amara"]


def test_a_closed_conversation_is_not_told_of_and_one_opened_again_is(thread: Thread) -> None:
    with at(9):
        services.block_thread(thread=thread, by=thread.mentor.user)
    with at(10):
        send_digests()
        tell_if_unread(Waiting(thread.pk, thread.mentor.user.pk))
    assert digests() == []
    with at(11):
        services.unblock_thread(thread=thread, by=thread.mentor.user)
        send_digests()
    assert subjects() == ["1 new message from Amara"]


def test_what_has_waited_for_days_is_not_dug_up(thread: Thread) -> None:
    with at(60 * 48):
        send_digests()
    assert digests() == []


@pytest.mark.parametrize("what", ["read", "blocked", "nothing"])
def test_it_is_not_sent_of_what_was_read_or_closed_meanwhile(thread: Thread, what: str) -> None:
    with at(10):
        send_digests()
        if what == "read":
            services.mark_read(thread=thread, number=1, by=thread.mentor.user)
        if what == "blocked":
            services.block_thread(thread=thread, by=thread.mentor.user)
        run_jobs("deliver_mail")
    assert len(mail.outbox) == (1 if what == "nothing" else 0)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once() -> None:
    mentor = make_mentor()
    thread, _new = services.open_thread(
        handle=mentor.handle, body="Hello!", client_id="first-message", by=make_student()
    )
    with time_machine.travel(thread.created_at + timedelta(minutes=11), tick=False):
        assert race([lambda: tell_if_unread(Waiting(thread.pk, mentor.user.pk))] * 4) == {"won": 4}
    assert len(digests()) == ToldOnce.objects.count() == 1
