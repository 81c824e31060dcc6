"""What nobody should send: too long, empty, NUL, markup, tricks with direction, too fast. Nothing typed is lost."""

import html
import re
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from chat import services
from chat.models import Message, Thread
from mentors.models import Mentor
from tests.factories import make_mentor, make_student
from tests.waiting import wait_until, waiting_for_a_lock

pytestmark = pytest.mark.django_db

BAD = {
    "too long": ("x" * 4_001, "Write at most 4000 characters. You have written 4001."),
    "empty": ("", "Write a message or attach a file."),
    "only spaces": (" \n\t ", "Write a message or attach a file."),
    "NUL": ("Nul\x00 here", "Null characters are not allowed."),
}


def post(client: Client, thread: Thread, body: str, client_id: str = "") -> Any:  # Any: a response
    data = {"body": body, "client_id": client_id or uuid.uuid4().hex}
    return client.post(f"/messages/{thread.pk}/", data)


def post_json(client: Client, thread: Thread, body: str, client_id: str = "") -> Any:  # Any: a response
    data = {"body": body, "client_id": client_id or uuid.uuid4().hex}
    return client.post(f"/api/chat/threads/{thread.pk}/messages", data, content_type="application/json")


@pytest.mark.parametrize("name", BAD)
def test_a_page_says_what_is_wrong_and_keeps_what_was_typed(
    client: Client, thread: Thread, student: User, name: str
) -> None:
    body, sentence = BAD[name]
    client.force_login(student)
    shown = post(client, thread, body)
    assert shown.status_code == 422
    assert sentence in html.unescape(shown.text)
    typed = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", shown.text, re.DOTALL)
    assert typed is not None
    assert typed[1].strip() == body.strip()
    assert Message.objects.count() == 1
    assert post(client, thread, body.strip()[:4_000].replace("\x00", "") or "So.").status_code == 302


@pytest.mark.parametrize("name", BAD)
def test_json_refuses_the_same(client: Client, thread: Thread, student: User, name: str) -> None:
    client.force_login(student)
    refused = post_json(client, thread, BAD[name][0])
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert Message.objects.count() == 1
    assert post_json(client, thread, "x" * 4_000).status_code == 201


@pytest.mark.parametrize("name", BAD)
def test_a_first_message_is_held_to_the_same(client: Client, student: User, mentor: Mentor, name: str) -> None:
    client.force_login(student)
    first = {"mentor": mentor.handle, "body": BAD[name][0], "client_id": "first-of-all"}
    assert client.post("/messages/new/", first).status_code == 422
    assert client.post("/api/chat/threads", first, content_type="application/json").status_code == 422
    assert Thread.objects.count() == 0
    assert client.post("/messages/new/", first | {"body": "Hello"}).status_code == 302


def test_the_text_of_an_escape_is_no_nul(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    assert post_json(client, thread, r"In C it is written \u0000").status_code == 201
    assert Message.objects.get(number=2).body == r"In C it is written \u0000"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ request.user.password }} {% debug %} ${7*7} #{7*7}",
    "</textarea></template><svg onload=alert(1)>",
    "\u202egnp.exe\u202c and \u2066isolated\u2069 \u200f\u061c",
    "&lt;b&gt; &amp;amp;",
    "a\u0301\u0301\u0301\u0301 \ufdfd 🧑‍🏫",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_markup_and_controls_are_shown_as_text(client: Client, thread: Thread, student: User, body: str) -> None:
    client.force_login(student)
    assert post(client, thread, body).status_code == 302
    assert Message.objects.get(number=2).body == body
    page = client.get(f"/messages/{thread.pk}/").text
    # Each text is an island: what changes the direction inside of it changes nothing around it.
    shown = re.findall(r'<p class="message__body" dir="auto">(.*?)</p>', page, re.DOTALL)
    assert [html.unescape(text) for text in shown if text] == ["Hello!", body]
    assert not any(re.search(r"<[a-z/]", text) for text in shown)
    listed = re.findall(r"<bdi>(.*?)</bdi>", client.get("/messages/").text, re.DOTALL)
    assert body in [html.unescape(text) for text in listed]
    found = client.get("/messages/", {"q": body.split(maxsplit=1)[0]}).text
    assert "<script>alert" not in found
    assert "<img src=x" not in found


def test_two_hundred_messages_at_once_are_slowed_down(
    client: Client, thread: Thread, student: User, mentor: Mentor
) -> None:
    """By JSON and by form, for as long as the minute lasts; the other person is not slowed."""
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False):
        client.force_login(student)
        answers = [(post_json if number % 2 else post)(client, thread, f"No. {number}") for number in range(200)]
        assert Counter(answer.status_code for answer in answers) == {302: 10, 201: 10, 429: 180}
        last, last_json = answers[-2:]
        assert "No. 198</textarea>" in last.text
        for answer in (last, last_json):
            assert 0 < int(answer["Retry-After"]) <= 60
            assert re.search(r"(You can send|Try) again in (\d+ seconds?|1 minute)\.", answer.text)
        assert last_json.json()["code"] == "rate_limited"
        client.force_login(mentor.user)
        assert post_json(client, thread, "Calm down").status_code == 201
    assert Message.objects.count() == 22


# The same message ten times at once


def send_ten_times(thread: Thread, student: User) -> Counter[str]:
    """Ten at once: the thread is kept locked until all ten have looked for the message and wait to write it."""
    ends: list[str] = []

    def send() -> None:
        try:
            _message, is_new = services.post_message(thread=thread, body="Once", client_id="only-once", by=student)
            ends.append("new" if is_new else "there")
        except Exception as exc:  # noqa: BLE001  # whatever it was is the finding
            ends.append(type(exc).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    with transaction.atomic():
        Thread.objects.select_for_update().get(pk=thread.pk)
        for each in threads:
            each.start()
        wait_until(lambda: waiting_for_a_lock() == 10)
    for each in threads:
        each.join(30)
    return Counter(ends)


@pytest.fixture
def open_thread(transactional_db: None) -> tuple[Thread, User]:
    student = make_student()
    handle = make_mentor().handle
    return services.open_thread(handle=handle, body="Hello!", client_id="first-message", by=student)[0], student


@pytest.fixture
def constraint_off(transactional_db: None) -> Iterator[None]:
    """Takes away what keeps a second message with the same client id out."""
    [once] = [each for each in Message._meta.constraints if each.name == "message_client_id_unique"]
    with connection.schema_editor() as schema:
        schema.remove_constraint(Message, once)
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chat_message CASCADE")
    with connection.schema_editor() as schema:
        schema.add_constraint(Message, once)


@pytest.mark.django_db(transaction=True)
def test_one_client_id_ten_times_at_once_is_one_message(open_thread: tuple[Thread, User]) -> None:
    assert send_ten_times(*open_thread) == Counter({"new": 1, "there": 9})
    assert list(Message.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_it_is_ten_messages(
    constraint_off: None, open_thread: tuple[Thread, User]
) -> None:
    assert send_ten_times(*open_thread) == Counter({"new": 10})
