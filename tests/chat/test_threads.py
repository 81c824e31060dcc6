import uuid
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat import services
from chat.models import Message, Thread, ThreadReport
from marketplace.common.errors import violated_constraint
from marketplace.common.models import AuditEvent
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_student
from tests.races import at_once

pytestmark = pytest.mark.django_db

THREADS = "/api/chat/threads"


def open_by_json(client: Client, mentor: Mentor, body: str = "Hello!", client_id: str = "", **extra: Any) -> Any:
    data = {"mentor": mentor.handle, "body": body, "client_id": client_id or uuid.uuid4().hex, **extra}
    return client.post(THREADS, data, content_type="application/json")


def post(client: Client, thread: Thread, body: str, client_id: str = "", **extra: Any) -> Any:
    data = {"body": body, "client_id": client_id or uuid.uuid4().hex, **extra}
    return client.post(f"{THREADS}/{thread.pk}/messages", data, content_type="application/json")


def test_a_student_opens_a_thread_and_the_mentor_answers(client: Client, student: User, mentor: Mentor) -> None:
    client.force_login(student)
    answer = open_by_json(client, mentor)
    assert answer.status_code == 201
    thread = Thread.objects.get(pk=answer.json()["id"])
    client.force_login(mentor.user)
    assert post(client, thread, "Welcome.").status_code == 201
    bodies = [item["body"] for item in client.get(f"{THREADS}/{thread.pk}/messages").json()["items"]]
    assert bodies == ["Welcome.", "Hello!"]


def test_a_mentor_cannot_open_a_thread(client: Client, student: User, mentor: Mentor) -> None:
    client.force_login(make_mentor().user)
    assert open_by_json(client, mentor).status_code == 403
    assert (
        client.post("/messages/new/", {"mentor": mentor.handle, "body": "Hi", "client_id": "12345678"}).status_code
        == 403
    )
    assert Thread.objects.count() == 0
    client.force_login(student)
    assert open_by_json(client, mentor).status_code == 201


def test_the_database_refuses_a_thread_that_no_student_opened(student: User, mentor: Mentor) -> None:
    now = timezone.now()
    fields = {"mentor": mentor, "created_at": now, "last_message_at": now}
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Thread.objects.create(student=student, opened_by=mentor.user, **fields)
    assert violated_constraint(refusal.value) == "thread_opened_by_its_student"
    teacher = make_mentor().user
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Thread.objects.create(student=teacher, opened_by=teacher, **fields)
    assert violated_constraint(refusal.value) == "thread_student_has_the_role"
    Thread.objects.create(student=student, opened_by=student, **fields)


def test_opening_again_adds_the_message_once(client: Client, student: User, mentor: Mentor) -> None:
    client.force_login(student)
    first = open_by_json(client, mentor, client_id="same-client-id")
    again = open_by_json(client, mentor, client_id="same-client-id")
    other = open_by_json(client, mentor, body="One more thing")
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 200]
    assert first.json()["id"] == again.json()["id"] == other.json()["id"]
    assert Message.objects.count() == 2


def test_a_new_thread_needs_a_bookable_mentor(client: Client, student: User, mentor: Mentor) -> None:
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=timezone.now())
    client.force_login(student)
    answer = open_by_json(client, mentor)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_bookable")
    assert open_by_json(client, Mentor(handle="nobody-here")).json()["code"] == "not_bookable"
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=None)
    assert open_by_json(client, mentor).status_code == 201


def test_an_open_thread_goes_on_while_the_mentor_pauses(client: Client, thread: Thread, student: User) -> None:
    Mentor.objects.update(paused_at=timezone.now())
    client.force_login(student)
    assert post(client, thread, "Still there?").status_code == 201


