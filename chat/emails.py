"""Mails about conversations."""

from uuid import UUID

from accounts.models import User
from chat.models import Thread
from marketplace.common.mail_checks import Check, at_send_time
from marketplace.common.mailing import send


def send_digest(thread: Thread, *, to: User, count: int) -> bool:
    """Tell somebody that messages wait for them, once until they have read some; tell whether it was the first time.

    Without the words: they may be deleted, and a mail can't be taken back. In the caller's transaction. Fetch ``student``
    and ``mentor__user`` along.
    """
    read = thread.read_number(to)
    return send(
        "message_digest",
        to=to,
        context={"thread": thread, "other": thread.other(to), "count": count},
        still=Check("chat.is_unread", {"thread": str(thread.pk), "reader": str(to.pk), "read": str(read)}),
        once=about_unread(thread.pk, read),
    )


def about_unread(thread_id: UUID, read_number: int) -> str:
    """What a digest is about: all that came after what its reader has read."""
    return f"{thread_id} {read_number}"


@at_send_time("chat.is_unread")
def is_unread(*, thread: str, reader: str, read: str) -> bool:
    """Whether a conversation is open, and its reader has read nothing since."""
    found = Thread.objects.filter(pk=UUID(thread), blocked_by=None).first()
    if found is None:
        return False
    mine = found.student_read_number if found.student_id == UUID(reader) else found.mentor_read_number
    return mine == int(read)
