"""Applications as reviewers meet them: sent, with documents whose files have passed their check."""

import uuid
from datetime import timedelta

from django.contrib.auth.models import Group
from django.utils import timezone

from mentors.models import Mentor, Subject, VerificationDocument
from tests.factories import make_mentor, make_subject
from uploads.models import Upload
from uploads.services import grant_view


def make_document(
    mentor: Mentor,
    *,
    kind: str = "government_id",
    subject: Subject | None = None,
    waited: timedelta = timedelta(hours=2),
    upload_status: str = Upload.Status.READY,
    **fields: object,
) -> VerificationDocument:
    """A document that was sent; its bytes are nowhere, only the row says that they were checked."""
    now = timezone.now()
    key = uuid.uuid4()
    upload = Upload.objects.create(
        owner=mentor.user,
        purpose=Upload.Purpose.VERIFICATION,
        status=upload_status,
        name="passport.pdf",
        content_type="application/pdf",
        size=2_100_000,
        sha256="0" * 64,
        quarantine_key=f"quarantine/{key}",
        private_key=f"private/{key}",
        refusal="active" if upload_status == Upload.Status.REFUSED else "",
        expires_at=now,
        completed_at=now,
        checked_at=now,
    )
    grant_view(upload=upload, to=Group.objects.get_or_create(name="reviewer")[0])
    return VerificationDocument.objects.create(
        mentor=mentor, kind=kind, subject=subject, upload=upload, sent_at=now - waited, **fields
    )


def make_application(*, certificate: bool = False, **fields: object) -> Mentor:
    """A submitted mentor whose government ID (and certificate) wait."""
    mentor = make_mentor(status=Mentor.Status.SUBMITTED, **fields)  # type: ignore[arg-type]  # columns of any type
    mentor.mentor_subjects.update(verified_at=None)
    make_document(mentor)
    if certificate:
        make_document(mentor, kind="certificate", subject=make_subject(), waited=timedelta(hours=1))
    return mentor


def document_of(mentor: Mentor, kind: str = "government_id") -> VerificationDocument:
    return mentor.documents.get(kind=kind)


def approve_id(mentor: Mentor, *, by: object) -> None:
    """Mark the ID as approved, as an earlier decision would have left it."""
    mentor.documents.filter(kind="government_id").update(
        status=VerificationDocument.Status.APPROVED, decided_by=by, decided_at=timezone.now()
    )
