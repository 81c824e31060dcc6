"""Copies of all that is kept about a person: asked for once, made by a job, fetched by them alone, deleted after days."""

import tempfile
import uuid
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from accounts.models import User
from marketplace.common import audit
from marketplace.common.logging import get_logger
from marketplace.common.passes import Pass
from uploads import emails
from uploads.bundle import write_bundle
from uploads.errors import ExportGone, ExportUnderWay, OneExportADay
from uploads.gateways.storage import private_files
from uploads.models import DataExport

log = get_logger(__name__)

Status = DataExport.Status
TASK = "uploads.tasks.make_export"
ZIP = "application/zip"
EVERY = timedelta(hours=settings.EXPORT_EVERY_HOURS)
# One that waits longer than this has lost its job.
LOST_AFTER = timedelta(hours=1)


def request_export(*, by: User) -> DataExport:
    """Ask for a copy of one's data; one that can still be fetched is given up for it.

    Raises ``ExportUnderWay``, ``OneExportADay``. Effects: a job in the same transaction; an audit row.
    """
    with transaction.atomic():
        # The row of the person is the lock: two requests at once make one export.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        now = timezone.now()
        mine = DataExport.objects.owned_by(by)
        if mine.filter(status=Status.QUEUED).exists():
            raise ExportUnderWay
        if (next_at := may_ask_at(by)) is not None and next_at > now:
            raise OneExportADay(retry_after=int((next_at - now).total_seconds()))
        mine.live().update(status=Status.EXPIRED)
        export = DataExport.objects.create(user=by, requested_at=now)
        audit.record("export_requested", by=by, subject=export)
        _queue(export)
        return export


def may_ask_at(user: User) -> datetime | None:
    """From when on somebody may ask for a copy again; None if they never did."""
    latest = DataExport.objects.owned_by(user).order_by("-requested_at", "-pk").first()
    return latest.requested_at + EVERY if latest else None


def make_export(*, export_id: UUID) -> None:
    """Make one copy: write it to a file of our own, send that to a private key, tell the person.

    Each try has a key of its own, kept in the row before anything is written under it, so that nothing can lie in storage
    that no row knows of. Raises ``StorageUnavailable`` with the export still waiting. Safe to repeat.
    Effects: the mail "Your data is ready to download".
    """
    key = f"private/{uuid.uuid4()}"
    with transaction.atomic(durable=True):
        export = DataExport.objects.select_for_update().select_related("user").filter(pk=export_id).first()
        if export is None or export.status != Status.QUEUED:
            return  # made already, or its owner has closed the account
        abandoned, export.private_key = export.private_key, key
        export.save(update_fields=["private_key"])
    if abandoned:
        private_files.delete(abandoned)
    with tempfile.TemporaryFile() as file:
        write_bundle(file, user=export.user, at=timezone.now())
        size = file.tell()
        file.seek(0)
        private_files.write(key, file, content_type=ZIP)
    with transaction.atomic(durable=True):
        is_kept = _record_ready(export, size=size)
    if not is_kept:
        private_files.delete(key)  # someone else's try came before this one's end, or nobody wants it any more


def _record_ready(export: DataExport, *, size: int) -> bool:
    now = timezone.now()
    mine = DataExport.objects.filter(pk=export.pk, status=Status.QUEUED, private_key=export.private_key)
    until = now + timedelta(days=settings.EXPORT_DAYS)
    if not mine.update(status=Status.READY, size=size, ready_at=now, expires_at=until):
        return False
    export.refresh_from_db()
    emails.send_export_ready(export)
    log.info("export_ready", export_id=str(export.pk), size=size)
    return True


def open_export(*, export: DataExport, by: User) -> str:
    """Sign a link that downloads a copy within ``DOWNLOAD_URL_SECONDS``. The caller has asked whose it is.

    Effects: an audit row. Raises ``ExportGone`` once its time is over, or while it is being made.
    """
    if export.status_at(timezone.now()) != Status.READY or export.ready_at is None:
        raise ExportGone
    audit.record("export_opened", by=by, subject=export)
    return private_files.sign_get(
        export.private_key,
        content_type=ZIP,
        seconds=settings.DOWNLOAD_URL_SECONDS,
        name=f"{settings.SITE_NAME.lower()}-{export.ready_at:%Y-%m-%d}.zip",
    )


def give_up_exports(*, user: User) -> None:
    """Let nobody fetch a person's copies any more; the next ``purge_exports`` deletes them. In the caller's transaction."""
    DataExport.objects.owned_by(user).live().update(status=Status.EXPIRED)


def purge_exports() -> int:
    """Delete the copies whose time is over, and queue again those that lost their job. Tells how many were deleted.

    A copy counts as deleted once storage has nothing under its key. Each is done by itself. Safe to repeat. Raises an
    ``ExceptionGroup`` of what went wrong.
    """
    now = timezone.now()
    for export in DataExport.objects.filter(status=Status.QUEUED, requested_at__lte=now - LOST_AFTER).order_by("pk"):
        _queue(export)
    this, gone = Pass("purge_exports"), list[DataExport]()
    for export in DataExport.objects.over(at=now).order_by("requested_at", "pk"):
        this.run(partial(_delete, export, gone), export_id=str(export.pk))
    this.finish()
    return len(gone)


def _delete(export: DataExport, gone: list[DataExport]) -> None:
    private_files.delete(export.private_key)
    if private_files.size(export.private_key) is not None:
        log.error("export_still_stored", export_id=str(export.pk))
        return
    with transaction.atomic(durable=True):
        DataExport.objects.filter(pk=export.pk).update(status=Status.EXPIRED, private_key="", size=0)
        audit.record("export_deleted", by=None, subject=export)
    gone.append(export)


def _queue(export: DataExport) -> None:
    job = app.configure_task(TASK, queueing_lock=f"make_export:{export.pk}", allow_unknown=True)
    try:
        with transaction.atomic():  # a savepoint: the refusal of a second one would break the caller's transaction
            job.defer(export_id=str(export.pk))
    except AlreadyEnqueued:
        return
