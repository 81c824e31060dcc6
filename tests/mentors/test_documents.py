"""Verification documents from the mentor's side: sent, replaced, taken back, sent again, deleted in time."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import time_machine
import urllib3
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from marketplace.common.models import AuditEvent
from marketplace.sandbox.storage import Storage
from mentors import services
from mentors.looks import looks_at
from mentors.models import Mentor, MentorEvent, VerificationDocument
from mentors.services.documents import purge
from tests.factories import make_mentor, make_staff, make_subject
from tests.mentors.review_cast import document_of, make_application, make_document
from tests.signin import sign_in
from tests.uploads.files import ask_to_send, fetch, jpeg, pdf, png, post_to_storage, send
from uploads.gateways.s3 import PrivateFiles
from uploads.gateways.storage import private_files
from uploads.models import Upload, UploadPage
from uploads.services import check_upload

pytestmark = pytest.mark.usefixtures("no_old_jobs")

ID = {"purpose": "verification", "kind": "government_id", "name": "passport.pdf", "content_type": "application/pdf"}
PAGE = "/mentor/documents/"


@pytest.fixture(autouse=True)
def _storage(storage_server: Storage) -> None:
    """The S3 server is up."""


@pytest.fixture
def applicant(client: Client, db: None) -> Mentor:
    """A draft, signed in to ``client``."""
    mentor = make_mentor(status="draft")
    sign_in(client, mentor.user)
    return mentor


def check(upload_id: str) -> Upload:
    check_upload(upload_id=UUID(upload_id), scanner=None)
    return Upload.objects.get(pk=upload_id)


def document_with(upload_id: str) -> VerificationDocument:
    return VerificationDocument.objects.select_related("upload", "mentor__user").get(upload=UUID(upload_id))


def test_a_document_counts_once_its_file_has_arrived(client: Client, applicant: Mentor) -> None:
    ticket = ask_to_send(client, **ID)
    assert document_with(ticket["id"]).status == "sending"
    post_to_storage(ticket["upload"], pdf())
    assert client.get("/api/mentors/onboarding").json()["documents"] == []

    client.post(f"/api/uploads/{ticket['id']}/complete")

    document = document_with(ticket["id"])
    assert (document.status, document.kind, document.subject) == ("waiting", "government_id", None)
    applicant.refresh_from_db()
    assert applicant.version == 2
    [shown] = client.get("/api/mentors/onboarding").json()["documents"]
    assert (shown["id"], shown["status"]) == (str(document.pk), "waiting")
    check(ticket["id"])
    assert document_with(ticket["id"]).status == "waiting"


def test_a_second_copy_takes_the_place_of_the_first(client: Client, applicant: Mentor) -> None:
    first, second = send(client, pdf(), **ID), send(client, pdf(), **ID)
    other = send(client, pdf(), **ID | {"kind": "certificate", "subject": make_subject().slug})
    statuses = [document_with(each).status for each in (first, second, other)]
    assert statuses == ["withdrawn", "waiting", "waiting"]
    check(first)
    key = check(second).private_key
    purge()
    assert Upload.objects.get(pk=first).status == "purged"
    assert private_files.size(key) is not None


def test_a_file_that_does_not_pass_takes_its_document_back(client: Client, applicant: Mentor) -> None:
    upload_id = send(client, pdf(catalog=b"/AcroForm << /XFA [] >>"), **ID)
    check(upload_id)
    assert document_with(upload_id).status == "withdrawn"
    applicant.refresh_from_db()
    assert applicant.version == 3  # sent, and gone again
    page = client.get(PAGE)
    assert "This PDF holds scripts or other files" in page.text
    send(client, pdf(), **ID)
    assert "This PDF holds scripts or other files" not in client.get(PAGE).text


def test_a_refused_document_is_sent_again_as_a_new_row(client: Client, applicant: Mentor, reviewer: User) -> None:
    upload_id = send(client, pdf(), **ID)
    check(upload_id)
    Mentor.objects.update(status="submitted")
    document = document_with(upload_id)
    note = "The date is cut off."
    version = Mentor.objects.get().version
    services.refuse_document(document=document, version=version, code="unreadable", note=note, by=reviewer)
    page = client.get(PAGE)
    assert "Needs another try" in page.text
    assert note in page.text
    assert "all four corners" in page.text
    again = send(client, pdf(), **ID)
    assert (document_with(upload_id).status, document_with(again).status) == ("refused", "waiting")
    assert Mentor.objects.get().version == version + 1


def test_taking_a_document_back_ends_what_reviewers_see(client: Client, applicant: Mentor, reviewer: User) -> None:
    upload_id = send(client, pdf(), **ID)
    check(upload_id)
    desk = sign_in(Client(), reviewer)
    content = f"/api/uploads/{upload_id}/content"
    assert desk.get(content).status_code == 302
    document = document_with(upload_id)
    page = f"{PAGE}{document.pk}/withdraw/"
    assert f"{document.upload.name} is deleted" in client.get(page).text
    assert document_with(upload_id).status == "waiting"  # looking changes nothing
    assert client.post(page).status_code == 302
    assert document_with(upload_id).status == "withdrawn"
    assert desk.get(content).status_code == 404
    assert ProcrastinateJob.objects.filter(task_name="mentors.tasks.purge").exists()
    purge()
    assert private_files.size(document.upload.private_key) is None
    again = client.post(page)
    assert again.status_code == 409


def test_what_was_decided_cannot_be_taken_back(client: Client, applicant: Mentor, reviewer: User) -> None:
    document = make_document(applicant, status="approved", decided_by=reviewer, decided_at=timezone.now())
    page = f"{PAGE}{document.pk}/withdraw/"
    assert client.post(page).status_code == 409
    VerificationDocument.objects.update(status="waiting")
    assert client.post(page).status_code == 302


@pytest.mark.parametrize(
    ("status", "code"), [("suspended", 403), ("rejected", 409), ("approved", 201), ("submitted", 201)]
)
def test_who_may_send(client: Client, applicant: Mentor, status: str, code: int) -> None:
    Mentor.objects.update(status=status)
    assert client.post("/api/uploads", ID | {"size": 10}, content_type="application/json").status_code == code
    assert client.get(PAGE).status_code == 200


def test_verification_files_are_for_their_owner_and_reviewers(client: Client, applicant: Mentor) -> None:
    upload_id = send(client, pdf(), **ID)
    content = f"/api/uploads/{upload_id}/content"
    check(upload_id)
    seeing = {applicant.user: 302, make_staff("reviewer"): 302}
    blind = [make_mentor().user, make_staff("support"), make_staff("finance"), make_staff(superuser=True)]
    for person, code in (seeing | dict.fromkeys(blind, 404)).items():
        assert sign_in(Client(), person).get(content).status_code == code
    assert AuditEvent.objects.filter(action="upload_viewed").count() == 2


def test_another_mentors_documents_are_not_there(client: Client, applicant: Mentor) -> None:
    document = document_of(make_application())
    for path in (f"{PAGE}{document.pk}/", f"{PAGE}{document.pk}/withdraw/"):
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    mine = make_document(applicant)
    assert client.get(f"{PAGE}{mine.pk}/").status_code == 200


# Without script


class Forms(HTMLParser):
    """The forms of a page: where they go and what stands in them."""

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


def test_a_document_goes_through_without_script(client: Client, applicant: Mentor) -> None:
    first = client.get(f"{PAGE}send/?kind=government_id")
    assert first.status_code == 200
    answer = client.post(f"{PAGE}send/", {"kind": "government_id", "content_type": "image/png"})
    assert answer.status_code == 302

    page = client.get(answer["Location"])
    form = next(each for each in Forms(page.text).forms if "storage" in str(each[0]) or "key" in each[1])
    target, fields = str(form[0]["action"]), form[1]
    assert "csrfmiddlewaretoken" not in fields
    sent = urllib3.request(
        "POST", target, fields={**fields, "file": ("id.png", png(), "image/png")}, redirect=False, retries=False
    )
    assert sent.status == 303
    back = urlsplit(sent.headers["Location"])
    assert (back.hostname, back.path) == ("testserver", answer["Location"])

    upload = Upload.objects.get()
    landed = client.get(f"{back.path}?{back.query}")
    assert 'data-testid="complete-upload"' in landed.text
    upload.refresh_from_db()
    assert upload.status == "issued"  # a GET changes nothing
    assert client.post(back.path).status_code == 302
    assert document_with(str(upload.pk)).status == "waiting"


def test_completing_without_a_file_says_so(client: Client, applicant: Mentor) -> None:
    here = client.post(f"{PAGE}send/", {"kind": "government_id", "content_type": "image/png"})["Location"]
    answer = client.post(here)
    assert answer.status_code == 409
    assert "The file has not arrived" in answer.text


def test_a_form_that_has_lapsed_says_so(client: Client, applicant: Mentor) -> None:
    here = client.post(f"{PAGE}send/", {"kind": "government_id", "content_type": "image/png"})["Location"]
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.UPLOAD_URL_SECONDS + 1)):
        page = client.get(here)
    assert "took longer than a form is good for" in page.text
    assert "took longer than a form is good for" not in client.get(here).text


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "passport", "content_type": "image/png"},
        {"kind": "certificate", "content_type": "image/png"},
        {"kind": "certificate", "content_type": "image/png", "subject": "alchemy"},
        {"kind": "government_id", "content_type": "text/html"},
    ],
)
def test_a_form_that_cannot_be_right_is_shown_again(client: Client, applicant: Mentor, data: dict[str, str]) -> None:
    assert client.post(f"{PAGE}send/", data).status_code == 422
    assert not Upload.objects.exists()


def test_forged_fields_of_a_form_are_ignored(client: Client, applicant: Mentor) -> None:
    other = make_mentor(status="draft")
    data = {"kind": "government_id", "content_type": "image/png", "mentor": other.handle, "owner": str(other.pk)}
    client.post(f"{PAGE}send/", data)
    assert VerificationDocument.objects.get().mentor == applicant


def test_the_pages_let_the_browser_talk_to_storage_and_to_nobody_else(client: Client, applicant: Mentor) -> None:
    policy = client.get(PAGE)["Content-Security-Policy"]
    assert f"connect-src 'self' {settings.S3_ORIGIN};" in policy
    assert f"form-action 'self' {settings.S3_ORIGIN};" in policy
    assert "unsafe" not in policy
    assert settings.S3_ORIGIN not in client.get("/mentor/start/")["Content-Security-Policy"]


def test_the_page_costs_the_same_for_one_and_for_many(client: Client, applicant: Mentor, reviewer: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    make_document(applicant)
    one = count()
    for _ in range(5):
        make_document(applicant, status="withdrawn")
        document = make_document(applicant, kind="certificate", subject=make_subject(), status="withdrawn")
        services.take_document(document=document, by=reviewer)
    assert count() == one


# Retention


def kept(upload: Upload) -> list[str]:
    upload.refresh_from_db()
    keys = [upload.private_key, *UploadPage.objects.filter(upload=upload).values_list("private_key", flat=True)]
    return [key for key in keys if key and private_files.size(key) is not None]


def test_the_id_and_its_page_images_go_thirty_days_after_the_decision(
    client: Client, applicant: Mentor, reviewer: User
) -> None:
    upload = check(send(client, pdf(), **ID))
    certificate = check(send(client, jpeg(), **ID | {
        "kind": "certificate", "subject": make_subject().slug, "content_type": "image/jpeg"}))  # fmt: skip
    keys = kept(upload)
    assert len(keys) == 2
    Mentor.objects.update(status="submitted")
    version = Mentor.objects.get().version
    for each in (upload, certificate):
        services.approve_document(document=document_with(str(each.pk)), version=version, by=reviewer)
    almost, then = (timedelta(days=settings.ID_RETENTION_DAYS, minutes=minutes) for minutes in (-1, 1))
    with time_machine.travel(timezone.now() + almost):
        purge()
    assert kept(upload) == keys
    with time_machine.travel(timezone.now() + then):
        purge()
    assert kept(upload) == []
    assert [private_files.read(key, max_bytes=1) for key in (*keys, upload.quarantine_key)] == [None, None, None]
    proof = AuditEvent.objects.get(action="upload_purged")
    assert (proof.actor, proof.subject_id) == (None, str(upload.pk))
    assert proof.data == {"purpose": "verification", "pages": 1}
    document = document_of(applicant)
    assert (document.status, document.kind, document.decided_by) == ("approved", "government_id", reviewer)
    assert document.decided_at is not None
    assert len(kept(certificate)) == 2
    page = client.get(PAGE).text
    assert "Government ID" in page
    assert upload.deleted_at is not None
    desk = sign_in(Client(), reviewer)
    seen = desk.get(f"/admin/mentors/review/{document.pk}/").text
    told = [re.findall(r'deleted on <time datetime="([^"]+)"', text) for text in (page, seen)]
    assert [[datetime.fromisoformat(each).date() for each in found] for found in told] == [
        [upload.deleted_at.date()]
    ] * 2
    assert f"Decided by {reviewer.name}" in seen


def test_a_file_that_storage_keeps_is_not_called_deleted(
    client: Client, applicant: Mentor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage may say yes and keep a copy: the row then says nothing, and the next pass tries again."""
    upload = check(send(client, pdf(), **ID))
    services.withdraw_document(document=document_of(applicant), by=applicant.user)
    with monkeypatch.context() as patch:
        patch.setattr(PrivateFiles, "delete", lambda files, key: None)
        purge()
    assert len(kept(upload)) == 2
    assert (upload.status, upload.deleted_at) == ("purged", None)
    assert not AuditEvent.objects.filter(action="upload_purged").exists()
    purge()
    assert kept(upload) == []
    assert upload.deleted_at is not None
    assert AuditEvent.objects.get(action="upload_purged").subject_id == str(upload.pk)


