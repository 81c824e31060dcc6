"""Opening a stored file: a link of at most a minute, and a row in the audit log for each."""

from django.conf import settings

from accounts.models import User
from marketplace.common import audit
from uploads.errors import FileGone, NotUploaded, RejectedContent, StillChecking
from uploads.gateways.storage import StorageUnavailable, private_files
from uploads.models import Upload, UploadPage


def open_upload(*, upload: Upload, by: User) -> str:
    """Sign a link that downloads a file within ``DOWNLOAD_URL_SECONDS``. The caller has asked whether ``by`` may.

    Effects: an audit row. Raises ``NotUploaded``, ``StillChecking``, ``RejectedContent`` or ``FileGone`` for a file that
    is not ready, or not any more.
    """
    check_ready(upload)
    audit.record("upload_viewed", by=by, subject=upload, purpose=upload.purpose)
    return private_files.sign_get(
        upload.private_key,
        content_type=upload.content_type,
        seconds=settings.DOWNLOAD_URL_SECONDS,
        name=upload.name,
    )


def check_ready(upload: Upload) -> None:
    """Say why a file can't be opened, if it can't."""
    match upload.status:
        case Upload.Status.READY:
            return
        case Upload.Status.ISSUED:
            raise NotUploaded
        case Upload.Status.CHECKING:
            raise StillChecking
        case Upload.Status.REFUSED:
            raise RejectedContent(upload.refusal_sentence, reason=upload.refusal)
        case _:
            raise FileGone


def page_link(*, page: UploadPage, by: User) -> str:
    """Sign a link to the picture of one page, to be shown in a page of ours. Effects: an audit row."""
    audit.record("upload_page_viewed", by=by, subject=page.upload, page=page.number)
    return private_files.sign_get(
        page.private_key, content_type=page.content_type, seconds=settings.DOWNLOAD_URL_SECONDS
    )


def preview_link(*, page: UploadPage, by: User) -> str:
    """Sign a link to the picture of an image in a conversation.

    Effects: an audit row when staff look. The two people see it with each reading of what they wrote to each other.
    """
    if by.is_staff:
        return page_link(page=page, by=by)
    return private_files.sign_get(
        page.private_key, content_type=page.content_type, seconds=settings.DOWNLOAD_URL_SECONDS
    )


def photo_bytes(*, upload: Upload) -> bytes:
    """Read a profile photo, the one kind of file that we serve ourselves."""
    data = private_files.read(upload.private_key, max_bytes=settings.UPLOAD_MAX_BYTES)
    if data is None:
        raise StorageUnavailable
    return data
