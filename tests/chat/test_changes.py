"""Editing and deleting: for whom, how long, what the other side sees of it and what stays."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import services
from chat.models import Message, MessageVersion, Thread
from mentors.models import Mentor
from tests.chat.conftest import ready_file
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

LIMIT = timedelta(minutes=settings.MESSAGE_EDIT_MINUTES)


@pytest.fixture
def message(thread: Thread) -> Message:
    """What ``student`` wrote first: "Hello!"."""
    return thread.messages.get()


def json_url(message: Message) -> str:
    return f"/api/chat/threads/{message.thread_id}/messages/{message.pk}"


def page_url(message: Message, name: str) -> str:
    return f"/messages/{message.thread_id}/{message.pk}/{name}/"


def edit(client: Client, message: Message, body: str) -> Any:  # Any: a response
    return client.put(json_url(message), {"body": body}, content_type="application/json")


def test_a_message_is_edited_and_both_see_that_it_was(
    client: Client, message: Message, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    answer = edit(client, message, "Hello, Ngozi!")
    assert answer.status_code == 200
    assert (answer.json()["body"], answer.json()["deleted"]) == ("Hello, Ngozi!", False)
    assert answer.json()["edited_at"] is not None
    for reader in (student, mentor.user):
        client.force_login(reader)
        page = client.get(f"/messages/{message.thread_id}/").text
        assert "Hello, Ngozi!" in page
        assert "Hello!" not in page
        assert "· Edited" in page
    assert list(MessageVersion.objects.values_list("body", flat=True)) == ["Hello!"]


def test_the_same_text_again_is_no_edit(client: Client, message: Message, student: User) -> None:
    client.force_login(student)
    assert edit(client, message, " Hello! ").json()["edited_at"] is None
    assert not MessageVersion.objects.exists()


def test_a_message_can_be_edited_for_some_minutes(client: Client, message: Message, student: User) -> None:
    with time_machine.travel(message.created_at + LIMIT + timedelta(seconds=1), tick=False):
        client.force_login(student)
        late = edit(client, message, "Too late")
        assert (late.status_code, late.json()["code"]) == (422, "too_late")
        assert "5 minutes" in late.json()["detail"]
        assert client.post(page_url(message, "edit"), {"body": "Too late"}).status_code == 422
        page = client.get(f"/messages/{message.thread_id}/").text
        assert page_url(message, "edit") not in page
        assert page_url(message, "delete") in page
    with time_machine.travel(message.created_at + LIMIT, tick=False):
        client.force_login(student)
        assert page_url(message, "edit") in client.get(f"/messages/{message.thread_id}/").text
        assert client.post(page_url(message, "edit"), {"body": "In time"}).status_code == 302
    assert Message.objects.get().body == "In time"


def test_nobody_changes_what_another_said(client: Client, message: Message, mentor: Mentor, student: User) -> None:
    client.force_login(mentor.user)
    assert edit(client, message, "I am silly").status_code == 404
    assert client.delete(json_url(message)).status_code == 404
    assert client.post(page_url(message, "delete")).status_code == 404
    assert "data-chat-menu hidden" in client.get(f"/messages/{message.thread_id}/").text  # in the template alone
    client.force_login(student)
    assert edit(client, message, "Hi").status_code == 200


def test_a_message_is_not_found_in_another_thread(client: Client, message: Message, student: User) -> None:
    client.force_login(student)
    assert client.delete(json_url(message).replace(str(message.thread_id), str(uuid.uuid4()))).status_code == 404
    assert client.delete(json_url(message)).status_code == 200


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 4_001, "nul\x00"])
def test_a_bad_edit_is_refused_and_kept_in_the_box(client: Client, message: Message, student: User, body: str) -> None:
    client.force_login(student)
    assert edit(client, message, body).status_code == 422
    shown = client.post(page_url(message, "edit"), {"body": body})
    assert shown.status_code == 422
    assert body.strip("\x00") in shown.text
    assert Message.objects.get().body == "Hello!"
    assert edit(client, message, "x" * 4_000).status_code == 200


def test_a_closed_conversation_takes_no_edit_but_a_deletion(
    client: Client, thread: Thread, message: Message, student: User, mentor: Mentor
) -> None:
    services.block_thread(thread=thread, by=mentor.user)
    client.force_login(student)
    assert edit(client, message, "One more thing").json()["code"] == "wrong_state"
    assert page_url(message, "edit") not in client.get(f"/messages/{thread.pk}/").text
    assert client.delete(json_url(message)).status_code == 200


def test_a_deleted_message_leaves_a_stub_for_both(
    client: Client, message: Message, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    assert "Delete this message?" in client.get(page_url(message, "delete")).text
    assert client.post(page_url(message, "delete")).status_code == 302
    for reader in (student, mentor.user):
        client.force_login(reader)
        page = client.get(f"/messages/{message.thread_id}/").text
        assert "message__body--deleted" in page
        assert "Hello!" not in page
        assert "This message was deleted" in client.get("/messages/").text
        [item] = client.get(f"/api/chat/threads/{message.thread_id}/messages").json()["items"]
        assert (item["body"], item["deleted"], item["uploads"]) == ("", True, [])
    client.force_login(student)
    assert client.delete(json_url(message)).status_code == 200  # again is as good as once
    assert edit(client, message, "Back").json()["code"] == "wrong_state"
    assert MessageVersion.objects.count() == 1


@pytest.mark.usefixtures("with_storage")
def test_files_of_a_deleted_message_are_shut_to_the_other_side(
    client: Client, thread: Thread, student: User, mentor: Mentor, support: User
) -> None:
    sign_in(client, student)
    upload = ready_file(client)
    message, _new = services.post_message(
        thread=thread, body="", client_id="with-a-file", by=student, upload_ids=[uuid.UUID(upload)]
    )
    reader, desk = sign_in(Client(), mentor.user), sign_in(Client(), support)
    assert reader.get(f"/uploads/{upload}/").status_code == 302
    services.delete_message(message=message, by=student)
    assert reader.get(f"/uploads/{upload}/").status_code == 404
    assert upload not in reader.get(f"/messages/{thread.pk}/").text
    assert desk.get(f"/uploads/{upload}/").status_code == 404
    services.report_thread(thread=thread, kind="rude", reason="", by=mentor.user)
    assert desk.get(f"/uploads/{upload}/").status_code == 302
    assert reader.get(f"/uploads/{upload}/").status_code == 404


# What a page that is open asks for


def ask(client: Client, thread: Thread, **query: str) -> Any:  # Any: a response
    return client.get(f"/api/chat/threads/{thread.pk}/messages", query)


def test_a_page_that_asks_learns_of_edits_deletions_reads_and_closing(
    client: Client, thread: Thread, message: Message, student: User, mentor: Mentor
) -> None:
    client.force_login(mentor.user)
    first = ask(client, thread).json()
    known = {"after": first["items"][0]["id"], "state": first["state"]}
    assert (ask(client, thread, **known).status_code, ask(client, thread, **known).content) == (204, b"")

    services.edit_message(message=message, body="Hello, you!", by=student)
    then = ask(client, thread, **known).json()
    assert then["items"] == []
    assert [(each["id"], each["body"]) for each in then["changed"]] == [(str(message.pk), "Hello, you!")]

    services.delete_message(message=message, by=student)
    last = ask(client, thread, after=known["after"], state=then["state"]).json()
    assert [(each["id"], each["deleted"]) for each in last["changed"]] == [(str(message.pk), True)]
    both = ask(client, thread, **known).json()
    assert [each["id"] for each in both["changed"]] == [str(message.pk)]

    services.block_thread(thread=thread, by=student)
    closed = ask(client, thread, after=known["after"], state=last["state"]).json()
    assert (closed["closed"], closed["changed"]) == (True, [])
    assert ask(client, thread, after=known["after"], state=closed["state"]).status_code == 204


def test_a_writer_who_asks_learns_that_it_was_read(
    client: Client, thread: Thread, message: Message, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    first = ask(client, thread).json()
    assert first["seen"] == 0
    known = {"after": str(message.pk), "state": first["state"]}
    assert ask(client, thread, **known).status_code == 204
    services.mark_read(thread=thread, number=1, by=mentor.user)
    assert ask(client, thread, **known).json()["seen"] == message.number


def test_many_changes_come_in_parts(client: Client, thread: Thread, student: User, mentor: Mentor) -> None:
    written = [
        services.post_message(thread=thread, body=f"No. {n}", client_id=f"number-{n}", by=student)[0] for n in range(60)
    ]
    client.force_login(mentor.user)
    known = ask(client, thread).json()
    for message in written:
        services.edit_message(message=message, body="Edited", by=student)
    seen: list[str] = []
    state = known["state"]
    while (answer := ask(client, thread, after=known["items"][0]["id"], state=state)).status_code == 200:
        seen += [each["id"] for each in answer.json()["changed"]]
        state = answer.json()["state"]
    assert seen == [str(message.pk) for message in written]


@pytest.mark.parametrize("state", ["1", "1.2.3.4", "a.b.c.0", "1.2.3.0.0", "9999999999.0.0.0", "-1.0.0.0"])
def test_a_state_that_is_none_of_ours_is_refused(
    client: Client, thread: Thread, message: Message, student: User, state: str
) -> None:
    client.force_login(student)
    assert ask(client, thread, after=str(message.pk), state=state).status_code == 422
    assert ask(client, thread, after=str(message.pk), state="0.0.0.0").status_code == 200


def test_asking_with_nothing_new_costs_the_same_however_much_was_said(
    client: Client, thread: Thread, student: User
) -> None:
    client.force_login(student)
    counts = []
    for _ in range(2):
        known = ask(client, thread).json()
        after = known["items"][0]["id"]
        for query in ({"after": after, "state": known["state"]}, {"after": after}):
            with CaptureQueriesContext(connection) as queries:
                ask(client, thread, **query)
            counts.append(len(queries))
        for number in range(40):
            services.post_message(thread=thread, body=f"No. {number}", client_id=f"number-{number}", by=student)
    assert counts == [3, 4, 3, 4]  # session, account, thread; and the message that is known


def test_what_was_asked_costs_the_same_for_many_changes_as_for_one(
    client: Client, thread: Thread, student: User
) -> None:
    client.force_login(student)
    counts = []
    for number in (1, 20):
        known = ask(client, thread).json()
        for each in range(number):
            body, name = f"No. {each}", f"number-{number}-{each}"
            message, _new = services.post_message(thread=thread, body=body, client_id=name, by=student)
            services.edit_message(message=message, body="Edited", by=student)
        with CaptureQueriesContext(connection) as queries:
            ask(client, thread, after=known["items"][0]["id"], state=known["state"])
        counts.append(len(queries))
    assert counts[0] == counts[1]