# Who looked


def test_the_mentor_sees_each_look_of_the_review_team(client: Client, applicant: Mentor, reviewer: User) -> None:
    upload = check(send(client, pdf(), **ID))
    Mentor.objects.update(status="submitted")
    document = document_of(applicant)
    assert "Nobody yet." in client.get(PAGE).text
    client.get(f"/uploads/{upload.pk}/")  # one's own look is no news
    assert "Nobody yet." in client.get(PAGE).text

    desk, path = sign_in(Client(), reviewer), f"/admin/mentors/review/{document.pk}/"
    start = timezone.now()
    desk.get(path)
    desk.get(f"{path}1/")
    assert [(look.document, look.downloaded) for look in looks_at([document])] == [(document, False)]
    with time_machine.travel(start + timedelta(minutes=30)):
        assert desk.get(f"/api/uploads/{upload.pk}/content").status_code == 302
    with time_machine.travel(start + timedelta(minutes=40)):
        sign_in(Client(), make_staff("reviewer")).get(path)

    looks = looks_at([document])
    assert [look.downloaded for look in looks] == [False, True, False]
    assert [look.at - start >= timedelta(minutes=minutes) for look, minutes in zip(looks, (40, 30, 0), strict=True)]
    page = client.get(PAGE).text
    assert page.count("Our review team looked at it") == 3
    assert page.count("downloaded the file") == 1
    assert reviewer.name not in page
    with time_machine.travel(start + timedelta(days=1)):  # and still when the document has been taken back
        services.withdraw_document(document=document_of(applicant), by=applicant.user)
        assert sign_in(client, applicant.user).get(PAGE).text.count("Our review team looked at it") == 3


