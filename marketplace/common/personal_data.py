"""What an export of somebody's data is made of. Each app writes the chapters about what it keeps (``<app>/personal_data.py``).

A chapter holds what its reader did, said and was told, and of other people no more than their display name, which they
have seen anyway. Nothing that staff wrote for staff, and no secret that would open something.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from django.db.models import QuerySet
from django.utils.functional import Promise

type Row = Mapping[str, Any]  # Any: what ``plain`` can write as JSON
type Rows = Iterable[Row]

# Rows are read this many at a time, so that a long life here takes no more memory than a short one.
CHUNK = 500


@dataclass(frozen=True)
class Chapter:
    """One file of an export: ``name.json``, a list of rows. ``read`` asks the database only when the file is written."""

    name: str
    about: str | Promise
    read: Callable[[], Rows]


def each[Model: Any](rows: QuerySet[Model], write: Callable[[Model], Row]) -> Callable[[], Rows]:  # Any: a model
    """Say how the rows of a query become rows of a chapter; they are read when it is written."""
    return lambda: (write(row) for row in rows.iterator(chunk_size=CHUNK))


def amount(minor: int | None, currency: str) -> Row | None:
    """Money as people and programs read it: ``{"amount": "33.00", "currency": "USD"}``."""
    if minor is None:
        return None
    digits = get_currency_precision(currency.upper())
    return {"amount": f"{Decimal(minor).scaleb(-digits):.{digits}f}", "currency": currency.upper()}


def plain(value: object) -> str:
    """Write what JSON has no form for; ``json.dump(default=plain)``. Moments are UTC, ending in Z."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if hasattr(value, "isoformat"):  # dates and times of day
        return str(value.isoformat())
    if isinstance(value, (UUID, Promise)):
        return str(value)
    raise TypeError(f"no way to write {type(value).__name__}")
