"""The thorough check of a file in quarantine, and the way of the checked bytes to their private key."""

import hashlib
import uuid
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from marketplace.common.logging import get_logger
from uploads.gateways.scanner import Scanner
from uploads.gateways.storage import private_files
from uploads.inspection import Checked, NotKept, inspect
from uploads.models import Upload, UploadPage, UploadQuerySet
from uploads.services.queueing import queue_check
from uploads.signals import upload_ready, upload_refused

log = get_logger(__name__)


@dataclass(frozen=True)
class Claim:
    """One worker's turn at one upload. The fresh key is also the proof whose turn it is."""

    upload: Upload
    key: str

    def page_key(self, number: int) -> str:
        return f"{self.key}-page-{number}"


def check_upload(*, upload_id: UUID, scanner: Scanner | None) -> None:
    """Check one file: scan, parse, and write the very bytes that passed to a private key of their own.

    The bytes are read once and never copied by key, so what quarantine holds afterwards does not matter.
    Raises ``ScannerSilent`` or ``StorageUnavailable`` with the file still waiting. Safe to repeat.
    Effects: ``upload_ready`` or ``upload_refused``; quarantine is emptied.
    """
    claim = _claim(upload_id)
    if claim is None:
        return  # another worker has it, or it is done
    try:
        result = _check(claim, scanner)
        if isinstance(result, Checked):
            _write(claim, result)
    except Exception:
        _let_go(claim)
        raise
    with transaction.atomic(durable=True):
        recorded = _record_ready(claim, result) if isinstance(result, Checked) else _record_refused(claim, result)
    if recorded:
        private_files.delete(claim.upload.quarantine_key)
    else:
        private_files.delete_all(claim.key)  # someone else's turn came before this one's end


def requeue_lost_checks() -> None:
    """Queue again what waits for a check that no job is about to do: its worker died. Safe to repeat."""
    now = timezone.now()
    lost = Upload.objects.claimable(at=now).filter(completed_at__lte=now - settings.UPLOAD_CHECK_TIMEOUT)
    for upload in lost.order_by("completed_at", "pk").iterator():
        queue_check(upload)


def _claim(upload_id: UUID) -> Claim | None:
    now = timezone.now()
    key = f"private/{uuid.uuid4()}"
    with transaction.atomic(durable=True):
        upload = Upload.objects.select_for_update().claimable(at=now).filter(pk=upload_id).first()
        if upload is None:
            return None
        abandoned, upload.private_key, upload.claimed_at = upload.private_key, key, now
        upload.save(update_fields=["private_key", "claimed_at"])
    if abandoned:
        private_files.delete_all(abandoned)
    return Claim(upload, key)


def _check(claim: Claim, scanner: Scanner | None) -> Checked | NotKept:
    upload = claim.upload
    data = private_files.read(upload.quarantine_key, max_bytes=settings.UPLOAD_MAX_BYTES + 1)
    if data is None:
        return NotKept(Upload.Refusal.UNREADABLE)  # it was there when it was completed
    if scanner is not None and not scanner.is_clean(data):
        return NotKept(Upload.Refusal.INFECTED)
    try:
        return inspect(data, content_type=upload.content_type, purpose=upload.purpose)
    except NotKept as refused:
        return refused


def _write(claim: Claim, checked: Checked) -> None:
    private_files.write(claim.key, checked.data, content_type=checked.content_type)
    for number, preview in enumerate(checked.previews, start=1):
        private_files.write(claim.page_key(number), preview.data, content_type=preview.content_type)


def _let_go(claim: Claim) -> None:
    """Give the turn back, so that the next try need not wait for it to lapse."""
    Upload.objects.filter(pk=claim.upload.pk, private_key=claim.key).update(claimed_at=None)


def _mine(claim: Claim) -> UploadQuerySet:
    return Upload.objects.filter(pk=claim.upload.pk, status=Upload.Status.CHECKING, private_key=claim.key)


def _record_ready(claim: Claim, checked: Checked) -> bool:
    recorded = _mine(claim).update(
        status=Upload.Status.READY,
        content_type=checked.content_type,
        size=len(checked.data),
        sha256=hashlib.sha256(checked.data).hexdigest(),
        checked_at=timezone.now(),
    )
    if not recorded:
        return False
    UploadPage.objects.bulk_create(
        UploadPage(
            upload=claim.upload,
            number=number,
            private_key=claim.page_key(number),
            content_type=preview.content_type,
            width=preview.width,
            height=preview.height,
        )
        for number, preview in enumerate(checked.previews, start=1)
    )
    claim.upload.refresh_from_db()
    upload_ready.send(sender=Upload, upload=claim.upload)
    log.info("upload_ready", upload_id=str(claim.upload.pk))
    return True


def _record_refused(claim: Claim, refused: NotKept) -> bool:
    recorded = _mine(claim).update(
        status=Upload.Status.REFUSED, refusal=refused.refusal, private_key="", checked_at=timezone.now()
    )
    if not recorded:
        return False
    claim.upload.refresh_from_db()
    upload_refused.send(sender=Upload, upload=claim.upload)
    log.info("upload_refused", upload_id=str(claim.upload.pk), refusal=refused.refusal)
    return True
