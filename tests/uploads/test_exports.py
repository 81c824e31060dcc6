"""A copy of one's data: asked for once a day, made by a job, fetched by its owner alone, deleted after a week."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import close_account
from marketplace.common.errors import violated_constraint
from marketplace.common.models import AuditEvent
from mentors.services.purging import purge_all
from tests.factories import make_staff, make_student
from tests.jobs import forget_jobs, run_jobs, waiting_jobs
from tests.signin import sign_in
from tests.uploads.files import fetch, png, send
from uploads.bundle import write_bundle
from uploads.gateways.storage import private_files
from uploads.models import DataExport
from uploads.services import check_upload, make_export, purge_exports, request_export

PAGE = "/account/privacy/"
NOON = datetime.fromisoformat("2026-11-23T12:00:00Z")


@pytest.fixture(autouse=True)
def _noon() -> Any:  # Any: a generator
    with time_machine.travel(timezone.now(), tick=False):
        yield


def made(user: User) -> DataExport:
    """A copy that is ready."""
    export = request_export(by=user)
    make_export(export_id=export.pk)
    return DataExport.objects.get(pk=export.pk)


def later(**ago: float) -> None:
    """Let time pass for every copy, rather than for the whole house (sign-ins, signed links)."""
    delta = timedelta(**ago)
    for export in DataExport.objects.all():
        DataExport.objects.filter(pk=export.pk).update(
            requested_at=export.requested_at - delta,
            ready_at=export.ready_at and export.ready_at - delta,
            expires_at=export.expires_at and export.expires_at - delta,
        )


def open_url(export: DataExport) -> str:
    return f"{PAGE}export/{export.pk}/"


def bundle(link: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(fetch(link).data))


def test_a_copy_is_asked_for_made_announced_and_fetched(client: Client, owner: User) -> None:
    assert "Ask for my data" in client.get(PAGE).text
    asked = client.post(PAGE, follow=True)
    assert "Being made" in asked.text
    assert "Ask for my data" not in asked.text

    run_jobs("uploads.tasks.make_export")
    run_jobs("deliver_mail")

    [message] = mail.outbox
    assert (message.subject, message.to) == ("Your data is ready to download", [owner.email])
    export = DataExport.objects.get()
    page = client.get(PAGE).text
    assert "Download" in page
    assert open_url(export) in page
    answer = client.get(open_url(export))
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    asked_for = parse_qs(urlsplit(answer["Location"]).query)
    assert int(asked_for["X-Amz-Expires"][0]) <= settings.DOWNLOAD_URL_SECONDS
    got = fetch(answer["Location"])
    assert got.headers["Content-Type"] == "application/zip"
    assert got.headers["Content-Disposition"].startswith('attachment; filename="lantern-')
    assert len(got.data) == export.size
    [account] = json.loads(bundle(answer["Location"]).read("account.json"))
    assert (account["email"], account["name"]) == (owner.email, owner.name)


def test_it_holds_their_own_files(client: Client, owner: User) -> None:
    upload_id = send(client, png(), name="my/../picture.png")
    check_upload(upload_id=UUID(upload_id), scanner=None)
    export = made(owner)
    files = bundle(client.get(open_url(export))["Location"])
    [name] = [name for name in files.namelist() if name.startswith("files/")]
    assert name == f"files/{upload_id[:8]}-picture.png"
    [row] = json.loads(files.read("files.json"))
    assert row["id"] == upload_id
    assert row["bytes"] == len(files.read(name))
    assert "files.json" in files.read("README.txt").decode()


def test_only_its_owner_fetches_it_and_each_time_is_written_down(client: Client, owner: User) -> None:
    export = made(owner)
    for other in (make_student(), make_staff("support", superuser=True)):
        assert sign_in(Client(), other).get(open_url(export)).status_code == 404
    assert Client().get(open_url(export)).status_code == 302
    assert not AuditEvent.objects.filter(action="export_opened").exists()
    assert client.get(open_url(export)).status_code == 302
    row = AuditEvent.objects.get(action="export_opened")
    assert (row.actor, row.subject_id) == (owner, str(export.pk))


def test_a_sign_in_left_open_is_not_enough(owner: User) -> None:
    export = made(owner)
    owner.set_password("correct horse battery")
    owner.save()
    stale = sign_in(Client(), owner, ago=timedelta(seconds=settings.FRESH_SIGN_IN_SECONDS + 1))
    assert stale.get(open_url(export))["Location"].startswith("/accounts/reauthenticate/")
    assert stale.get(PAGE).status_code == 200
    fresh = sign_in(Client(), owner)
    assert "X-Amz-Signature" in fresh.get(open_url(export))["Location"]


def test_one_copy_a_day_said_in_words(client: Client, owner: User) -> None:
    client.post(PAGE)
    again = client.post(PAGE)
    assert again.status_code == 409
    assert "being made already" in again.text
    make_export(export_id=DataExport.objects.get().pk)
    later(hours=23)
    too_soon = client.post(PAGE)
    assert too_soon.status_code == 429
    assert too_soon["Retry-After"] == "3600"
    assert "You can ask for one copy a day. Ask for the next in 1 hour." in too_soon.text
    assert DataExport.objects.count() == 1
    later(hours=1)
    assert "Make a new one" in client.get(PAGE).text
    assert client.post(PAGE).status_code == 302
    assert sorted(DataExport.objects.values_list("status", flat=True)) == ["expired", "queued"]


def test_the_copy_of_yesterday_is_deleted_when_a_new_one_is_asked_for(owner: User) -> None:
    old = made(owner)
    later(days=1)
    request_export(by=owner)
    assert purge_exports() == 1
    assert private_files.size(old.private_key) is None


def test_after_a_week_nobody_fetches_it_and_it_is_deleted(client: Client, owner: User) -> None:
    export = made(owner)
    later(days=settings.EXPORT_DAYS, seconds=-1)
    assert "X-Amz-Signature" in client.get(open_url(export))["Location"]
    assert purge_exports() == 0
    later(seconds=1)
    gone = client.get(open_url(export), follow=True)
    assert "This copy is not there any more" in gone.text
    assert "has been deleted" in gone.text
    assert "Ask for my data" in gone.text
    assert private_files.size(export.private_key) is not None

    assert purge_all().files == 1

    assert private_files.size(export.private_key) is None
    export.refresh_from_db()
    assert (export.status, export.private_key) == ("expired", "")
    assert AuditEvent.objects.filter(action="export_deleted", subject_id=str(export.pk)).exists()
    assert purge_exports() == 0


def test_the_mail_is_dropped_once_the_copy_is_over(owner: User) -> None:
    made(owner)
    DataExport.objects.update(status="expired")
    run_jobs("deliver_mail")
    assert mail.outbox == []


def test_making_it_twice_makes_one(owner: User) -> None:
    export = request_export(by=owner)
    make_export(export_id=export.pk)
    first = DataExport.objects.get().private_key
    make_export(export_id=export.pk)
    assert DataExport.objects.get().private_key == first
    assert len(waiting_jobs("deliver_mail")) == 1


def test_a_try_that_died_leaves_nothing_behind(owner: User) -> None:
    export = request_export(by=owner)
    private_files.write("private/died", b"half a life", content_type="application/zip")
    DataExport.objects.update(private_key="private/died")
    make_export(export_id=export.pk)
    assert private_files.size("private/died") is None
    assert DataExport.objects.get().private_key != "private/died"


def test_a_try_that_comes_after_the_account_was_closed_keeps_nothing(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = request_export(by=owner)

    def close_meanwhile(into: Any, *, user: User, at: datetime) -> None:  # Any: a file
        write_bundle(into, user=user, at=at)
        close_account(user=user)

    monkeypatch.setattr("uploads.services.exports.write_bundle", close_meanwhile)
    make_export(export_id=export.pk)
    export.refresh_from_db()
    assert export.status == "expired"
    assert private_files.size(export.private_key) is None


def test_one_that_lost_its_job_is_queued_again(owner: User) -> None:
    request_export(by=owner)
    purge_exports()
    assert len(waiting_jobs("uploads.tasks.make_export")) == 1
    later(hours=2)
    purge_exports()  # its job still waits
    assert len(waiting_jobs("uploads.tasks.make_export")) == 1
    forget_jobs()
    purge_exports()
    assert len(waiting_jobs("uploads.tasks.make_export")) == 1


def test_a_suspended_person_gets_theirs_too(client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(suspended_at=timezone.now())
    assert client.post(PAGE).status_code == 302
    assert DataExport.objects.get().user == owner


READY = {"status": "ready", "private_key": "private/1", "size": 1, "ready_at": NOON, "expires_at": NOON}


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("export_status_known", {"status": "lost"}),
        ("export_one_live_per_person", {}),
        ("export_ready_has_a_file_and_an_end", READY),
        ("export_ready_has_a_file_and_an_end", READY | {"expires_at": None}),
        ("export_ready_has_a_file_and_an_end", READY | {"expires_at": NOON + timedelta(days=1), "private_key": ""}),
        ("export_private_key_unique", {"status": "expired", "private_key": "private/mine"}),
    ],
)
def test_the_database_refuses_a_copy_that_makes_no_sense(
    owner: User, constraint: str, fields: dict[str, Any]
) -> None:  # Any: columns
    now = timezone.now()
    there = DataExport.objects.create(user=make_student(), requested_at=now, private_key="private/mine")
    if constraint == "export_one_live_per_person":
        fields = {"user": there.user}
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        DataExport.objects.create(**({"user": owner, "requested_at": now} | fields))
    assert violated_constraint(refusal.value) == constraint
    right = {"user": make_student(), "requested_at": now, "status": "ready", "private_key": "private/2", "size": 1}
    DataExport.objects.create(**right, ready_at=now, expires_at=now + timedelta(days=7))
