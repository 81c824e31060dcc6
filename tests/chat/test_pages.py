"""What the pages of conversations show and say."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from chat import services
from chat.models import Message, Thread
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor

pytestmark = pytest.mark.django_db


def write(client: Client, thread: Thread, body: str, client_id: str) -> Any:  # Any: a response
    return client.post(f"/messages/{thread.pk}/", {"body": body, "client_id": client_id})


def test_first_words_are_offered_to_who_begins(client: Client, student: User, mentor: Mentor) -> None:
    client.force_login(student)
    page = client.get(f"/messages/new/?mentor={mentor.handle}").text
    assert page.count("data-chat-starter") == 3
    assert 'aria-controls="id_body"' in page


def test_too_many_messages_say_when_and_keep_what_was_typed(
    client: Client, thread: Thread, student: User, settings: Any
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CHAT_POST": "1/h"}
    client.force_login(student)
    assert write(client, thread, "One", "message-one").status_code == 302
    refused = write(client, thread, "My second thought", "message-two")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3_600
    assert re.search(r"You can send again in \d+ (second|minute|hour)s?\. What you wrote is kept here\.", refused.text)
    assert "My second thought</textarea>" in refused.text
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CHAT_POST": "20/m"}
    assert write(client, thread, "My second thought", "message-two").status_code == 302


def test_too_many_new_conversations_say_so_and_keep_what_was_typed(client: Client, student: User) -> None:
    client.force_login(student)
    first = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for hours in range(5):
        with time_machine.travel(first + timedelta(hours=hours), tick=False):
            services.open_thread(handle=make_mentor().handle, body="Hi", client_id="hello-there", by=student)
    sixth = {"mentor": make_mentor().handle, "body": "I am stuck on sheet 4.", "client_id": "hello-sixth"}
    with time_machine.travel(first + timedelta(hours=20), tick=False):
        client.force_login(student)
        refused = client.post("/messages/new/", sixth)
        assert refused.status_code == 429
        assert refused["Retry-After"] == "14400"  # until the first of the five is a day old
        assert "You have started 5 new conversations today" in refused.text
        assert "the next one in 4 hours" in refused.text
        assert "I am stuck on sheet 4.</textarea>" in refused.text
    with time_machine.travel(first + timedelta(hours=24, seconds=1), tick=False):
        client.force_login(student)
        assert client.post("/messages/new/", sixth).status_code == 302


def test_a_paid_session_lifts_the_limit_on_new_conversations(client: Client, student: User) -> None:
    client.force_login(student)
    for _ in range(5):
        services.open_thread(handle=make_mentor().handle, body="Hi", client_id="hello-there", by=student)
    sixth = {"mentor": make_mentor().handle, "body": "Hi", "client_id": "hello-sixth"}
    assert client.post("/messages/new/", sixth).status_code == 429
    make_booking(student=student)
    assert client.post("/messages/new/", sixth).status_code == 302


def test_days_begin_where_the_reader_is(client: Client, student: User, mentor: Mentor) -> None:
    """22:30 and 23:30 in London are one day there, and two in Berlin."""
    late = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    with time_machine.travel(late, tick=False):
        thread, _new = services.open_thread(handle=mentor.handle, body="One", client_id="late-one-", by=student)
    with time_machine.travel(late + timedelta(hours=1), tick=False):
        services.post_message(thread=thread, body="Two", client_id="late-two-", by=student)
        days = {}
        for reader, zone in ((student, "Europe/London"), (mentor.user, "Europe/Berlin")):
            User.objects.filter(pk=reader.pk).update(time_zone=zone)
            client.force_login(reader)
            page = client.get(f"/messages/{thread.pk}/").text.split("data-chat-list")[1].split("</ol>")[0]
            days[zone] = re.findall(r'messages__day"><time[^>]*>([^<]+)', page)
    assert days == {
        "Europe/London": ["Monday 23 November"],
        "Europe/Berlin": ["Monday 23 November", "Tuesday 24 November"],
    }


def test_ones_own_messages_are_yours_and_read_once_they_were_seen(
    client: Client, thread: Thread, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    page = client.get(f"/messages/{thread.pk}/").text
    assert "You · " in page
    assert "· Read" not in page
    client.force_login(mentor.user)
    theirs = client.get(f"/messages/{thread.pk}/").text
    assert f"<bdi>{student.first_name}</bdi> · " in theirs
    assert "You · " not in theirs.split("<template")[0]
    client.force_login(student)
    assert "· Read" in client.get(f"/messages/{thread.pk}/").text


def test_earlier_messages_stand_behind_a_link(client: Client, thread: Thread, student: User) -> None:
    for number in range(2, 62):
        services.post_message(thread=thread, body=f"No. {number}.", client_id=f"number-{number}", by=student)
    client.force_login(student)
    here = f"/messages/{thread.pk}/"
    latest = client.get(here).text
    assert "No. 12." in latest
    assert "No. 11." not in latest
    [before] = re.findall(r'href="(\?before=\d+)" data-chat-earlier', latest)
    earlier = client.get(here + before).text
    assert "Hello!" in earlier
    assert "No. 11." in earlier
    assert "No. 12." not in earlier
    assert "data-chat-earlier" not in earlier
    assert "Show the latest" in earlier
    assert "data-chat data-thread" not in earlier  # what is new would not follow on what is shown
    assert client.get(f"{here}?before=nonsense").status_code == 200


def test_closing_and_reporting_are_links_and_forms(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    page = client.get(f"/messages/{thread.pk}/").text
    for name in ("close", "report"):
        assert f'<a href="/messages/{thread.pk}/{name}/"' in page
        form = client.get(f"/messages/{thread.pk}/{name}/").text
        assert '<form method="post"' in form
        assert '<button class="button' in form
    assert Message.objects.count() == 1
