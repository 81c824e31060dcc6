"""A reminder before contact details leave: what is seen, what never is, and whom it is shown to."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.contact_details import Kind, find_contact_details
from chat.models import Message, Thread
from mentors.models import Mentor
from tests.factories import make_booking

CORPUS = Path(__file__).with_name("corpus")
PHONE = "Call me on +49 151 23456789 tonight"


def messages(name: str) -> list[str]:
    r"""One message a line; a line end inside of one is written ``\n``."""
    lines = CORPUS.joinpath(name).read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line]


def test_messages_about_the_subject_bring_no_reminder() -> None:
    written = messages("study.txt")
    assert len(set(written)) >= 1_000
    found = {text: find_contact_details(text) for text in written}
    assert {text: details for text, details in found.items() if details} == {}


def test_messages_with_contact_details_bring_one() -> None:
    written = messages("contacts.txt")
    assert len(set(written)) >= 200
    missed = [text for text in written if not find_contact_details(text)]
    assert len(missed) <= 0.05 * len(written), missed


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("Mail anna.berg@gmail.com", Kind.EMAIL, "anna.berg@gmail.com"),
        ("anna (at) web (dot) de", Kind.EMAIL, "anna (at) web (dot) de"),
        (PHONE, Kind.PHONE, "+49 151 23456789"),
        ("０１５１ ２３４５６７８９", Kind.PHONE, "0151 23456789"),
        ("see wa.me/4915123456789", Kind.LINK, "wa.me/4915123456789"),
        ("my insta is lena_m", Kind.NAME, "my insta is lena_m"),
    ],
)
def test_the_writer_is_told_what_was_seen(text: str, kind: Kind, shown: str) -> None:
    [detail] = find_contact_details(text)
    assert (detail.kind, detail.text) == (kind, shown)
    assert f"“{shown}” looks like" in detail.sentence


def test_each_kind_is_told_once() -> None:
    found = find_contact_details(f"{PHONE} or 0171 9876543, a.b@gmail.com or c.d@gmail.com, t.me/lena, discord: lena_m")
    assert [detail.kind for detail in found] == [Kind.EMAIL, Kind.PHONE, Kind.LINK, Kind.NAME]


def tedious() -> Iterator[str]:
    """Texts at the limit of length that make careless patterns try for minutes."""
    for unit in ("a", "0 ", "+1 ", "+1", "a.", "a-", "a@", "1-", "one ", "a at ", "a at b dot ", "(at)", "my insta ", "06 12 ", "call me 1 ", " "):  # fmt: skip
        yield (unit * settings.MESSAGE_MAX_CHARACTERS)[: settings.MESSAGE_MAX_CHARACTERS]


def test_no_text_takes_long() -> None:
    for text in tedious():
        began = time.process_time()
        find_contact_details(text)
        assert time.process_time() - began < 2, text[:20]


# Pages


def write(client: Client, thread: Thread, body: str = PHONE, **fields: str) -> Any:  # Any: a response
    return client.post(f"/messages/{thread.pk}/", {"body": body, "client_id": "with-a-number"} | fields)


@pytest.mark.django_db
def test_a_page_reminds_once_and_sends_all_the_same(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    shown = write(client, thread)
    assert shown.status_code == 422
    assert "“+49 151 23456789” looks like a phone number." in shown.text
    assert f"{PHONE}</textarea>" in shown.text
    assert 'name="send_anyway"' in shown.text
    assert Message.objects.count() == 1
    assert write(client, thread, "Let us take 12.5 of 40", client_id="without-one").status_code == 302
    assert write(client, thread, send_anyway="1").status_code == 302
    assert list(Message.objects.order_by("number").values_list("body", flat=True)[1:]) == [
        "Let us take 12.5 of 40",
        PHONE,
    ]


@pytest.mark.django_db
def test_the_first_paid_session_of_the_two_lifts_it(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    soon, day = timezone.now() + timedelta(days=3), timedelta(days=1)
    make_booking(student=student, starts_at=soon)  # with somebody else
    make_booking(student=student, mentor=thread.mentor, status="expired", confirmed_at=None, starts_at=soon + day)
    assert write(client, thread).status_code == 422
    assert "data-reminds" in client.get(f"/messages/{thread.pk}/").text
    make_booking(student=student, mentor=thread.mentor, starts_at=soon + 2 * day)
    assert write(client, thread).status_code == 302
    assert "data-reminds" not in client.get(f"/messages/{thread.pk}/").text


@pytest.mark.django_db
def test_the_mentor_is_reminded_too(client: Client, thread: Thread) -> None:
    client.force_login(thread.mentor.user)
    assert write(client, thread).status_code == 422
    assert write(client, thread, send_anyway="1").status_code == 302


@pytest.mark.django_db
def test_a_first_message_is_held_back_before_there_is_a_conversation(
    client: Client, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    first = {"mentor": mentor.handle, "body": PHONE, "client_id": "first-of-all"}
    shown = client.post("/messages/new/", first)
    assert shown.status_code == 422
    assert "looks like a phone number" in shown.text
    assert f"{PHONE}</textarea>" in shown.text
    assert Thread.objects.count() == 0
    assert client.post("/messages/new/", first | {"send_anyway": "1"}).status_code == 302
    assert Message.objects.get().body == PHONE


# JSON


@pytest.mark.django_db
def test_a_program_is_held_back_only_where_it_asks_to_be(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    url = f"/api/chat/threads/{thread.pk}/messages"
    message = {"body": PHONE, "client_id": "with-a-number"}
    held = client.post(url, message | {"remind": True}, content_type="application/json")
    assert (held.status_code, held.json()["code"]) == (422, "invalid")
    [seen] = held.json()["contact_details"]
    assert (seen["kind"], seen["text"]) == ("phone", "+49 151 23456789")
    assert Message.objects.count() == 1
    assert client.post(url, message, content_type="application/json").status_code == 201


@pytest.mark.django_db
def test_an_edit_is_held_back_like_a_message(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    message = thread.messages.get()
    page = f"/messages/{thread.pk}/{message.pk}/edit/"
    assert client.post(page, {"body": PHONE}).status_code == 422
    url = f"/api/chat/threads/{thread.pk}/messages/{message.pk}"
    held = client.put(url, {"body": PHONE, "remind": True}, content_type="application/json")
    assert held.status_code == 422
    assert Message.objects.get().body == "Hello!"
    assert client.post(page, {"body": PHONE, "send_anyway": "1"}).status_code == 302
    assert Message.objects.get().body == PHONE
