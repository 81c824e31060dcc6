"""What is deleted, and when."""

from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import make_mentor
from tests.signin import sign_in
from tests.uploads.files import ask_to_send, pdf, png, post_to_storage, send
from uploads.gateways.s3 import PrivateFiles
from uploads.gateways.storage import StorageUnavailable, private_files
from uploads.models import Upload, UploadPage
from uploads.services import check_upload, purge_uploads, release_upload
from uploads.services.purging import LATE_POST


def checked(upload_id: str) -> Upload:
    check_upload(upload_id=UUID(upload_id), scanner=None)
    return Upload.objects.get(pk=upload_id)


def test_what_is_not_completed_within_a_day_is_deleted(client: Client, owner: User) -> None:
    ticket = ask_to_send(client)
    post_to_storage(ticket["upload"], png())
    upload = Upload.objects.get()
    day = timedelta(hours=settings.UPLOAD_COMPLETE_HOURS)
    Upload.objects.update(created_at=timezone.now() - day + timedelta(minutes=1), expires_at=timezone.now() - day)
    assert purge_uploads() == 0
    assert private_files.size(upload.quarantine_key) == len(png())
    Upload.objects.update(created_at=timezone.now() - day)
    assert purge_uploads() == 1
    assert private_files.size(upload.quarantine_key) is None
    assert client.get(f"/api/uploads/{upload.pk}").json()["status"] == "purged"
    assert purge_uploads() == 0


def test_a_file_given_up_is_deleted_with_its_pages_and_its_name(client: Client, db: None) -> None:
    sign_in(client, make_mentor(status="draft").user)
    body = {"purpose": "verification", "kind": "government_id", "content_type": "application/pdf"}
    upload = checked(send(client, pdf(), name="elif-kaya-passport.pdf", **body))
    other = checked(send(client, png()))
    page = upload.pages.get()
    release_upload(upload=upload)
    assert private_files.size(page.private_key) is not None

    purge_uploads()

    assert private_files.size(upload.private_key) is None
    assert private_files.size(page.private_key) is None
    assert not UploadPage.objects.filter(upload=upload).exists()
    upload.refresh_from_db()
    assert (upload.status, upload.private_key, upload.name, upload.sha256) == ("purged", "", "", "")
    assert private_files.size(other.private_key) is not None


def test_a_file_that_was_never_kept_leaves_no_name_either(client: Client, owner: User) -> None:
    """Begun and left, or refused, and then given up with all that was its owner's: no bytes, and nothing that tells of them."""
    begun = Upload.objects.get(pk=ask_to_send(client, name="elif-kaya-passport.png")["id"])
    left = Upload.objects.get(pk=ask_to_send(client, name="elif-kaya-diploma.png")["id"])
    refused = Upload.objects.get(pk=ask_to_send(client, name="elif-kaya-transcript.png")["id"])
    Upload.objects.filter(pk=refused.pk).update(status="refused", refusal="unreadable")
    Upload.objects.filter(pk=left.pk).update(created_at=timezone.now() - timedelta(days=2))
    release_upload(upload=begun)
    release_upload(upload=refused)

    purge_uploads()

    assert set(Upload.objects.values_list("status", "name")) == {("purged", "")}


def test_an_end_halfway_leaves_the_rest_for_the_next_pass(client: Client, owner: User) -> None:
    upload = checked(send(client, png()))
    release_upload(upload=upload)
    private_files.delete(upload.private_key)  # as a pass that died before it wrote so down
    purge_uploads()
    upload.refresh_from_db()
    assert upload.private_key == ""


def test_a_file_that_storage_will_not_let_go_keeps_no_other(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was given up first, so each pass meets it first."""
    locked, other = (checked(send(client, png())) for _number in range(2))
    release_upload(upload=locked)
    release_upload(upload=other)
    delete = PrivateFiles.delete

    def refuse(files: PrivateFiles, key: str) -> None:
        if key.startswith(locked.private_key):
            raise StorageUnavailable
        delete(files, key)

    monkeypatch.setattr(PrivateFiles, "delete", refuse)
    with pytest.raises(ExceptionGroup, match="purge_uploads"):
        purge_uploads()
    assert private_files.size(other.private_key) is None
    assert dict(Upload.objects.values_list("pk", "private_key")) == {locked.pk: locked.private_key, other.pk: ""}


def test_what_is_posted_once_more_after_the_check_is_deleted_when_the_form_has_lapsed(
    client: Client, owner: User
) -> None:
    ticket = ask_to_send(client)
    post_to_storage(ticket["upload"], png())
    client.post(f"/api/uploads/{ticket['id']}/complete")
    upload = checked(ticket["id"])
    post_to_storage(ticket["upload"], png())
    purge_uploads()
    assert private_files.size(upload.quarantine_key) is not None  # the form still lets it in
    Upload.objects.update(expires_at=timezone.now() - LATE_POST)
    purge_uploads()
    assert private_files.size(upload.quarantine_key) is None
    assert private_files.size(upload.private_key) is not None


@pytest.mark.parametrize("status", ["issued", "checking"])
def test_what_is_under_way_stays(client: Client, owner: User, status: str) -> None:
    upload_id = send(client, png())
    Upload.objects.update(status=status, expires_at=timezone.now() - LATE_POST)
    purge_uploads()
    assert private_files.size(Upload.objects.get(pk=upload_id).quarantine_key) is not None


def test_the_command_does_one_pass(client: Client, owner: User) -> None:
    release_upload(upload=checked(send(client, png())))
    out = StringIO()
    call_command("purge", "--once", stdout=out)
    assert out.getvalue() == "Deleted: 1 files, 0 idempotency keys.\n"
