"""Digests: a mail that messages wait, once a conversation until its reader has been there again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chat.emails import about_unread, send_digest
from chat.models import Message, Thread
from marketplace.common.models import ToldOnce
from marketplace.common.passes import run_each

# What has waited longer was told of, or came while no worker ran for days; nobody wants a mail about it now.
STALE = timedelta(days=2)


class Waiting(NamedTuple):
    thread_id: UUID
    reader_id: UUID


def send_digests() -> None:
    """One pass of the periodic job. Safe to repeat and to run twice at once."""
    run_each("send_digest", tell_if_unread, list(_waiting(at=timezone.now())))


def tell_if_unread(waiting: Waiting) -> None:
    """Mail one side of a conversation what the other has written, if it has waited for ``DIGEST_AFTER_MINUTES``.

    Safe to repeat: one for each stretch of unread messages.
    """
    before = timezone.now() - timedelta(minutes=settings.DIGEST_AFTER_MINUTES)
    with transaction.atomic(durable=True):
        thread = Thread.objects.select_related("student", "mentor__user").get(pk=waiting.thread_id)
        reader = thread.student if waiting.reader_id == thread.student_id else thread.mentor.user
        if thread.blocked_by_id is not None or not reader.is_active:
            return
        theirs = Message.objects.filter(thread=thread, deleted_at=None).exclude(author=reader)
        unread = theirs.filter(number__gt=thread.read_number(reader)).order_by("number")
        sent_at = list(unread.values_list("created_at", flat=True))
        if sent_at and sent_at[0] <= before:
            send_digest(thread, to=reader, count=len(sent_at))


def _waiting(*, at: datetime) -> Iterator[Waiting]:
    """Sides of conversations with something unread that they were not told of."""
    lately = Thread.objects.filter(blocked_by=None, last_message_at__gt=at - STALE)
    for reader, read in (("student", "student_read_number"), ("mentor", "mentor_read_number")):
        behind = lately.filter(**{f"{read}__lt": F("last_number")}).order_by("last_message_at", "pk")
        rows = list(behind.values_list("pk", reader, read))
        told = set(
            ToldOnce.objects.filter(
                event="message_digest",
                user__in=[reader_id for _pk, reader_id, _read in rows],
                about__in=[about_unread(pk, number) for pk, _reader, number in rows],
            ).values_list("about", "user")
        )
        yield from (Waiting(pk, user) for pk, user, number in rows if (about_unread(pk, number), user) not in told)
