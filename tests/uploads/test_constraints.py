"""The database is the last guard: each constraint is broken here by a plain write, past every service."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from marketplace.common.errors import violated_constraint
from uploads.models import Upload, UploadPage


@pytest.fixture
def _storage() -> None:
    """No storage is needed here."""


def make_upload(owner: User, **fields: object) -> Upload:
    number = Upload.objects.count()
    defaults: dict[str, object] = {
        "owner": owner,
        "purpose": "message",
        "name": "notes.png",
        "content_type": "image/png",
        "size": 100,
        "quarantine_key": f"quarantine/{number}",
        "expires_at": timezone.now() + timedelta(minutes=5),
    }
    return Upload.objects.create(**(defaults | fields))


def refused_by(owner: User, **fields: object) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_upload(owner, **fields)
    return violated_constraint(refusal.value)


def test_a_ready_file_was_checked(student: User) -> None:
    ready = {"status": "ready", "sha256": "0" * 64, "private_key": "private/1", "checked_at": timezone.now()}
    for missing in ({"sha256": ""}, {"private_key": ""}, {"checked_at": None}):
        assert refused_by(student, **(ready | missing)) == "upload_ready_was_checked"
    make_upload(student, **ready)


def test_a_refusal_has_a_reason(student: User) -> None:
    assert refused_by(student, status="refused") == "upload_refusal_has_a_reason"
    make_upload(student, status="refused", refusal="active")


def test_states_and_purposes_are_known(student: User) -> None:
    assert refused_by(student, status="lost") == "upload_status_known"
    assert refused_by(student, purpose="invoice") == "upload_purpose_known"


def test_no_two_files_share_a_key(student: User) -> None:
    first = make_upload(student, private_key="private/1")
    assert refused_by(student, quarantine_key=first.quarantine_key) == "upload_quarantine_key_unique"
    assert refused_by(student, private_key="private/1") == "upload_private_key_unique"
    make_upload(student)
    make_upload(student)


def test_a_page_stands_once(student: User) -> None:
    upload = make_upload(student)
    fact = {"upload": upload, "number": 1, "content_type": "image/png", "width": 1, "height": 1}
    UploadPage.objects.create(private_key="a", **fact)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        UploadPage.objects.create(private_key="b", **fact)
    assert violated_constraint(refusal.value) == "upload_page_number_unique"
