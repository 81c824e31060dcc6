"""Writing and reading: a message once per client id, numbers without gaps, read marks that only rise."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from chat.errors import EmptyMessage, ThreadBlocked
from chat.models import Message, Thread
from chat.services.files import attach_files
from chat.services.telling import tell_of_message, tell_of_thread
from marketplace.common.errors import violated_constraint


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
    try:
        with transaction.atomic():
            message = _append(thread, body=body, client_id=client_id, by=by)
            if message is not None:
                attach_files(message=message, thread=thread, upload_ids=upload_ids, by=by)
                tell_of_message(thread, message)
                return message, True
    except IntegrityError as exc:
        # Sent twice at once: the other one was not to be seen before it had the lock.
        if violated_constraint(exc) != "message_client_id_unique":
            raise
    earlier = Message.objects.filter(thread=thread, author=by, client_id=client_id).first()
    if earlier is None:
        raise ThreadBlocked
    return earlier, False


def mark_read(*, thread: Thread, number: int, by: User) -> None:
    """Note that ``by`` has seen the thread up to ``number``. Only ever rises; safe to repeat in any order."""
    field = "student_read_number" if by.pk == thread.student_id else "mentor_read_number"
    behind = Thread.objects.filter(pk=thread.pk, last_number__gte=number, **{f"{field}__lt": number})
    with transaction.atomic():
        if behind.update(**{field: number}):
            tell_of_thread(thread)


# Counts on and writes in one statement, where the thread is open and the message not there yet. Who writes has the
# conversation before them: what stands above counts as read. Times rise with the numbers.
APPEND = """
WITH thread AS (
    UPDATE chat_thread SET
        last_number = last_number + 1,
        last_message_at = GREATEST(last_message_at, %(at)s),
        student_read_number = CASE student_id WHEN %(by)s THEN last_number + 1 ELSE student_read_number END,
        mentor_read_number = CASE mentor_id WHEN %(by)s THEN last_number + 1 ELSE mentor_read_number END
    WHERE id = %(thread)s AND blocked_by_id IS NULL AND NOT EXISTS (
        SELECT FROM chat_message WHERE thread_id = %(thread)s AND author_id = %(by)s AND client_id = %(client_id)s
    )
    RETURNING last_number, last_message_at
)
INSERT INTO chat_message (id, thread_id, author_id, number, body, client_id, created_at)
SELECT %(id)s, %(thread)s, %(by)s, last_number, %(body)s, %(client_id)s, last_message_at FROM thread
RETURNING number, created_at
"""


def _append(thread: Thread, *, body: str, client_id: str, by: User) -> Message | None:
    """Write the thread's next message; None where it is there already, or the thread is closed."""
    message = Message(thread=thread, author=by, body=body, client_id=client_id)
    values: dict[str, str | UUID | datetime] = {
        "id": message.pk, "thread": thread.pk, "by": by.pk, "body": body, "client_id": client_id, "at": timezone.now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(APPEND, values)
        row = cursor.fetchone()
    if row is None:
        return None
    message.number, message.created_at = row
    return message