def test_five_new_threads_a_day_before_the_first_paid_booking(client: Client, student: User, settings: Any) -> None:
    client.force_login(student)
    for _ in range(5):
        assert open_by_json(client, make_mentor()).status_code == 201
    sixth = make_mentor()
    refused = open_by_json(client, sixth)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused["Retry-After"]) > 0
    make_booking(student=student)
    assert open_by_json(client, sixth).status_code == 201


def test_strangers_and_staff_see_no_thread(
    client: Client, thread: Thread, student: User, other_student: User, support: User
) -> None:
    url = f"{THREADS}/{thread.pk}/messages"
    client.force_login(other_student)
    assert client.get(url).status_code == 404
    assert client.get(f"/messages/{thread.pk}/").status_code == 404
    assert post(client, thread, "Hi").status_code == 404
    client.force_login(support)
    assert client.get(url).status_code == 403
    client.force_login(student)
    assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"body": "x" * 4_001}, "invalid"),
        ({"body": "  "}, "invalid"),
        ({"client_id": "short"}, "invalid"),
        ({"client_id": "with spaces in it"}, "invalid"),
        ({"author": str(uuid.uuid4())}, "unknown_field"),
        ({"body": "nul\x00"}, "invalid"),
    ],
)
def test_a_bad_message_is_refused_and_nothing_kept(
    client: Client, thread: Thread, student: User, body: dict[str, str], code: str
) -> None:
    client.force_login(student)
    data = {"body": "Fine", "client_id": "long-enough-id"}
    answer = client.post(f"{THREADS}/{thread.pk}/messages", data | body, content_type="application/json")
    assert answer.json()["code"] == code
    assert Message.objects.count() == 1
    assert client.post(f"{THREADS}/{thread.pk}/messages", data, content_type="application/json").status_code == 201


