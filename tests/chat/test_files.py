"""Files in a conversation: sent along, opened by the other side, seen by nobody else."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import time_machine
import urllib3
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat import services
from chat.models import Message, MessageUpload, Thread
from marketplace.common.errors import violated_constraint
from marketplace.common.formatting import file_size
from marketplace.common.models import AuditEvent
from mentors.models import Mentor
from tests.chat.conftest import ready_file
from tests.factories import make_mentor, make_staff, make_student
from tests.races import race
from tests.signin import sign_in
from tests.uploads.files import ask_to_send, fetch, pdf, png, post_to_storage, send
from uploads.gateways.storage import private_files
from uploads.models import Upload
from uploads.services import check_upload, purge_uploads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("with_storage")]


@pytest.fixture
def writer(client: Client, student: User) -> Client:
    """``student``, signed in."""
    return sign_in(client, student)


def post(client: Client, thread: Thread, *uploads: str, body: str = "") -> Any:  # Any: a response
    data = {"body": body, "client_id": uuid.uuid4().hex, "uploads": list(uploads)}
    return client.post(f"/api/chat/threads/{thread.pk}/messages", data, content_type="application/json")


def content(client: Client, upload_id: str) -> int:
    return client.get(f"/uploads/{upload_id}/").status_code


def test_a_file_goes_with_a_message_and_the_mentor_opens_it(writer: Client, thread: Thread, mentor: Mentor) -> None:
    upload_id = ready_file(writer)
    reader = sign_in(Client(), mentor.user)
    assert content(reader, upload_id) == 404  # not shared yet

    answer = post(writer, thread, upload_id)

    assert answer.status_code == 201
    assert answer.json()["uploads"] == [{"id": upload_id, "name": "sheet-4.pdf", "preview": None}]
    opened = reader.get(f"/uploads/{upload_id}/")
    assert (opened.status_code, opened["Cache-Control"]) == (302, "no-store")
    assert fetch(opened["Location"]).data == pdf()
    page = reader.get(f"/messages/{thread.pk}/").text
    assert f'href="/uploads/{upload_id}/"' in page
    assert "sheet-4.pdf" in page
    assert f"PDF, {file_size(len(pdf()))}" in page
    assert "A file" in reader.get("/messages/").text


def test_a_file_is_for_the_two_of_them_only(
    writer: Client, thread: Thread, other_student: User, support: User, reviewer: User
) -> None:
    upload_id = ready_file(writer)
    assert post(writer, thread, upload_id).status_code == 201
    for stranger in (other_student, make_mentor().user, support, reviewer, make_staff(superuser=True)):
        assert content(sign_in(Client(), stranger), upload_id) == 404
    assert content(writer, upload_id) == 302


def test_support_opens_files_of_reported_threads_before_and_after_the_report(
    writer: Client, thread: Thread, student: User, mentor: Mentor, support: User, finance: User
) -> None:
    before = ready_file(writer)
    post(writer, thread, before)
    desk = sign_in(Client(), support)
    assert content(desk, before) == 404
    report = services.report_thread(thread=thread, reason="Look at this.", by=student)
    answerer = sign_in(Client(), mentor.user)
    after = ready_file(answerer)
    post(answerer, thread, after)
    assert [content(desk, each) for each in (before, after)] == [302, 302]
    assert AuditEvent.objects.filter(action="upload_viewed", actor=support).count() == 2
    assert content(sign_in(Client(), finance), before) == 404
    page = desk.get(f"/admin/chat/threadreport/{report.pk}/read/").text
    assert f'href="/uploads/{before}/"' in page
    assert f'href="/uploads/{after}/"' in page


def test_someone_elses_file_is_not_sent(writer: Client, thread: Thread, mentor: Mentor) -> None:
    theirs = ready_file(sign_in(Client(), mentor.user))
    answer = post(writer, thread, theirs)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert Message.objects.count() == 1
    assert post(writer, thread, ready_file(writer)).status_code == 201


def test_a_file_that_is_still_checked_is_not_sent(writer: Client, thread: Thread) -> None:
    upload_id = send(writer, pdf(), content_type="application/pdf")
    assert post(writer, thread, upload_id).status_code == 422
    check_upload(upload_id=UUID(upload_id), scanner=None)
    assert post(writer, thread, upload_id).status_code == 201


def test_a_file_for_something_else_is_not_sent(thread: Thread, mentor: Mentor) -> None:
    client = sign_in(Client(), mentor.user)
    photo = send(client, png(), purpose="photo", content_type="image/png")
    check_upload(upload_id=UUID(photo), scanner=None)
    assert Upload.objects.get(pk=photo).status == "ready"
    assert post(client, thread, photo).status_code == 422
    assert post(client, thread, ready_file(client)).status_code == 201


def test_a_file_is_sent_once(writer: Client, thread: Thread, student: User) -> None:
    upload_id, other = ready_file(writer), ready_file(writer)
    assert post(writer, thread, upload_id).status_code == 201
    assert post(writer, thread, upload_id).status_code == 422
    assert post(writer, thread, other, other).status_code == 422
    elsewhere, _new = services.open_thread(handle=make_mentor().handle, body="Hi", client_id="elsewhere-1", by=student)
    assert post(writer, elsewhere, upload_id).status_code == 422
    assert post(writer, elsewhere, other).status_code == 201


def test_six_files_are_too_many(writer: Client, thread: Thread) -> None:
    six = [ready_file(writer) for _ in range(6)]
    assert post(writer, thread, *six).status_code == 422
    by_form = writer.post(f"/messages/{thread.pk}/", {"body": "", "client_id": "six-by-form", "uploads": six})
    assert by_form.status_code == 422
    assert "A message takes 5 files at most" in by_form.text
    assert post(writer, thread, *six[:5]).status_code == 201
    sent = Message.objects.get(number=2).message_uploads.order_by("position").values_list("upload", flat=True)
    assert list(map(str, sent)) == six[:5]


def test_the_database_keeps_a_file_to_one_message(writer: Client, thread: Thread) -> None:
    upload_id = ready_file(writer)
    post(writer, thread, upload_id)
    other = services.post_message(thread=thread, body="More", client_id="more-text", by=thread.student)[0]
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        MessageUpload.objects.create(message=other, upload_id=upload_id, position=1)
    assert "upload_id" in violated_constraint(refusal.value)
    MessageUpload.objects.create(message=other, upload_id=ready_file(writer), position=1)


def test_a_conversation_with_files_asks_no_more_questions(writer: Client, thread: Thread) -> None:
    counts = []
    for number in (1, 5):
        post(writer, thread, *[ready_file(writer) for _ in range(number)])
        writer.get(f"/messages/{thread.pk}/")
        with CaptureQueriesContext(connection) as queries:
            writer.get(f"/messages/{thread.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_files_that_no_message_took_are_given_up(writer: Client, thread: Thread) -> None:
    sent, unsent = ready_file(writer), ready_file(writer)
    post(writer, thread, sent)
    key = Upload.objects.get(pk=unsent).private_key
    almost, then = (timedelta(days=settings.MESSAGE_FILE_UNSENT_DAYS, minutes=minutes) for minutes in (-1, 1))
    with time_machine.travel(timezone.now() + almost):
        assert services.release_unsent_files() == 0
    with time_machine.travel(timezone.now() + then):
        assert services.release_unsent_files() == 1
        assert services.release_unsent_files() == 0
        purge_uploads()
    assert private_files.size(key) is None
    assert content(writer, sent) == 302
    assert post(writer, thread, unsent).status_code == 422
    assert post(writer, thread, ready_file(writer)).status_code == 201


# Pictures


def ready_picture(client: Client, data: bytes = b"", name: str = "sketch.png") -> str:
    upload_id = send(client, data or png(), name=name, content_type="image/png")
    check_upload(upload_id=UUID(upload_id), scanner=None)
    return upload_id


def test_an_image_is_shown_as_a_small_picture_to_the_two(
    writer: Client, thread: Thread, mentor: Mentor, other_student: User
) -> None:
    upload_id = ready_picture(writer)
    here = f"/uploads/{upload_id}/preview/"
    reader = sign_in(Client(), mentor.user)
    assert reader.get(here).status_code == 404  # not sent yet
    [sent] = post(writer, thread, upload_id).json()["uploads"]
    assert sent["preview"]["url"] == here

    page = reader.get(f"/messages/{thread.pk}/")
    assert f'<img src="{here}"' in page.text
    assert 'alt="sketch.png"' in page.text
    assert f"img-src 'self' {settings.S3_ORIGIN}" in page["Content-Security-Policy"].replace(" data:", "")
    link = reader.get(here)
    assert (link.status_code, link["Cache-Control"]) == (302, "no-store")
    picture = fetch(link["Location"])
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.data.startswith(b"\xff\xd8\xff")
    assert sign_in(Client(), other_student).get(here).status_code == 404
    assert not AuditEvent.objects.filter(action="upload_page_viewed").exists()


def test_a_picture_is_no_larger_than_it_is_shown(writer: Client, thread: Thread) -> None:
    upload_id = ready_picture(writer, png((1_600, 400)))
    post(writer, thread, upload_id)
    page = writer.get(f"/messages/{thread.pk}/").text
    assert 'width="640" height="160"' in page
    assert Upload.objects.get(pk=upload_id).pages.count() == 1


def test_a_document_has_no_picture_in_a_conversation(writer: Client, thread: Thread) -> None:
    upload_id = ready_file(writer)
    post(writer, thread, upload_id)
    assert writer.get(f"/uploads/{upload_id}/preview/").status_code == 404
    assert "<img" not in writer.get(f"/messages/{thread.pk}/").text.split("data-chat-list")[1].split("</ol>")[0]


def test_support_sees_pictures_of_reported_threads_and_each_look_is_written_down(
    writer: Client, thread: Thread, student: User, support: User
) -> None:
    upload_id = ready_picture(writer)
    post(writer, thread, upload_id)
    desk, here = sign_in(Client(), support), f"/uploads/{upload_id}/preview/"
    assert desk.get(here).status_code == 404
    report = services.report_thread(thread=thread, reason="Look at this.", by=student)
    assert desk.get(here).status_code == 302
    assert AuditEvent.objects.filter(action="upload_page_viewed", actor=support).count() == 1
    services.close_report(report=report, note="Done.", by=support)
    assert desk.get(here).status_code == 404


def test_a_picture_of_a_document_is_for_the_review_desk_alone(client: Client, mentor: Mentor) -> None:
    sign_in(client, mentor.user)
    body = {"purpose": "verification", "kind": "government_id", "content_type": "image/png"}
    upload_id = send(client, png(), **body)
    check_upload(upload_id=UUID(upload_id), scanner=None)
    assert Upload.objects.get(pk=upload_id).pages.exists()
    assert client.get(f"/uploads/{upload_id}/preview/").status_code == 404
    assert content(client, upload_id) == 302


# Two at once


def send_at_once(client: Client) -> Counter[str]:
    """One file, two conversations: both messages at the same moment."""
    student = make_student()
    sign_in(client, student)
    upload_id = UUID(ready_file(client))
    pair = [
        services.open_thread(handle=make_mentor().handle, body="Hi", client_id="hello-there", by=student)[0]
        for _ in range(2)
    ]
    post = partial(services.post_message, body="", client_id="with-file", upload_ids=[upload_id], by=student)
    return race([partial(post, thread=thread) for thread in pair])


@pytest.fixture
def slow_check(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Both look whether the file was sent before either sends it: the race as it is on a loaded site."""
    meeting = threading.Barrier(2)
    bind = MessageUpload.objects.bulk_create

    def wait_and_bind(rows: Any) -> Any:  # Any: Django's own
        with suppress(threading.BrokenBarrierError):  # the other one waits at the lock, as it should
            meeting.wait(2)
        return bind(rows)

    def start() -> None:
        monkeypatch.setattr(MessageUpload.objects, "bulk_create", wait_and_bind)

    return start


