"""Changing one's mind: a message is edited for a few minutes, and deleted at any time. Both sides see it at once."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.errors import EmptyMessage, MessageDeleted, ThreadBlocked, TooLateToEdit
from chat.models import Message, Thread
from chat.services.telling import tell_of_message
from uploads.services import revoke_view


def edit_message(*, message: Message, body: str, by: User) -> Message:
    """Change what a message of ``by`` says, within ``MESSAGE_EDIT_MINUTES``. The database keeps what it said before.

    Safe to repeat: the same text changes nothing.
    Raises ``EmptyMessage``, ``MessageDeleted``, ``ThreadBlocked`` or ``TooLateToEdit``.
    """
    body = body.strip()
    with transaction.atomic():
        thread, locked, now = _lock(message, by)
        if locked.deleted_at is not None:
            raise MessageDeleted
        if body == locked.body:
            return locked
        if thread.blocked_by_id is not None:
            raise ThreadBlocked
        if not locked.may_be_edited(at=now):
            raise TooLateToEdit
        if not body and not locked.message_uploads.exists():
            raise EmptyMessage
        locked.body, locked.edited_at = body, now
        _write(thread, locked)
        return locked


def delete_message(*, message: Message, by: User) -> Message:
    """Take a message of ``by`` back: a stub is left, and its files are no longer open to the other person.

    What it said, and its files, stay for support in case the thread is reported. Safe to repeat.
    """
    with transaction.atomic():
        thread, locked, now = _lock(message, by)
        if locked.deleted_at is not None:
            return locked
        locked.body, locked.deleted_at = "", now
        _write(thread, locked)
        for item in locked.message_uploads.select_related("upload"):
            revoke_view(upload=item.upload, of=thread.other(by))
        return locked


def _lock(message: Message, by: User) -> tuple[Thread, Message, datetime]:
    """Lock the thread, whose row hands out the numbers, then read the message as it is now."""
    threads = Thread.objects.select_for_update(no_key=True, of=("self",)).select_related("student", "mentor__user")
    thread = threads.get(pk=message.thread_id)
    now = timezone.now()
    return thread, Message.objects.get(pk=message.pk, thread=thread, author=by), now


def _write(thread: Thread, message: Message) -> None:
    thread.last_change += 1
    message.change_number = thread.last_change
    thread.save(update_fields=["last_change"])
    message.save(update_fields=["body", "edited_at", "deleted_at", "change_number"])
    tell_of_message(thread, message)