def test_another_mentors_looks_are_not_there(client: Client, applicant: Mentor, reviewer: User) -> None:
    other = make_application()
    services.take_document(document=document_of(other), by=reviewer)
    assert "Nobody yet." in client.get(PAGE).text
    assert "Our review team looked at it" in sign_in(client, other.user).get(PAGE).text


def test_an_id_that_nobody_decided_goes_after_ninety_days(client: Client, applicant: Mentor) -> None:
    upload = check(send(client, pdf(), **ID))
    almost, then = (timedelta(days=settings.UNDECIDED_RETENTION_DAYS, minutes=minutes) for minutes in (-1, 1))
    with time_machine.travel(timezone.now() + almost):
        purge()
    assert len(kept(upload)) == 2
    with time_machine.travel(timezone.now() + then):
        purge()
    assert kept(upload) == []
    assert document_of(applicant).status == "withdrawn"
    assert MentorEvent.objects.filter(name="document_lapsed").exists()


def test_what_was_begun_and_never_sent_is_forgotten(client: Client, applicant: Mentor) -> None:
    ask_to_send(client, **ID)
    day = timedelta(hours=settings.UPLOAD_COMPLETE_HOURS, minutes=1)
    Upload.objects.update(created_at=timezone.now() - day)
    purge()
    purge()
    assert document_of(applicant).status == "withdrawn"


def test_a_reviewers_link_shows_what_was_checked(client: Client, applicant: Mentor, reviewer: User) -> None:
    upload_id = send(client, pdf(), **ID)
    check(upload_id)
    answer: Any = sign_in(Client(), reviewer).get(f"/api/uploads/{upload_id}/content")
    assert fetch(answer["Location"]).data == pdf()
