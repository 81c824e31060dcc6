"""Cursor pagination for JSON lists: stable under inserts, the same cost on every page."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError

PAGE_SIZE = 20


class BadCursor(DomainError):
    user_message = _("This cursor is not one of ours. Start again without it.")
    field = "cursor"


def encode(values: Sequence[Any]) -> str:  # Any: whatever JSON can carry
    return base64.urlsafe_b64encode(json.dumps(list(values), default=str).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:  # Any: as above
    """Read a cursor of ``length`` values back. Raises ``BadCursor`` (422)."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as exc:
        raise BadCursor from exc
    if not isinstance(values, list) or len(values) != length:
        raise BadCursor
    return values


def page_by_time[Row: Model](
    rows: QuerySet[Row], *, field: str, cursor: str | None, size: int = PAGE_SIZE, parse: Callable[[str], Any]
) -> tuple[list[Row], str | None]:
    """Cut one page, newest first, by a moment and the primary key. One query. Raises ``BadCursor``."""
    if cursor:
        moment, pk = decode(cursor, 2)
        try:
            moment = parse(moment)
            rows = rows.filter(
                Q(**{f"{field}__lt": moment}) | Q(**{field: moment, "pk__lt": rows.model._meta.pk.to_python(pk)})
            )
        except (ValueError, TypeError, ValidationError) as exc:  # the last is Django's: no moment, no primary key
            raise BadCursor from exc
    found = list(rows.order_by(f"-{field}", "-pk")[: size + 1])
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], encode([getattr(last, field).isoformat(), last.pk])