def test_posting_twice_with_one_client_id_is_one_message(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    first, second = (post(client, thread, "Once", client_id="only-once-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_an_idempotency_key_gets_the_same_answer_from_both_writes(
    client: Client, thread: Thread, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    urls = {THREADS: {"mentor": make_mentor().handle}, f"{THREADS}/{thread.pk}/messages": {}}
    for number, (url, data) in enumerate(urls.items()):
        data |= {"body": "Once", "client_id": uuid.uuid4().hex}
        key = {"Idempotency-Key": f"key-chat-{number}"}
        first, again = (client.post(url, data, content_type="application/json", headers=key) for _ in range(2))
        assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 201, "true")
        assert first.json() == again.json()
        other = client.post(url, data | {"body": "Twice"}, content_type="application/json", headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_messages_are_escaped(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    post(client, thread, "<script>alert(1)</script>")
    page = client.get(f"/messages/{thread.pk}/").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_after_tells_only_what_is_newer(client: Client, thread: Thread, student: User, mentor: Mentor) -> None:
    client.force_login(student)
    url = f"{THREADS}/{thread.pk}/messages"
    newest = client.get(url).json()["items"][0]["id"]
    nothing = client.get(f"{url}?after={newest}").json()
    assert (nothing["items"], nothing["next_cursor"], nothing["changed"]) == ([], None, [])
    services.post_message(thread=thread, body="Here", client_id="from-mentor", by=mentor.user)
    assert [item["body"] for item in client.get(f"{url}?after={newest}").json()["items"]] == ["Here"]
    assert client.get(f"{url}?after={uuid.uuid4()}").status_code == 404


def test_reading_and_answering_mark_as_read(client: Client, thread: Thread, student: User, mentor: Mentor) -> None:
    thread.refresh_from_db()
    assert (thread.unread(student), thread.unread(mentor.user)) == (0, 1)
    services.post_message(thread=thread, body="One", client_id="mentor-one", by=mentor.user)
    services.post_message(thread=thread, body="Two", client_id="mentor-two", by=mentor.user)
    thread.refresh_from_db()
    assert (thread.unread(student), thread.unread(mentor.user)) == (2, 0)
    client.force_login(student)
    assert "(2)" in client.get("/messages/").text
    client.get(f"/messages/{thread.pk}/")
    thread.refresh_from_db()
    assert thread.unread(student) == 0


def test_a_closed_thread_is_readable_and_takes_nothing(
    client: Client, thread: Thread, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    assert client.get(f"/messages/{thread.pk}/close/").status_code == 200
    client.post(f"/messages/{thread.pk}/close/")
    client.force_login(mentor.user)
    assert client.get(f"/messages/{thread.pk}/").status_code == 200
    assert post(client, thread, "Hello?").json()["code"] == "wrong_state"
    client.post(f"/messages/{thread.pk}/open/")  # not the one who closed it
    assert post(client, thread, "Hello?").status_code == 409
    client.force_login(student)
    client.post(f"/messages/{thread.pk}/open/")
    assert post(client, thread, "Back again").status_code == 201


def test_support_reads_a_thread_only_once_reported_and_each_read_is_logged(
    client: Client, thread: Thread, student: User, support: User, reviewer: User, settings: Any
) -> None:
    settings.DEMO_SKIP_STAFF_MFA = True
    client.force_login(student)
    assert client.post(f"/messages/{thread.pk}/report/", {"reason": ""}).status_code == 422
    assert client.post(f"/messages/{thread.pk}/report/", {"kind": "rude", "reason": "Rude"}).status_code == 302
    assert client.post(f"/messages/{thread.pk}/report/", {"kind": "rude", "reason": "Rude"}).status_code == 409
    url = f"/admin/chat/threadreport/{ThreadReport.objects.get().pk}/read/"
    client.force_login(reviewer)
    assert client.get(url).status_code == 403
    assert AuditEvent.objects.filter(action="thread_read").count() == 0
    client.force_login(support)
    assert "Hello!" in client.get(url).text
    assert AuditEvent.objects.filter(action="thread_read", actor=support).count() == 1


def test_the_inbox_asks_as_many_questions_for_many_threads_as_for_one(client: Client, student: User) -> None:
    make_booking(student=student)  # lifts the limit on new threads
    client.force_login(student)
    counts: list[int] = []
    for _ in range(2):
        for _ in range(1 + 3 * len(counts)):
            services.open_thread(handle=make_mentor().handle, body="Hi", client_id="12345678", by=student)
        for url in ("/messages/", THREADS):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 4  # session, account, threads with their last words; what is unread, in the page's head


def test_a_conversation_asks_as_many_questions_for_many_messages_as_for_one(
    client: Client, thread: Thread, student: User
) -> None:
    client.force_login(student)
    counts = []
    for _ in range(2):
        for url in (f"/messages/{thread.pk}/", f"{THREADS}/{thread.pk}/messages"):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
        for number in range(10):
            services.post_message(thread=thread, body=f"No. {number}", client_id=f"number-{number}", by=student)
    assert counts[:2] == counts[2:]


@pytest.mark.django_db(transaction=True)
def test_two_first_messages_at_once_make_one_thread() -> None:
    student, mentor = make_student(), make_mentor()

    def write(number: int) -> bool:
        _thread, is_new = services.open_thread(
            handle=mentor.handle, body=f"Hello {number}", client_id=f"client-{number}", by=student
        )
        return is_new

    assert Counter(at_once([partial(write, number) for number in range(6)])) == {True: 1, False: 5}
    assert sorted(Message.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_a_thread_is_listed_with_what_is_unread(client: Client, thread: Thread, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    [item] = client.get(THREADS).json()["items"]
    assert (item["id"], item["unread"], item["mentor"]) == (str(thread.pk), 1, mentor.handle)


def test_messages_are_limited(client: Client, thread: Thread, student: User, settings: Any) -> None:
    assert settings.RATE_LIMITS["CHAT_POST"] == "20/m"
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CHAT_POST": "3/d"}  # a period whose end the test can't meet
    client.force_login(student)
    assert [post(client, thread, f"No. {number}").status_code for number in range(4)] == [201, 201, 201, 429]
