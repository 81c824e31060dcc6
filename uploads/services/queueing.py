"""The job that checks a file, deferred in the caller's transaction."""

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from uploads.models import Upload

TASK = "uploads.tasks.check_upload"


def queue_check(upload: Upload) -> None:
    """Queue the check of one upload. Safe to repeat: while it waits in the queue it is not queued again."""
    job = app.configure_task(TASK, queueing_lock=f"check_upload:{upload.pk}")
    try:
        with transaction.atomic():  # a savepoint: the refusal of a second one would break the caller's transaction
            job.defer(upload_id=str(upload.pk))
    except AlreadyEnqueued:
        return
