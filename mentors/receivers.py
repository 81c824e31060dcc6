"""What mentors hears from uploads, inside the transaction that made it true."""

from typing import Any

from django.dispatch import receiver

from mentors.services import documents
from uploads.models import Upload
from uploads.signals import upload_completed, upload_refused


@receiver(upload_completed)
def file_arrived(upload: Upload, **_kwargs: Any) -> None:  # Any: what every signal carries
    if upload.purpose == Upload.Purpose.VERIFICATION:
        documents.receive_document(upload=upload)


@receiver(upload_refused)
def file_did_not_pass(upload: Upload, **_kwargs: Any) -> None:  # Any: what every signal carries
    if upload.purpose == Upload.Purpose.VERIFICATION:
        documents.drop_unusable_document(upload=upload)
