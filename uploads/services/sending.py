"""From the browser to storage: leave to send a file, and the word that it was sent."""

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from marketplace.common.idempotency import remember_made
from marketplace.common.logging import get_logger
from uploads.errors import FileGone, NotUploaded, RejectedContent
from uploads.gateways.storage import SignedPost, private_files
from uploads.inspection import LONGEST_MAGIC, NotKept, look_at
from uploads.models import Upload
from uploads.services.queueing import queue_check
from uploads.signals import upload_completed, upload_refused

log = get_logger(__name__)

NAME_LENGTH = 120


@dataclass(frozen=True)
class Ticket:
    """An upload's row and the signed form that fills it."""

    upload: Upload
    post: SignedPost


def issue_upload(*, purpose: str, name: str, content_type: str, size: int, by: User) -> Ticket:
    """Sign leave to send one file to quarantine, and remember whose it is.

    ``size`` is what the client says (bytes; 0 when it can't tell) and binds nothing: the policy and the check do.
    Call it inside the transaction that writes the row the file belongs to.
    """
    now = timezone.now()
    key = uuid.uuid4()
    with transaction.atomic():
        upload = Upload.objects.create(
            id=key,
            owner=by,
            purpose=purpose,
            name=clean_name(name),
            content_type=content_type,
            size=size,
            quarantine_key=f"quarantine/{uuid.uuid4()}",
            expires_at=now + timedelta(seconds=settings.UPLOAD_URL_SECONDS),
        )
        remember_made(upload.pk)
    return Ticket(upload, sign_again(upload=upload))


def sign_again(*, upload: Upload, return_to: str = "") -> SignedPost:
    """Sign the form of an upload that waits for its file, for what is left of its time. Raises ``FileGone``."""
    left = int((upload.expires_at - timezone.now()).total_seconds())
    if upload.status != Upload.Status.ISSUED or left <= 0:
        raise FileGone
    return private_files.sign_post(
        upload.quarantine_key,
        content_type=upload.content_type,
        max_bytes=settings.UPLOAD_MAX_BYTES,
        seconds=left,
        return_to=return_to,
    )


def complete_upload(*, upload: Upload) -> Upload:
    """Take the owner's word that the file was sent, look at what is there, and have it checked.

    Raises ``NotUploaded`` when nothing came and ``RejectedContent`` when it can't be kept; then it is deleted at once.
    Effects: a check is queued; ``upload_completed`` or ``upload_refused``. Safe to repeat.
    """
    upload = Upload.objects.get(pk=upload.pk)
    if upload.status == Upload.Status.ISSUED:
        refusal = _first_look(upload)
        with transaction.atomic(durable=True):
            _record_first_look(upload, refusal)
        upload.refresh_from_db()
    if upload.status == Upload.Status.REFUSED:
        private_files.delete(upload.quarantine_key)
        raise RejectedContent(upload.refusal_sentence, reason=upload.refusal)
    if upload.status == Upload.Status.PURGED:
        raise NotUploaded
    return upload


def _first_look(upload: Upload) -> str:
    size = private_files.size(upload.quarantine_key)
    if size is None:
        raise NotUploaded
    start = private_files.read(upload.quarantine_key, max_bytes=LONGEST_MAGIC) if size else b""
    try:
        look_at(size=size, start=start or b"", content_type=upload.content_type)
    except NotKept as refused:
        return refused.refusal
    return ""


def _record_first_look(upload: Upload, refusal: str) -> None:
    now = timezone.now()
    waiting = Upload.objects.filter(pk=upload.pk, status=Upload.Status.ISSUED)
    if refusal:
        changes = {"status": Upload.Status.REFUSED, "refusal": refusal, "completed_at": now, "checked_at": now}
    else:
        changes = {"status": Upload.Status.CHECKING, "completed_at": now}
    if not waiting.update(**changes):
        return  # another request was first; what it found stands
    upload.refresh_from_db()
    if refusal:
        upload_refused.send(sender=Upload, upload=upload)
        log.info("upload_refused", upload_id=str(upload.pk), refusal=refusal)
    else:
        queue_check(upload)
        upload_completed.send(sender=Upload, upload=upload)


def clean_name(name: str) -> str:
    """A file's name without folders or characters that don't show; the end is kept when it is too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip()
    return shown[-NAME_LENGTH:] or "file"
