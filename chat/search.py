"""Finding what was said: in one's own conversations, by all the words that are asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from chat.models import Message, Thread
from chat.queries import MESSAGES_SHOWN
from marketplace.common.pagination import page_by_time

FOUND_SHOWN = 20
WORDS_MAX = 8
QUERY_LENGTH_MAX = 200
SNIPPET_LENGTH = 160
SENTENCE_ENDS = re.compile(r"(?<=[.!?…。？！])\s+|\n+")


@dataclass(frozen=True)
class Part:
    """A stretch of the sentence; ``is_marked``: one of the words that were asked for."""

    text: str
    is_marked: bool


@dataclass(frozen=True)
class Found:
    """A message that was found, and the sentence of it that holds the words."""

    message_id: UUID
    thread_id: UUID
    other: User
    author_name: str
    at: datetime
    sentence: Sequence[Part]
    # Read the thread from before this number for the message to stand in its midst; None: among the latest.
    before: int | None


def words_of(text: str) -> list[str]:
    """The words of a search, a phrase in quotation marks as one. NUL can't be asked of the database."""
    text = text.replace("\x00", " ")[:QUERY_LENGTH_MAX]
    found = re.findall(r'["“„«]([^"”“»]+)["”“»]|(\S+)', text)
    return [word for word in ((phrase or single).strip() for phrase, single in found) if word][:WORDS_MAX]


def find_messages(user: User, text: str, *, cursor: str = "") -> tuple[list[Found], str | None]:
    """Find messages that hold every word, the latest first. One query. Raises ``BadCursor``.

    Looks through the threads of ``user`` only. What was deleted says nothing, so it is never found.
    """
    words = words_of(text)
    if not words:
        return [], None
    holds_all = Q()
    for word in words:
        holds_all &= Q(body__icontains=word)
    mine = Message.objects.filter(holds_all, thread__in=Thread.objects.visible_to(user), deleted_at=None)
    mine = mine.select_related("author", "thread__student", "thread__mentor__user")
    rows, more = page_by_time(mine, field="created_at", cursor=cursor, size=FOUND_SHOWN, parse=datetime.fromisoformat)
    return [_found(message, user, words) for message in rows], more


def mark(body: str, words: Sequence[str]) -> list[Part]:
    """Cut out the sentence with the first of the words and mark all of them in it."""
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    first = pattern.search(body)
    sentence = _cut(body, *(first.span() if first else (0, 0)))
    parts, end = [], 0
    for hit in pattern.finditer(sentence):
        parts += [Part(sentence[end : hit.start()], False), Part(hit.group(), True)]
        end = hit.end()
    parts.append(Part(sentence[end:], False))
    return [part for part in parts if part.text]


def _cut(body: str, start: int, end: int) -> str:
    """The sentence around a place; of a long one what stands near, with … where it was cut."""
    bounds = [0, *(gap.end() for gap in SENTENCE_ENDS.finditer(body)), len(body)]
    begins = max(bound for bound in bounds if bound <= start)
    ends = min((bound for bound in bounds if bound >= end and bound > begins), default=len(body))
    if ends - begins > SNIPPET_LENGTH:
        begins = max(begins, start - SNIPPET_LENGTH // 3)
        ends = min(ends, max(end, begins + SNIPPET_LENGTH))
    before = "…" if begins and body[begins - 1 : begins].strip() else ""
    after = "…" if ends < len(body) and body[ends : ends + 1].strip() and body[ends - 1].strip() else ""
    return f"{before}{body[begins:ends].strip()}{after}"


def _found(message: Message, user: User, words: Sequence[str]) -> Found:
    thread = message.thread
    following = message.number + MESSAGES_SHOWN // 2
    return Found(
        message_id=message.pk,
        thread_id=thread.pk,
        other=thread.other(user),
        author_name=_("You") if message.author_id == user.pk else message.author.first_name,
        at=message.created_at,
        sentence=mark(message.body, words),
        before=following if following <= thread.last_number else None,
    )