@pytest.mark.django_db(transaction=True)
def test_one_file_in_two_messages_at_once_is_sent_once(client: Client, slow_check: Callable[[], None]) -> None:
    slow_check()
    assert send_at_once(client) == Counter({"won": 1, "invalid": 1})


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_only_the_database_stops_the_second(
    client: Client, slow_check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_check()
    monkeypatch.setattr("uploads.models.UploadQuerySet.select_for_update", lambda rows, **_kwargs: rows)
    assert send_at_once(client) == Counter({"won": 1, "IntegrityError": 1})


# Without script


class Forms(HTMLParser):
    """The forms of a page: where they go and what stands hidden in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str | None], dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append((given, {}))
        elif tag == "input" and self.forms and given.get("name") and given.get("type") == "hidden":
            self.forms[-1][1][str(given["name"])] = str(given.get("value"))


def send_through_pages(client: Client, thread: Thread, data: bytes, **fields: str) -> str:
    """Choose, post the signed form to storage, come back, hand in. Returns the upload's id."""
    step = client.post(f"/messages/{thread.pk}/attach/", {"content_type": "application/pdf"} | fields)
    assert step.status_code == 302, step.text
    form = next(each for each in Forms(client.get(step["Location"]).text).forms if "key" in each[1])
    assert "csrfmiddlewaretoken" not in form[1]
    sent = urllib3.request(
        "POST",
        str(form[0]["action"]),
        fields={**form[1], "file": ("x", data, "application/pdf")},
        redirect=False,
        retries=False,
    )
    assert sent.status == 303
    back = urlsplit(sent.headers["Location"])
    assert back.path == step["Location"]
    assert 'data-testid="complete-upload"' in client.get(f"{back.path}?{back.query}").text
    upload_id = back.path.strip("/").rpartition("/")[2]
    assert Upload.objects.get(pk=upload_id).status == "issued"  # a GET changes nothing
    done = client.post(back.path)
    assert (done.status_code, done["Location"]) == (302, f"/messages/{thread.pk}/")
    return upload_id


def test_a_file_and_what_was_typed_go_through_without_script(writer: Client, thread: Thread, mentor: Mentor) -> None:
    here = f"/messages/{thread.pk}/"
    kept = writer.post(f"{here}draft/", {"body": "Here is sheet 4.", "client_id": "draft-of-mine"})
    assert (kept.status_code, kept["Location"]) == (302, f"{here}attach/")
    upload_id = send_through_pages(writer, thread, pdf(), name="sheet-4")
    assert "Checking the file" in writer.get(here).text
    check_upload(upload_id=UUID(upload_id), scanner=None)
    page = writer.get(here).text
    assert "Here is sheet 4." in page
    assert f'name="uploads" value="{upload_id}" data-name="sheet-4.pdf" checked' in page
    assert writer.post(f"{here}draft/", {"body": "Here is sheet 4!", "client_id": "draft-of-mine"}).status_code == 302
    assert f'value="{upload_id}"' not in writer.get(here).text  # unticked, so no longer there

    sent = writer.post(here, {"body": "Here it is.", "client_id": "with-a-file", "uploads": [upload_id]})

    assert (sent.status_code, sent["Location"]) == (302, f"{here}#latest")
    assert Message.objects.get(number=2).message_uploads.get().upload_id == UUID(upload_id)
    page = writer.get(here).text
    assert 'name="uploads"' not in page
    assert "Here is sheet 4!" not in page  # the draft is gone
    assert content(sign_in(Client(), mentor.user), upload_id) == 302


def test_a_form_takes_a_file_without_text_and_refuses_neither(writer: Client, thread: Thread) -> None:
    here = f"/messages/{thread.pk}/"
    empty = writer.post(here, {"body": " ", "client_id": "empty-message"})
    assert empty.status_code == 422
    assert "Write a message or attach a file." in empty.text
    assert Message.objects.count() == 1
    upload_id = send_through_pages(writer, thread, pdf())
    check_upload(upload_id=UUID(upload_id), scanner=None)
    assert Upload.objects.get(pk=upload_id).name == "file.pdf"
    assert writer.post(here, {"body": "", "client_id": "empty-message", "uploads": upload_id}).status_code == 302
    assert Message.objects.count() == 2


def test_a_form_with_someone_elses_file_keeps_what_was_typed(writer: Client, thread: Thread, mentor: Mentor) -> None:
    theirs = ready_file(sign_in(Client(), mentor.user))
    here = f"/messages/{thread.pk}/"
    for foreign in (theirs, "no-uuid", str(uuid.uuid4())):
        answer = writer.post(here, {"body": "A long answer.", "client_id": "with-files", "uploads": [foreign]})
        assert answer.status_code == 422
        assert "A long answer." in answer.text
    mine = ready_file(writer)
    assert writer.post(here, {"body": "So.", "client_id": "with-files", "uploads": [mine]}).status_code == 302


def test_a_file_that_cannot_be_kept_says_why(writer: Client, thread: Thread) -> None:
    here = writer.post(f"/messages/{thread.pk}/attach/", {"content_type": "application/pdf"})["Location"]
    nothing = writer.post(here)
    assert nothing.status_code == 409
    assert "The file has not arrived" in nothing.text
    form = next(each for each in Forms(writer.get(here).text).forms if "key" in each[1])
    urllib3.request("POST", str(form[0]["action"]), fields={**form[1], "file": ("x", b"no pdf")}, redirect=False)
    refused = writer.post(here)
    assert refused.status_code == 422
    assert "What is in this file is not what its name says" in refused.text
    assert 'data-testid="complete-upload"' not in refused.text
    assert writer.post(f"/messages/{thread.pk}/attach/", {"content_type": "text/html"}).status_code == 422


def test_the_pages_of_a_file_are_for_its_owner(writer: Client, thread: Thread, mentor: Mentor) -> None:
    ticket = ask_to_send(writer, content_type="application/pdf")
    post_to_storage(ticket["upload"], pdf())
    here = f"/messages/{thread.pk}/attach/{ticket['id']}/"
    other = sign_in(Client(), mentor.user)
    assert [other.get(here).status_code, other.post(here).status_code] == [404, 404]
    stranger = sign_in(Client(), make_student())
    for page in ("attach/", "draft/"):
        assert stranger.post(f"/messages/{thread.pk}/{page}", {}).status_code == 404
    assert [writer.get(here).status_code, writer.post(here).status_code] == [200, 302]


def test_a_closed_conversation_takes_no_file(writer: Client, thread: Thread, mentor: Mentor) -> None:
    upload_id = ready_file(writer)
    services.block_thread(thread=thread, by=mentor.user)
    here = f"/messages/{thread.pk}/"
    assert writer.post(f"{here}attach/", {"content_type": "image/png"}).status_code == 409
    refused = writer.post(here, {"body": "One more thing", "client_id": "one-more-thing", "uploads": [upload_id]})
    assert refused.status_code == 409
    assert "One more thing" in refused.text
    services.unblock_thread(thread=thread, by=mentor.user)
    assert writer.post(f"{here}attach/", {"content_type": "image/png"}).status_code == 302
    assert writer.post(here, {"body": "", "client_id": "one-more-thing", "uploads": [upload_id]}).status_code == 302


def test_a_draft_that_is_too_long_stays_in_the_box(writer: Client, thread: Thread) -> None:
    text = "x" * (settings.MESSAGE_MAX_CHARACTERS + 1)
    answer = writer.post(f"/messages/{thread.pk}/draft/", {"body": text, "client_id": "long-draft"})
    assert answer.status_code == 422
    assert text in answer.text
    assert (
        writer.post(f"/messages/{thread.pk}/draft/", {"body": text[:-1], "client_id": "long-draft"}).status_code == 302
    )


def test_only_pages_that_send_talk_to_storage(writer: Client, thread: Thread) -> None:
    here = f"/messages/{thread.pk}/"
    step = writer.post(f"{here}attach/", {"content_type": "image/png"})["Location"]
    for page in (here, step):
        policy = writer.get(page)["Content-Security-Policy"]
        assert f"connect-src 'self' {settings.S3_ORIGIN};" in policy
        assert f"form-action 'self' {settings.S3_ORIGIN};" in policy
        assert "unsafe" not in policy
    assert settings.S3_ORIGIN not in writer.get("/messages/")["Content-Security-Policy"]


def test_leave_to_send_files_is_limited(writer: Client, thread: Thread, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"UPLOAD_SIGN": "1/d"}
    url = f"/messages/{thread.pk}/attach/"
    assert writer.post(url, {"content_type": "image/png"}).status_code == 302
    refused = writer.post(url, {"content_type": "image/png"})
    assert refused.status_code == 429
    assert "Try again in" in refused.text
