"""``Idempotency-Key``: the same request twice makes one thing and gets one answer.

The key's row is written before the operation starts. The operation names what it made in its own transaction
(``remember_made``), so a process that dies between commit and answer leaves enough to answer the repeat.
"""

import contextvars
import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError
from marketplace.common.models import IdempotencyKey

KEPT = timedelta(hours=24)
# An unanswered key older than this was left by a process that died; no request takes as long.
ABANDONED_AFTER = timedelta(minutes=2)
PURGE_BATCH = 1_000
SHAPE = re.compile(r"^[\x20-\x7e]{8,255}$")

_current: contextvars.ContextVar[int | None] = contextvars.ContextVar("idempotency_key", default=None)


class BadKey(DomainError):
    code = "invalid"
    user_message = _("The Idempotency-Key must be 8 to 255 printable ASCII characters.")


class KeyMismatch(DomainError):
    code = "idempotency_mismatch"
    user_message = _("This Idempotency-Key was used with another request.")


class KeyInFlight(DomainError):
    code = "in_flight"
    user_message = _("The first request with this Idempotency-Key is still being worked on.")


@dataclass(frozen=True)
class Earlier:
    """What a key already stands for: its whole answer, or (after a crash) only what was made."""

    status: int | None
    answer: Any  # JSON
    made_id: str


def begin(*, user_id: UUID, key: str, route: str, body: bytes) -> IdempotencyKey | Earlier:
    """Claim a key for this request, or tell what the earlier one came to.

    Raises ``BadKey``, ``KeyMismatch`` or ``KeyInFlight``.
    """
    if not SHAPE.match(key):
        raise BadKey
    digest = hashlib.sha256(body).hexdigest()
    now = timezone.now()
    IdempotencyKey.objects.filter(user=user_id, key=key, created_at__lte=now - KEPT).delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(
                user_id=user_id, key=key, route=route, body_hash=digest, created_at=now
            )
    except IntegrityError:
        row = IdempotencyKey.objects.filter(user=user_id, key=key).first()
    if row is None:  # it was refused for now, and its key set free, between the two
        raise KeyInFlight
    if (row.route, row.body_hash) != (route, digest):
        raise KeyMismatch
    if row.status is not None or row.made_id:
        return Earlier(row.status, row.answer, row.made_id)
    stale = IdempotencyKey.objects.filter(pk=row.pk, status=None, created_at__lte=now - ABANDONED_AFTER)
    if not stale.update(created_at=now):
        raise KeyInFlight
    return row


class remembering:  # noqa: N801  # reads as a statement: with remembering(row): …
    """Let ``remember_made`` know which key the operation inside works for."""

    def __init__(self, row: IdempotencyKey) -> None:
        self.row = row

    def __enter__(self) -> None:
        self.token = _current.set(self.row.pk)

    def __exit__(self, *_exc: object) -> None:
        _current.reset(self.token)


def remember_made(made_id: object) -> None:
    """Note on the current key, if any, what the operation made. Call it inside the operation's transaction."""
    pk = _current.get()
    if pk is not None:
        IdempotencyKey.objects.filter(pk=pk).update(made_id=str(made_id))


def finish(row: IdempotencyKey, *, status: int, answer: Any) -> None:  # Any: JSON
    """Keep the answer. A refusal is kept too: the same request gets the same answer for a day."""
    IdempotencyKey.objects.filter(pk=row.pk).update(status=status, answer=answer)


def purge_keys() -> int:
    """Delete the keys whose time is over, in batches. Tells how many went. Safe to repeat."""
    old = IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT)
    gone = 0
    while batch := list(old.order_by("created_at", "pk").values_list("pk", flat=True)[:PURGE_BATCH]):
        gone += IdempotencyKey.objects.filter(pk__in=batch).delete()[0]
    return gone


def forget(row: IdempotencyKey) -> None:
    """Free a key whose request failed on our side: its repeat starts over."""
    IdempotencyKey.objects.filter(pk=row.pk, made_id="").delete()
