"""From the browser to storage: what the signed form lets through, and what completing finds."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.factories import make_booking, make_mentor, make_student, make_subject
from tests.races import at_once
from tests.signin import sign_in
from tests.uploads.files import ask_to_send, jpeg, pdf, png, post_to_storage, send
from uploads.gateways.storage import private_files
from uploads.models import Upload
from uploads.services import complete_upload
from uploads.signals import upload_completed

HTML = b"<html><script>alert(document.cookie)</script></html>"
MESSAGE = {"purpose": "message", "name": "notes.png", "content_type": "image/png", "size": 100}


def complete(client: Client, upload_id: str) -> Any:  # Any: the test client's response
    return client.post(f"/api/uploads/{upload_id}/complete")


def in_quarantine(upload_id: str) -> int | None:
    return private_files.size(Upload.objects.get(pk=upload_id).quarantine_key)


def test_a_file_goes_straight_to_storage_and_is_checked(client: Client, owner: User) -> None:
    ticket = ask_to_send(client, name="../../holiday\x07 notes.png")
    row = Upload.objects.get(pk=ticket["id"])
    assert (row.owner, row.status, row.name) == (owner, "issued", "holiday notes.png")
    assert ticket["upload"]["fields"]["key"] == row.quarantine_key
    assert row.quarantine_key.startswith("quarantine/")
    assert post_to_storage(ticket["upload"], png()).status == 204

    answer = complete(client, ticket["id"])

    assert answer.status_code == 200
    assert answer.json()["status"] == "checking"
    job = ProcrastinateJob.objects.get(task_name="uploads.tasks.check_upload")
    assert job.args == {"upload_id": ticket["id"]}


def test_the_form_writes_no_other_key(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    other = f"private/{ticket['id']}"
    assert post_to_storage(ticket["upload"], png(), key=other).status == 403
    assert private_files.size(other) is None
    assert post_to_storage(ticket["upload"], png()).status == 204


def test_the_form_writes_no_other_type(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    assert post_to_storage(ticket["upload"], HTML, Content_Type="text/html").status == 403
    assert in_quarantine(ticket["id"]) is None
    assert post_to_storage(ticket["upload"], png()).status == 204


@pytest.mark.parametrize("size", [0, settings.UPLOAD_MAX_BYTES + 1])
def test_the_form_takes_one_byte_to_ten_mebibytes(client: Client, owner: User, size: int) -> None:
    ticket = ask_to_send(client)
    assert post_to_storage(ticket["upload"], bytes(size)).status in {400, 403}
    assert in_quarantine(ticket["id"]) is None
    assert post_to_storage(ticket["upload"], bytes(settings.UPLOAD_MAX_BYTES)).status == 204


def test_the_form_lapses(client: Client, owner: User) -> None:
    long_ago = timezone.now() - timedelta(seconds=settings.UPLOAD_URL_SECONDS + 60)
    with time_machine.travel(long_ago):
        ticket = ask_to_send(client)
    assert post_to_storage(ticket["upload"], png()).status == 403
    assert in_quarantine(ticket["id"]) is None
    assert complete(client, ticket["id"]).status_code == 409
    assert post_to_storage(ask_to_send(client)["upload"], png()).status == 204


def test_a_forged_form_is_refused(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    signature = ticket["upload"]["fields"]["x-amz-signature"]
    forged = {**ticket["upload"]["fields"], "x-amz-signature": signature[::-1]}
    assert post_to_storage({"url": ticket["upload"]["url"], "fields": forged}, png()).status == 403
    assert post_to_storage(ticket["upload"], png()).status == 204


def test_what_never_came_is_not_uploaded(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    answer = complete(client, ticket["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_uploaded")
    assert Upload.objects.get(pk=ticket["id"]).status == "issued"
    post_to_storage(ticket["upload"], png())
    assert complete(client, ticket["id"]).status_code == 200


def test_a_png_that_is_html_is_refused_and_nothing_is_kept(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    assert post_to_storage(ticket["upload"], HTML).status == 204
    answer = complete(client, ticket["id"])
    assert (answer.status_code, answer.json()["code"]) == (422, "rejected_content")
    assert "not what its name says" in answer.json()["detail"]
    assert in_quarantine(ticket["id"]) is None
    assert client.get(f"/api/uploads/{ticket['id']}").json() == {
        "id": ticket["id"],
        "status": "refused",
        "code": "rejected_content",
        "reason": "wrong_type",
        "detail": answer.json()["detail"],
    }
    assert not ProcrastinateJob.objects.exists()
    assert complete(client, ticket["id"]).status_code == 422  # the same again
    send(client, png())


@pytest.mark.parametrize(("size", "reason"), [(0, "empty"), (settings.UPLOAD_MAX_BYTES + 1, "too_big")])
def test_a_size_that_storage_let_through_is_refused_all_the_same(
    client: Client, owner: User, size: int, reason: str
) -> None:
    ticket = ask_to_send(client)
    row = Upload.objects.get(pk=ticket["id"])
    private_files.write(row.quarantine_key, png() + bytes(size - len(png())) if size else b"", content_type="image/png")
    answer = complete(client, ticket["id"])
    assert (answer.status_code, answer.json()["reason"]) == (422, reason)
    assert in_quarantine(ticket["id"]) is None


def test_completing_twice_is_harmless(client: Client, owner: User) -> None:
    upload_id = send(client, png())
    assert complete(client, upload_id).json()["status"] == "checking"
    assert ProcrastinateJob.objects.filter(task_name="uploads.tasks.check_upload").count() == 1


@pytest.mark.parametrize("content", [png(), jpeg(), pdf()])
def test_each_known_type_passes_the_first_look(client: Client, owner: User, content: bytes) -> None:
    kind = {b"%": "application/pdf", b"\xff": "image/jpeg", b"\x89": "image/png"}[content[:1]]
    assert Upload.objects.get(pk=send(client, content, content_type=kind)).status == "checking"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"owner": "a4b2fa63-0000-4000-8000-000000000000"}, "unknown_field"),
        ({"role": "admin"}, "unknown_field"),
        ({"status": "ready"}, "unknown_field"),
        ({"content_type": "text/html"}, "invalid"),
        ({"content_type": "image/svg+xml"}, "invalid"),
        ({"size": 0}, "invalid"),
        ({"size": settings.UPLOAD_MAX_BYTES + 1}, "invalid"),
        ({"size": "100"}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"purpose": "invoice"}, "invalid"),
        ({"kind": "government_id"}, "invalid"),
        ({"booking_id": "a4b2fa63-0000-4000-8000-000000000000"}, "invalid"),
        ({"purpose": "booking"}, "invalid"),
    ],
)
def test_a_body_with_more_or_less_is_refused(
    client: Client, owner: User, changes: dict[str, object], code: str
) -> None:
    answer = client.post("/api/uploads", MESSAGE | changes, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Upload.objects.exists()
    assert client.post("/api/uploads", MESSAGE, content_type="application/json").status_code == 201


def test_documents_and_photos_are_for_mentors(client: Client, owner: User) -> None:
    document = MESSAGE | {"purpose": "verification", "kind": "government_id"}
    photo = MESSAGE | {"purpose": "photo"}
    for body in (document, photo):
        answer = client.post("/api/uploads", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    sign_in(client, make_mentor(status="draft").user)
    for body in (document, photo):
        assert client.post("/api/uploads", body, content_type="application/json").status_code == 201


def test_a_certificate_names_a_subject_of_the_list(client: Client, db: None) -> None:
    sign_in(client, make_mentor(status="draft").user)
    body = MESSAGE | {"purpose": "verification", "kind": "certificate"}
    for wrong in ({}, {"subject": "alchemy"}):
        answer = client.post("/api/uploads", body | wrong, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    right = body | {"subject": make_subject().slug}
    assert client.post("/api/uploads", right, content_type="application/json").status_code == 201


def test_a_session_file_is_for_those_who_take_part(client: Client, owner: User, other_student: User) -> None:
    theirs, ours = make_booking(student=other_student), make_booking(student=owner)
    body = MESSAGE | {"purpose": "booking"}
    answer = client.post("/api/uploads", body | {"booking_id": str(theirs.pk)}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = client.post("/api/uploads", body | {"booking_id": str(ours.pk)}, content_type="application/json")
    assert answer.status_code == 201


def test_staff_send_nothing(client: Client, reviewer: User, owner: User) -> None:
    sign_in(client, reviewer)
    assert client.post("/api/uploads", MESSAGE, content_type="application/json").status_code == 403
    sign_in(client, owner)
    assert client.post("/api/uploads", MESSAGE, content_type="application/json").status_code == 201


def test_a_stranger_is_asked_to_sign_in(client: Client, student: User) -> None:
    answer = client.post("/api/uploads", MESSAGE, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    sign_in(client, student)
    assert client.post("/api/uploads", MESSAGE, content_type="application/json").status_code == 201


def test_signing_is_limited(client: Client, owner: User, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"UPLOAD_SIGN": "2/h"}
    for _ in range(2):
        ask_to_send(client)
    answer = client.post("/api/uploads", MESSAGE, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer["Retry-After"]) > 0


def test_the_same_key_makes_one_upload(client: Client, owner: User) -> None:
    headers = {"Idempotency-Key": "one-and-only"}
    first = client.post("/api/uploads", MESSAGE, content_type="application/json", headers=headers)
    again = client.post("/api/uploads", MESSAGE, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Upload.objects.count() == 1


def test_a_purged_upload_cannot_be_completed(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    post_to_storage(ticket["upload"], png())
    Upload.objects.update(status="purged")
    assert complete(client, ticket["id"]).status_code == 409
    Upload.objects.update(status="issued")
    assert complete_upload(upload=Upload.objects.get()).status == "checking"


@pytest.mark.django_db(transaction=True)
def test_completing_twice_at_once_begins_one_check(client: Client) -> None:
    sign_in(client, make_student())
    ticket = ask_to_send(client)
    post_to_storage(ticket["upload"], png())
    heard: list[str] = []

    def listen(upload: Upload, **_kwargs: object) -> None:
        heard.append(str(upload.pk))

    upload_completed.connect(listen)
    try:
        results = at_once([lambda: complete_upload(upload=Upload.objects.get(pk=ticket["id"])).status] * 2)
    finally:
        upload_completed.disconnect(listen)
    assert results == ["checking", "checking"]
    assert heard == [ticket["id"]]
    assert ProcrastinateJob.objects.filter(task_name="uploads.tasks.check_upload").count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_naming_the_state_it_leaves_both_would_begin_one(client: Client) -> None:
    """The control: both read that the file is waited for, and neither names that state when it writes."""
    sign_in(client, make_student())
    ticket = ask_to_send(client)
    meeting = threading.Barrier(2)

    def begin() -> int:
        assert Upload.objects.get(pk=ticket["id"]).status == "issued"
        meeting.wait()
        return Upload.objects.filter(pk=ticket["id"]).update(status="checking")

    assert at_once([begin] * 2) == [1, 1]
