"""Verification documents on their way to the reviewers: sent, replaced, taken back, and deleted in time.

A row of ``uploads`` is always changed before the mentor's row is locked, never after: the check of a file announces
its end with the upload's row in hand. What must happen to other files is left to a job (``purge``).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from marketplace.common.guards import REVIEWER
from marketplace.common.logging import get_logger
from mentors.errors import WrongState
from mentors.models import Mentor, Subject, VerificationDocument
from mentors.services.rows import lock_for_writing, lock_mentor, log_event, raise_version
from uploads.models import Upload
from uploads.services import Ticket, grant_view, issue_upload, purge_uploads, release_upload, revoke_view

log = get_logger(__name__)

Kind = VerificationDocument.Kind
Status = VerificationDocument.Status


def issue_document(
    *, mentor: Mentor, kind: str, subject: Subject | None, name: str, content_type: str, size: int, by: User
) -> tuple[VerificationDocument, Ticket]:
    """Sign leave to send a government ID, or the certificate of a subject.

    ``size`` in bytes, 0 where the browser can't tell. The document counts once its file has arrived. Raises
    ``WrongState`` once the application was refused, ``Suspended``.
    """
    with transaction.atomic():
        row = lock_for_writing(mentor)
        if row.status == Mentor.Status.REJECTED:
            raise WrongState
        ticket = issue_upload(
            purpose=Upload.Purpose.VERIFICATION, name=name, content_type=content_type, size=size, by=by
        )
        document = VerificationDocument.objects.create(
            mentor=row, kind=kind, subject=subject, upload=ticket.upload, status=Status.SENDING
        )
        return document, ticket


def receive_document(*, upload: Upload) -> None:
    """Count a document as sent: its file is in storage. One that waited in its place is taken back.

    Runs inside the transaction that completes the upload. Effects: reviewers may open the file; a new version.
    """
    document = VerificationDocument.objects.get(upload=upload)
    now = timezone.now()
    row = lock_mentor(document.mentor)
    same_place = Q(mentor=row, kind=document.kind, subject=document.subject_id)
    for earlier in VerificationDocument.objects.filter(same_place, status=Status.WAITING).select_related("upload"):
        _take_back(earlier)
    sent = VerificationDocument.objects.filter(pk=document.pk, status=Status.SENDING)
    if not sent.update(status=Status.WAITING, sent_at=now):
        return  # taken back while it was on its way
    grant_view(upload=upload, to=reviewers())
    raise_version(row)
    log_event(row, "document_sent", by=upload.owner, document=str(document.pk), kind=document.kind)


def drop_unusable_document(*, upload: Upload) -> None:
    """Take a document back whose file did not pass its check. Runs inside the transaction that records it."""
    document = VerificationDocument.objects.get(upload=upload)
    row = lock_mentor(document.mentor)
    document.refresh_from_db(fields=["status"])
    if document.status not in {Status.SENDING, Status.WAITING}:
        return
    VerificationDocument.objects.filter(pk=document.pk).update(status=Status.WITHDRAWN)
    revoke_view(upload=upload, of=reviewers())
    if document.status == Status.WAITING:
        raise_version(row)
    log_event(row, "document_unusable", by=None, document=str(document.pk), refusal=upload.refusal)


def withdraw_document(*, document: VerificationDocument, by: User) -> None:
    """Take a document back that waits. Raises ``WrongState`` once it was decided, ``Suspended``.

    Effects: a new version; its file is deleted by a job.
    """
    with transaction.atomic():
        row = lock_for_writing(document.mentor)
        document.refresh_from_db(fields=["status"])
        if document.status not in {Status.SENDING, Status.WAITING}:
            raise WrongState
        if document.status == Status.WAITING:
            raise_version(row)
        _take_back(document)
        log_event(row, "document_withdrawn", by=by, document=str(document.pk))


def reviewers() -> Group:
    [name] = REVIEWER.groups
    return Group.objects.get_or_create(name=name)[0]


def purge() -> int:
    """Delete every file that may not be kept any longer, of documents and of all else. Tells how many went."""
    release_documents()
    return purge_uploads()


def release_documents() -> None:
    """Give up the files that may not be kept, and their page images: ``uploads.purge_uploads`` then deletes them.

    Those of documents taken back; government IDs ``ID_RETENTION_DAYS`` after their decision, or
    ``UNDECIDED_RETENTION_DAYS`` after they were sent and never decided. The rows stay, with kind, decision, reviewer
    and time. Safe to repeat.
    """
    now = timezone.now()
    _forget_unsent()
    _lapse_undecided(before=now - timedelta(days=settings.UNDECIDED_RETENTION_DAYS))
    decided_before = now - timedelta(days=settings.ID_RETENTION_DAYS)
    over = Q(status=Status.WITHDRAWN) | Q(kind=Kind.GOVERNMENT_ID, decided_at__lte=decided_before)
    kept = Q(upload__status__in=[Upload.Status.PURGED, Upload.Status.REFUSED])
    for document in VerificationDocument.objects.filter(over).exclude(kept).select_related("upload").order_by("pk"):
        release_upload(upload=document.upload)
        log.info("document_released", document_id=str(document.pk))


def _take_back(document: VerificationDocument) -> None:
    """Mark a document as removed and have its file deleted. The mentor's row is locked."""
    VerificationDocument.objects.filter(pk=document.pk).update(status=Status.WITHDRAWN)
    revoke_view(upload=document.upload, of=reviewers())
    app.configure_task("mentors.tasks.purge").defer()


def _forget_unsent() -> None:
    """Drop what was begun and never sent: its upload was given up after a day."""
    VerificationDocument.objects.filter(status=Status.SENDING, upload__status=Upload.Status.PURGED).update(
        status=Status.WITHDRAWN
    )


def _lapse_undecided(*, before: datetime) -> None:
    waiting = VerificationDocument.objects.filter(
        kind=Kind.GOVERNMENT_ID, status=Status.WAITING, sent_at__lte=before
    ).select_related("mentor", "upload")
    for document in waiting.order_by("pk"):
        with transaction.atomic():
            row = lock_mentor(document.mentor)
            if not VerificationDocument.objects.filter(pk=document.pk, status=Status.WAITING).update(
                status=Status.WITHDRAWN
            ):
                continue
            raise_version(row)
            log_event(row, "document_lapsed", by=None, document=str(document.pk))
