"""What becomes of a mentor whose owner closes the account."""

from django.db.models import F

from accounts.models import User
from mentors.models import Mentor, VerificationDocument
from mentors.services.rows import lock_mentor, log_event
from mentors.signals import status_changed
from uploads.models import Upload
from uploads.services import release_upload

# With the id of the row, a handle that nobody chose and nobody else has.
HANDLE = "closed-{id}"


def forget_mentor(*, user: User) -> None:
    """Empty a mentor's profile: text, rates, hours, calendars and files go. What was decided about them, and when, stays.

    Their account is locked, in the transaction that closes it. Effects: ``status_changed``; the files are deleted by the
    next purge.
    """
    mentor = Mentor.objects.filter(pk=user.pk).first()
    if mentor is None:
        return
    _forget_files(user)  # before the row is locked, as whoever has both takes them (services/documents.py)
    row = lock_mentor(mentor)
    open_ones = (VerificationDocument.Status.SENDING, VerificationDocument.Status.WAITING)
    row.documents.filter(status__in=open_ones).update(status=VerificationDocument.Status.WITHDRAWN)
    for belongings in (row.availability_rules, row.availability_exceptions, row.busy_times, row.calendars):
        belongings.all().delete()
    row.mentor_subjects.all().delete()
    row.packages.all().delete()
    before = row.status
    # A draft: the one state that is neither found, nor read, nor on any desk, and needs no profile.
    Mentor.objects.filter(pk=row.pk).update(
        status=Mentor.Status.DRAFT,
        version=F("version") + 1,
        handle=HANDLE.format(id=row.pk.hex),
        headline="",
        bio="",
        languages=[],
        levels=[],
        photo=None,
        hourly_rate_minor=None,
        time_zone="",
        meeting_url="",
        paused_at=None,
        hidden_until=None,
    )
    row.refresh_from_db()
    log_event(row, "closed", by=user)
    status_changed.send(sender=Mentor, mentor=row, before=before)


def _forget_files(user: User) -> None:
    files = Upload.objects.owned_by(user).filter(purpose__in=[Upload.Purpose.VERIFICATION, Upload.Purpose.PHOTO])
    for upload in files.order_by("pk"):
        release_upload(upload=upload)
