"""Who may open a stored file, and what they get: a short link, written down."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import User
from marketplace.common.models import AuditEvent
from tests.factories import make_staff, make_user
from tests.signin import sign_in
from tests.uploads.files import fetch, pdf, send
from uploads.models import Upload
from uploads.policies import may_view
from uploads.services import check_upload, grant_view, release_upload, revoke_view

NAME = 'Zeugnis für "Elif".pdf'


@pytest.fixture
def upload(client: Client, owner: User) -> Upload:
    """A checked file of ``owner``."""
    upload_id = send(client, pdf(), name=NAME, content_type="application/pdf")
    check_upload(upload_id=UUID(upload_id), scanner=None)
    return Upload.objects.get(pk=upload_id)


def open_it(client: Client, upload: Upload) -> Any:  # Any: the test client's response
    return client.get(f"/api/uploads/{upload.pk}/content")


def test_the_owner_gets_a_link_of_a_minute_as_a_download(client: Client, upload: Upload) -> None:
    answer = open_it(client, upload)
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert int(asked["X-Amz-Expires"][0]) <= 60
    got = fetch(answer["Location"])
    assert got.data == pdf()
    assert got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["Content-Disposition"].endswith("Zeugnis%20f%C3%BCr%20%22Elif%22.pdf")


def test_the_link_lapses(client: Client, upload: Upload) -> None:
    with time_machine.travel(timezone.now() - timedelta(seconds=settings.DOWNLOAD_URL_SECONDS + 5)):
        old = open_it(client, upload)["Location"]
    assert fetch(old).status == 403
    assert fetch(open_it(client, upload)["Location"]).status == 200


def test_the_bare_address_opens_nothing(client: Client, upload: Upload) -> None:
    link = open_it(client, upload)["Location"]
    assert fetch(link.partition("?")[0]).status == 403


def test_each_opening_is_written_down(client: Client, upload: Upload, owner: User) -> None:
    open_it(client, upload)
    row = AuditEvent.objects.get(action="upload_viewed")
    assert (row.actor, row.subject_type, row.subject_id) == (owner, "uploads.upload", str(upload.pk))


@pytest.mark.parametrize("page", ["/uploads/{}/", "/api/uploads/{}/content"])
def test_others_learn_nothing_until_they_are_given_leave(
    client: Client, upload: Upload, other_student: User, page: str
) -> None:
    address = page.format(upload.pk)
    sign_in(client, other_student)
    assert client.get(address).status_code == 404
    assert not AuditEvent.objects.exists()
    grant_view(upload=upload, to=other_student)
    grant_view(upload=upload, to=other_student)
    assert client.get(address).status_code == 302
    revoke_view(upload=upload, of=other_student)
    assert client.get(address).status_code == 404


def test_a_grant_opens_and_does_not_own(client: Client, upload: Upload, other_student: User) -> None:
    grant_view(upload=upload, to=other_student)
    sign_in(client, other_student)
    assert client.get(f"/api/uploads/{upload.pk}").status_code == 404
    assert client.post(f"/api/uploads/{upload.pk}/complete").status_code == 404
    sign_in(client, upload.owner)
    assert client.get(f"/api/uploads/{upload.pk}").status_code == 200
    assert client.post(f"/api/uploads/{upload.pk}/complete").status_code == 200


@pytest.mark.parametrize(
    ("groups", "superuser", "opens"),
    [(("reviewer",), False, True), (("support",), False, False), (("finance",), False, False), ((), True, False)],
)
def test_a_group_opens_what_was_granted_to_it_and_a_superuser_needs_the_group(
    client: Client, upload: Upload, groups: tuple[str, ...], superuser: bool, opens: bool
) -> None:
    grant_view(upload=upload, to=Group.objects.get_or_create(name="reviewer")[0])
    person = make_staff(*groups, superuser=superuser)
    sign_in(client, person)
    assert open_it(client, upload).status_code == (302 if opens else 404)
    assert may_view(person, upload) is opens


def test_who_leaves_the_group_opens_nothing(client: Client, upload: Upload, reviewer: User) -> None:
    grant_view(upload=upload, to=Group.objects.get(name="reviewer"))
    sign_in(client, reviewer)
    assert open_it(client, upload).status_code == 302
    reviewer.groups.clear()
    assert open_it(client, upload).status_code == 404


def test_staff_show_their_second_factor_first(client: Client, upload: Upload, reviewer: User) -> None:
    grant_view(upload=upload, to=reviewer)
    sign_in(client, reviewer, second_factor=False)
    assert open_it(client, upload).status_code == 403
    assert not AuditEvent.objects.exists()
    sign_in(client, reviewer)
    assert open_it(client, upload).status_code == 302


def test_a_stranger_is_sent_to_sign_in(upload: Upload) -> None:
    stranger = Client()
    assert open_it(stranger, upload).status_code == 401
    page = stranger.get(f"/uploads/{upload.pk}/")
    assert (page.status_code, urlsplit(page["Location"]).path) == (302, "/accounts/login/")


def test_who_has_no_role_yet_sees_nothing(client: Client, upload: Upload) -> None:
    sign_in(client, make_user())
    assert open_it(client, upload).status_code == 404


@pytest.mark.parametrize(
    ("status", "answered", "code", "sentence"),
    [
        ("issued", 409, "not_uploaded", "The file has not arrived. Send it again."),
        ("checking", 409, "wrong_state", "The file is being checked. Try again in a moment."),
        (
            "refused",
            422,
            "rejected_content",
            "This PDF holds scripts or other files. Print it to a new PDF and send that.",
        ),
        ("purged", 409, "wrong_state", "This file is not there any more. Send it again."),
    ],
)
def test_only_a_ready_file_opens_and_any_other_says_why_not(
    client: Client, upload: Upload, status: str, answered: int, code: str, sentence: str
) -> None:
    Upload.objects.update(status=status, refusal="active")
    answer, page = open_it(client, upload), client.get(f"/uploads/{upload.pk}/")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (answered, code, sentence)
    assert page.status_code == answered
    assert sentence in page.text
    assert not AuditEvent.objects.exists()
    Upload.objects.update(status="ready")
    assert open_it(client, upload).status_code == client.get(f"/uploads/{upload.pk}/").status_code == 302


def test_a_file_given_up_opens_for_nobody(client: Client, upload: Upload, other_student: User) -> None:
    grant_view(upload=upload, to=other_student)
    release_upload(upload=upload)
    assert open_it(client, upload).status_code == 409
    assert not may_view(other_student, upload)


def test_wrong_methods_are_told_so(client: Client, upload: Upload) -> None:
    assert client.post(f"/api/uploads/{upload.pk}/content").status_code == 405
    assert client.get(f"/api/uploads/{upload.pk}/complete").status_code == 405
    assert client.get("/api/uploads").status_code == 405
