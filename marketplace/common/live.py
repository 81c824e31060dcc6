"""What open pages are told at once: written in the transaction that made it true, told when that has committed.

``publish`` is all that an operation needs. ``marketplace.streams`` hears what the trigger of ``LiveEvent`` tells and reads
the rows with ``read_events``; a stream that was lost catches up with ``missed_events``. docs/live.md explains it whole.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from marketplace.common.models import LiveEvent

# How long a lost stream can catch up.
KEPT_SECONDS = 3_600
# Rows that one lost stream is told; beyond that the page is asked to read everything anew.
MISSED_MAX = 500


@dataclass(frozen=True)
class Audience:
    """Whom a stream belongs to, and whose times its reader looks at."""

    user_id: UUID
    mentor_id: UUID | None = None

    @property
    def events(self) -> Q:
        own = Q(user_id=self.user_id)
        return own if self.mentor_id is None else own | Q(mentor_id=self.mentor_id)


class Told(NamedTuple):
    """One row of what is told: a kind, ids to look up (no content), and one audience."""

    kind: str
    user_id: UUID | None
    mentor_id: UUID | None
    ids: Mapping[str, str]


def to_people(people: Iterable[UUID], kind: str, **ids: str) -> list[Told]:
    """What each of some people is told."""
    return [Told(kind, user_id, None, ids) for user_id in people]


def to_readers(mentor_id: UUID, kind: str, **ids: str) -> list[Told]:
    """What everyone is told who is looking at a mentor's times."""
    return [Told(kind, None, mentor_id, ids)]


def publish(told: Iterable[Told]) -> None:
    """Tell all this once the caller's transaction has committed. One statement, by hand: it is part of every booking."""
    rows = list(told)
    if not rows:
        return
    kinds, users, mentors, ids = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO common_liveevent (kind, user_id, mentor_id, data, at)"
            " SELECT *, %s FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::jsonb[])",
            [timezone.now(), list(kinds), list(users), list(mentors), [json.dumps(each) for each in ids]],
        )


def read_events(pks: Collection[int]) -> list[LiveEvent]:
    """Read events that were told, in the order of their ids."""
    return list(LiveEvent.objects.filter(pk__in=pks).order_by("pk"))


def missed_events(audience: Audience, *, after: int) -> list[LiveEvent] | None:
    """Read what a stream missed whose last event was ``after``, in order; None when that can't be told any more.

    Events with a higher id, and those with a lower one that had not committed when the last one was written: none is
    missed, and one that was written beside the last may come twice.
    """
    last = LiveEvent.objects.filter(audience.events, pk=after).only("pk").first()
    if last is None:
        return None
    unseen = RawSQL(  # no value of the caller's but the parameter
        "NOT pg_visible_in_snapshot(transaction, (SELECT snapshot FROM common_liveevent WHERE id = %s))",
        [after],
        output_field=BooleanField(),
    )
    missed = LiveEvent.objects.filter(audience.events).exclude(pk=after).filter(Q(pk__gt=after) | Q(unseen))
    events = list(missed.order_by("pk")[: MISSED_MAX + 1])
    return None if len(events) > MISSED_MAX else events


def forget_old_events() -> None:
    """Delete events that no stream can ask for any more."""
    LiveEvent.objects.filter(at__lt=timezone.now() - timedelta(seconds=KEPT_SECONDS)).delete()
