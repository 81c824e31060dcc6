"""What the two people of a thread are told at once (``marketplace.common.live``), in the transaction that made it true."""

from uuid import UUID

from chat.models import Message, Thread
from marketplace.common import live


def tell_of_message(thread: Thread, message: Message) -> None:
    """A message is new, or says something else than before."""
    live.publish(live.to_people(_both(thread), "message", thread=str(thread.pk), message=str(message.pk)))


def tell_of_thread(thread: Thread) -> None:
    """Somebody has read on, or has closed or opened the conversation."""
    live.publish(live.to_people(_both(thread), "read", thread=str(thread.pk)))


def _both(thread: Thread) -> tuple[UUID, UUID]:
    return thread.student_id, thread.mentor_id
