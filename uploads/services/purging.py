"""Deleting files for good, and sweeping up what nobody finished."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.common import audit
from marketplace.common.logging import get_logger
from marketplace.common.passes import Pass
from uploads.gateways.storage import private_files
from uploads.models import Upload, UploadGroupObjectPermission, UploadUserObjectPermission

log = get_logger(__name__)

# A browser that began to send just before its leave lapsed may still be at it.
LATE_POST = timedelta(minutes=10)

Status = Upload.Status


def release_upload(*, upload: Upload) -> None:
    """Give a file up: from now on nobody opens it, and the next ``purge_uploads`` deletes its bytes.

    Safe to repeat. Effects: grants end.
    """
    now = timezone.now()
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk).exclude(status=Status.PURGED).update(status=Status.PURGED, purged_at=now)
        UploadUserObjectPermission.objects.filter(content_object=upload.pk).delete()
        UploadGroupObjectPermission.objects.filter(content_object=upload.pk).delete()


def purge_uploads() -> int:
    """Delete what was given up, what was never completed within a day, and what lies on in quarantine.

    Each row is done by itself, so that an end halfway leaves the rest for the next pass, and one that storage will not let go
    keeps no other. Tells how many files went. Raises an ``ExceptionGroup`` of what went wrong.
    """
    now, this = timezone.now(), Pass("purge_uploads")
    _give_up_unfinished(at=now)
    _forget_unkept()
    count = _delete_released(this) + _clear_quarantine(this, at=now)
    this.finish()
    return count


def _give_up_unfinished(*, at: datetime) -> None:
    begun_before = at - timedelta(hours=settings.UPLOAD_COMPLETE_HOURS)
    Upload.objects.filter(status=Status.ISSUED, created_at__lte=begun_before).update(status=Status.PURGED, purged_at=at)


def _forget_unkept() -> None:
    """Drop the names of files that were given up before any bytes of them were kept: a name may tell as much."""
    Upload.objects.filter(status=Status.PURGED, private_key="").exclude(name="").update(name="")


def _delete_released(this: Pass) -> int:
    """Delete the bytes of what was given up."""
    released = Upload.objects.filter(status=Status.PURGED).exclude(private_key="")
    gone: list[Upload] = []
    for upload in released.order_by("purged_at", "pk").iterator():
        this.run(partial(_delete, upload, gone), upload_id=str(upload.pk))
    return len(gone)


def _delete(upload: Upload, gone: list[Upload]) -> None:
    """Delete the bytes of one upload, and write down that they are gone only once storage has none of them."""
    private_files.delete_all(upload.private_key)
    private_files.delete(upload.quarantine_key)
    if left := private_files.keys(upload.private_key):
        log.error("upload_still_stored", upload_id=str(upload.pk), files=len(left))
        return
    with transaction.atomic(durable=True):
        pages, _by_model = upload.pages.all().delete()
        Upload.objects.filter(pk=upload.pk, status=Status.PURGED).update(
            private_key="", name="", sha256="", purged_at=timezone.now()
        )
        audit.record("upload_purged", by=None, subject=upload, purpose=upload.purpose, pages=pages)
    log.info("upload_purged", upload_id=str(upload.pk), purpose=upload.purpose)
    gone.append(upload)


def _clear_quarantine(this: Pass, *, at: datetime) -> int:
    """Empty the quarantine keys of finished uploads once nobody can write there any more.

    The check empties them too; but until its leave lapses, a browser may post the same file once more.
    """
    lapsed = Upload.objects.filter(cleared_at=None, expires_at__lte=at - LATE_POST)
    finished = lapsed.filter(Q(status=Status.READY) | Q(status=Status.REFUSED) | Q(status=Status.PURGED))
    gone: list[Upload] = []
    for upload in finished.order_by("expires_at", "pk").iterator():
        this.run(partial(_clear, upload, gone), upload_id=str(upload.pk))
    return len(gone)


def _clear(upload: Upload, gone: list[Upload]) -> None:
    private_files.delete(upload.quarantine_key)
    Upload.objects.filter(pk=upload.pk).update(cleared_at=timezone.now())
    gone.append(upload)
