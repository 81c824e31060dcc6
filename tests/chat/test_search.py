"""Finding what was said: in one's own conversations only, and never what was deleted."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import services
from chat.models import Message, Thread
from chat.search import SNIPPET_LENGTH, find_messages, mark, words_of
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_student

pytestmark = pytest.mark.django_db


def say(thread: Thread, body: str, by: User) -> Message:
    number = Message.objects.count()
    return services.post_message(thread=thread, body=body, client_id=f"message-{number}", by=by)[0]


def found(client: Client, q: str) -> list[str]:
    """The messages that a search leads to."""
    page = client.get("/messages/", {"q": q})
    assert page.status_code == 200
    return re.findall(r"#message-([0-9a-f-]{36})", page.text)


def test_both_find_what_was_said_and_are_led_to_it(
    client: Client, thread: Thread, student: User, mentor: Mentor
) -> None:
    said = say(thread, "The determinant of sheet 4 is 12. Bring it on Thursday!", student)
    for reader in (student, mentor.user):
        client.force_login(reader)
        page = client.get("/messages/", {"q": "DETERM"}).text
        assert f'href="/messages/{thread.pk}/#message-{said.pk}"' in page
        assert "<mark>determ</mark>inant of sheet 4 is 12." in page
        assert "Thursday" not in page  # the sentence, not the whole
        assert thread.other(reader).name in page


def test_a_message_far_up_is_shown_in_its_place(client: Client, thread: Thread, student: User) -> None:
    said = say(thread, "The needle", student)
    for number in range(80):
        say(thread, f"Hay {number}", student)
    client.force_login(student)
    page = client.get("/messages/", {"q": "needle"}).text
    [link] = re.findall(rf'href="([^"]+#message-{said.pk})"', page)
    place = client.get(link).text
    assert f'id="message-{said.pk}"' in place
    log = place.split("data-chat-list", 1)[1]
    assert "Hay 79" not in log
    assert "Hay 20" in log


def test_nobody_finds_what_others_said(client: Client, thread: Thread, student: User, other_student: User) -> None:
    said = say(thread, "Our secret word is hippopotamus.", student)
    theirs = services.open_thread(
        handle=thread.mentor.handle, body="A hippopotamus, too", client_id="another-one", by=other_student
    )[0]
    client.force_login(student)
    assert found(client, "hippopotamus") == [str(said.pk)]
    client.force_login(other_student)
    assert found(client, "hippopotamus") == [str(theirs.messages.get().pk)]
    client.force_login(make_student())
    assert found(client, "hippopotamus") == []


def test_what_was_deleted_or_said_otherwise_is_not_found(client: Client, thread: Thread, student: User) -> None:
    gone, edited = say(thread, "A hippopotamus", student), say(thread, "One more hippopotamus", student)
    client.force_login(student)
    assert found(client, "hippopotamus") == [str(edited.pk), str(gone.pk)]
    services.delete_message(message=gone, by=student)
    services.edit_message(message=edited, body="A rhinoceros", by=student)
    assert found(client, "hippopotamus") == []
    assert found(client, "rhinoceros") == [str(edited.pk)]


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("vector space", True),
        ("space vector", True),
        ('"space vector"', False),
        ('"vector space"', True),
        ("vector cube", False),
        ("100%", True),
        ("1%0", False),
        ("x_1", True),
        ("x1", False),
        ("ÜBUNG", True),
        ("空间", True),
        ("' OR 1=1 --", False),
        ("\\", False),
        ("<script>", False),
    ],
)
def test_all_words_must_be_there_as_they_are_written(
    client: Client, thread: Thread, student: User, q: str, is_found: bool
) -> None:
    say(thread, "A vector space (向量空间), x_1 with 100% of the Übung.", student)
    client.force_login(student)
    assert bool(found(client, q)) == is_found


def test_a_search_for_nothing_shows_the_conversations(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    for q in ("", "   ", "\x00"):
        assert f'href="/messages/{thread.pk}/#latest"' in client.get("/messages/", {"q": q}).text


def test_an_empty_result_is_said_in_words(client: Client, thread: Thread, student: User) -> None:
    client.force_login(student)
    page = html.unescape(client.get("/messages/", {"q": "<b>hippo"}).text)
    assert "Nothing says “<b>hippo”" in page
    assert "<b>hippo" not in client.get("/messages/", {"q": "<b>hippo"}).text


def test_many_hits_come_in_pages(client: Client, thread: Thread, student: User) -> None:
    written = [str(say(thread, f"Sheet {number}", student).pk) for number in range(45)]
    client.force_login(student)
    seen: list[str] = []
    url = "/messages/?q=sheet"
    while url:
        page = html.unescape(client.get(url).text)
        seen += re.findall(r"#message-([0-9a-f-]{36})", page)
        more = re.search(r'href="(\?[^"]*cursor=[^"]+)" rel="next"', page)
        url = f"/messages/{more[1]}" if more else ""
    assert seen == written[::-1]
    assert client.get("/messages/?q=sheet&cursor=nonsense").status_code == 422


def test_a_search_asks_as_many_questions_for_many_hits_as_for_one(client: Client, student: User) -> None:
    make_booking(student=student)  # lifts the limit on new threads
    client.force_login(student)
    counts: list[int] = []
    for _ in range(2):
        for _ in range(1 + 5 * len(counts)):
            services.open_thread(handle=make_mentor().handle, body="A hippopotamus", client_id="12345678", by=student)
        client.get("/messages/?q=hippo")
        with CaptureQueriesContext(connection) as queries:
            client.get("/messages/?q=hippo")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_index_serves_the_search(thread: Thread, student: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Message.objects.filter(body__icontains="hippopotamus").explain()
    assert "message_words" in plan


def test_the_words_are_marked_in_their_sentence() -> None:
    parts = mark("First this. Then the Vector space, a vector indeed! Last that.", ["vector", "space"])
    assert [part.text for part in parts if part.is_marked] == ["Vector", "space", "vector"]
    assert "".join(part.text for part in parts) == "Then the Vector space, a vector indeed!"


def test_a_long_sentence_is_cut_around_the_word() -> None:
    text = "".join(part.text for part in mark(f"{'so ' * 200}needle{' on' * 200}", ["needle"]))
    assert text.startswith("…")
    assert text.endswith("…")
    assert "needle" in text
    assert len(text) <= SNIPPET_LENGTH + 2


def test_a_phrase_in_quotation_marks_is_one_word() -> None:
    assert words_of('sheet "question 3" „Blatt 4“') == ["sheet", "question 3", "Blatt 4"]
    assert len(words_of("a " * 500)) == 8


def test_a_superuser_or_staff_finds_nothing(support: User) -> None:
    assert find_messages(support, "hello") == ([], None)
