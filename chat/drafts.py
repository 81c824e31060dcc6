"""What was typed and attached but not sent yet, kept in the session.

Without script the way to a file leads over other pages; what stood in the message box must be there on the way back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from chat.models import Thread

KEY = "chat_drafts"


@dataclass(frozen=True)
class Draft:
    body: str = ""
    uploads: Sequence[UUID] = field(default=())


def read_draft(session: SessionBase, thread: Thread) -> Draft:
    kept = session.get(KEY, {}).get(str(thread.pk))
    return Draft(kept["body"], [UUID(pk) for pk in kept["uploads"]]) if kept else Draft()


def keep_draft(session: SessionBase, thread: Thread, draft: Draft) -> None:
    kept = {"body": draft.body, "uploads": [str(pk) for pk in draft.uploads]}
    session[KEY] = session.get(KEY, {}) | {str(thread.pk): kept}


def drop_draft(session: SessionBase, thread: Thread) -> None:
    others = {pk: kept for pk, kept in session.get(KEY, {}).items() if pk != str(thread.pk)}
    if others != session.get(KEY, {}):
        session[KEY] = others
