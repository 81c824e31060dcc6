"""Conversations, short ones and one of a million messages, and pages that ask for news of them."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from chat.models import Thread
from mentors.models import Mentor
from tests.bench.client import Ask
from tests.bench.data import HANDLE, Student
from tests.bench.operations import CSRF, signed_in

SHORT, LONG = 1_000, 1_000_000


@dataclass(frozen=True)
class Talk:
    """A conversation of ``reader``, read to its end."""

    reader: Student
    thread: Thread
    last_id: uuid.UUID

    @property
    def _url(self) -> str:
        return f"/api/chat/threads/{self.thread.pk}/messages"

    def poll(self) -> Ask:
        """Ask for news where there are none."""
        query = f"after={self.last_id}&state={self.thread.last_number}.0.{self.thread.last_number}.0"
        return Ask(f"{self._url}?{query}", headers=signed_in(self.reader), status=204)

    def post(self) -> Ask:
        body = json.dumps({"body": "Shall we look at exercise 4 first?", "client_id": uuid.uuid4().hex}).encode()
        headers = signed_in(self.reader) | {"Content-Type": "application/json", "X-CSRFToken": CSRF}
        return Ask(self._url, "POST", body, headers, 201)


def make_talk(reader: Student, *, messages: int) -> Talk:
    """Let somebody and their mentor have written so many messages, in one statement."""
    now = timezone.now()
    mentor = Mentor.objects.get(handle=HANDLE)
    thread = Thread.objects.create(
        student=reader.user, mentor=mentor, opened_by=reader.user, created_at=now, last_message_at=now,
        last_number=messages, student_read_number=messages, mentor_read_number=messages,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # for a million of them
        cursor.execute(
            "INSERT INTO chat_message (id, thread_id, author_id, number, body, client_id, created_at)"
            " SELECT gen_random_uuid(), %s, CASE number %% 2 WHEN 0 THEN %s::uuid ELSE %s::uuid END, number, 'Yes.',"
            " 'bench-' || number, %s FROM generate_series(1, %s) AS number",
            [thread.pk, reader.user.pk, mentor.pk, now, messages],
        )
        cursor.execute("ANALYZE chat_message")
        cursor.execute("RESET statement_timeout")
    return Talk(reader, thread, thread.messages.get(number=messages).pk)


@dataclass(frozen=True)
class Talks:
    written: Talk
    short: Talk
    long: Talk


def make_talks(readers: Iterator[Student]) -> Talks:
    """One to write in, a short and a very long one to ask for news of; each somebody else's."""
    return Talks(*(make_talk(next(readers), messages=count) for count in (1, SHORT, LONG)))
