"""What a page that shows a conversation asks every few seconds: is anything different from what I know?"""

from dataclasses import dataclass, replace
from typing import Self

from accounts.models import User
from chat.models import Message, Thread
from chat.queries import WITH_FILES

CHANGES_SHOWN = 50


@dataclass(frozen=True)
class State:
    """All that can change in a thread, read from its one row: whatever its length, asking costs the same."""

    last: int
    change: int
    # Up to which number the other person has read.
    seen: int
    closed: bool

    @classmethod
    def of(cls, thread: Thread, reader: User) -> Self:
        seen = thread.mentor_read_number if reader.pk == thread.student_id else thread.student_read_number
        return cls(thread.last_number, thread.last_change, seen, thread.blocked_by_id is not None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` wrote."""
        last, change, seen, closed = map(int, text.split("."))
        return cls(last, change, seen, bool(closed))

    def __str__(self) -> str:
        return f"{self.last}.{self.change}.{self.seen}.{int(self.closed)}"


def changed_since(thread: Thread, known: State, now: State) -> tuple[list[Message], State]:
    """The messages that were edited or deleted after ``known``, and the state that a reader of them knows.

    No query where none was. Of very many only the first are given, and the state says so: the next call gives the rest.
    """
    if known.change == now.change:
        return [], now
    changed = thread.messages.filter(change_number__gt=known.change).order_by("change_number")
    rows = list(changed.prefetch_related(*WITH_FILES)[:CHANGES_SHOWN])
    if len(rows) == CHANGES_SHOWN and rows[-1].change_number is not None:
        now = replace(now, change=rows[-1].change_number)
    return rows, now
