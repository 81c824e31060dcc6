"""Writing and reading: a message once per client id, numbers without gaps, read marks that only rise."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.errors import EmptyMessage, ThreadBlocked
from chat.models import Message, Thread
from chat.services.files import attach_files
from chat.services.telling import tell_of_message, tell_of_thread


def post_message(
    *, thread: Thread, body: str, client_id: str, by: User, upload_ids: Sequence[UUID] = ()
) -> tuple[Message, bool]:
    """Add a message to a thread in which ``by`` takes part; tell whether it is new.

    Safe to repeat: the same ``client_id`` gives the message that is there. Grants the other person each file.
    Raises ``EmptyMessage``, ``FileNotReady``, ``ThreadBlocked`` or ``TooManyFiles``.
    """
    body = body.strip()
    if not body and not upload_ids:
        raise EmptyMessage
    with transaction.atomic():
        locked = Thread.objects.select_for_update(no_key=True).get(pk=thread.pk)
        now = timezone.now()
        earlier = Message.objects.filter(thread=locked, author=by, client_id=client_id).first()
        if earlier is not None:
            return earlier, False
        if locked.blocked_by_id is not None:
            raise ThreadBlocked
        message = _append(locked, body=body, client_id=client_id, by=by, at=now)
        attach_files(message=message, thread=locked, upload_ids=upload_ids, by=by)
        tell_of_message(locked, message)
        return message, True


def mark_read(*, thread: Thread, number: int, by: User) -> None:
    """Note that ``by`` has seen the thread up to ``number``. Only ever rises; safe to repeat in any order."""
    field = "student_read_number" if by.pk == thread.student_id else "mentor_read_number"
    behind = Thread.objects.filter(pk=thread.pk, last_number__gte=number, **{f"{field}__lt": number})
    with transaction.atomic():
        if behind.update(**{field: number}):
            tell_of_thread(thread)


def _append(thread: Thread, *, body: str, client_id: str, by: User, at: datetime) -> Message:
    number = thread.last_number + 1
    message = Message.objects.create(
        thread=thread, author=by, number=number, body=body, client_id=client_id, created_at=at
    )
    # Who writes has the conversation before them: what stands above counts as read.
    read = "student_read_number" if by.pk == thread.student_id else "mentor_read_number"
    Thread.objects.filter(pk=thread.pk).update(**{"last_number": number, "last_message_at": at, read: number})
    return message
