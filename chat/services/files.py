"""Files of a conversation: signed for, bound to a message, opened to those it is shared with, and given up in time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.errors import FileNotReady, ThreadBlocked, TooManyFiles
from chat.models import Message, MessageUpload, Thread, ThreadReport, is_sent
from marketplace.common.guards import SUPPORT
from marketplace.common.logging import get_logger
from uploads.models import Upload
from uploads.services import Ticket, grant_view, issue_upload, release_upload, revoke_view

log = get_logger(__name__)


def issue_file(*, thread: Thread, name: str, content_type: str, by: User) -> Ticket:
    """Sign leave to send a file that a message of this thread may take along. Raises ``ThreadBlocked``."""
    if thread.blocked_by_id is not None:
        raise ThreadBlocked
    return issue_upload(purpose=Upload.Purpose.MESSAGE, name=name, content_type=content_type, size=0, by=by)


def attach_files(*, message: Message, thread: Thread, upload_ids: Sequence[UUID], by: User) -> None:
    """Bind files to a new message and let the other person open them; support too, while a report of the thread is open.

    Runs inside the transaction that writes the message. Raises ``FileNotReady`` or ``TooManyFiles``.
    """
    if not upload_ids:
        return
    if len(upload_ids) > settings.MESSAGE_UPLOADS_MAX:
        raise TooManyFiles
    mine = Upload.objects.owned_by(by).ready().filter(pk__in=upload_ids, purpose=Upload.Purpose.MESSAGE)
    # Two messages that take the same file wait for each other here; the second finds it taken.
    files = {upload.pk: upload for upload in mine.select_for_update(no_key=True).order_by("pk")}
    if list(files) != sorted(upload_ids) or MessageUpload.objects.filter(upload__in=files).exists():
        raise FileNotReady
    MessageUpload.objects.bulk_create(
        MessageUpload(message=message, upload=files[pk], position=position)
        for position, pk in enumerate(upload_ids, start=1)
    )
    is_reported = ThreadReport.objects.filter(thread=thread, closed_at=None).exists()
    for upload in files.values():
        grant_view(upload=upload, to=thread.other(by))
        if is_reported:
            grant_view(upload=upload, to=support_group())


def share_with_support(thread: Thread) -> None:
    """Let support open the files of a thread that was reported. Runs inside the transaction of the report."""
    for item in MessageUpload.objects.filter(message__thread=thread).select_related("upload"):
        grant_view(upload=item.upload, to=support_group())


def unshare_with_support(thread: Thread) -> None:
    """Take that leave back. Runs inside the transaction that closes the last report."""
    for item in MessageUpload.objects.filter(message__thread=thread).select_related("upload"):
        revoke_view(upload=item.upload, of=support_group())


def release_unsent_files() -> int:
    """Give up files that no message took within ``MESSAGE_FILE_UNSENT_DAYS``; ``purge_uploads`` deletes their bytes.

    Safe to repeat. Tells how many there were.
    """
    before = timezone.now() - timedelta(days=settings.MESSAGE_FILE_UNSENT_DAYS)
    unsent = Upload.objects.ready().filter(~is_sent(), purpose=Upload.Purpose.MESSAGE, checked_at__lte=before)
    return sum(map(_release_if_unsent, unsent.order_by("pk").values_list("pk", flat=True)))


def support_group() -> Group:
    [name] = SUPPORT.groups
    return Group.objects.get_or_create(name=name)[0]


def _release_if_unsent(pk: UUID) -> bool:
    with transaction.atomic():
        upload = Upload.objects.select_for_update(no_key=True).get(pk=pk)  # a message may be taking it just now
        if MessageUpload.objects.filter(upload=upload).exists():
            return False
        release_upload(upload=upload)
        log.info("unsent_file_released", upload_id=str(pk))
        return True
