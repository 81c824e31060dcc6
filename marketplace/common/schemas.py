"""Pydantic bases and shapes that several apps' JSON shares."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


class In(BaseModel):
    """A body we receive: only the fields we know, nothing converted silently (JSON's ``true`` is not 1, nor "45" 45)."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, strict=True)


class Query(In):
    """A query string: everything in it is text, so numbers are read from it. By itself: one that holds nothing."""

    model_config = ConfigDict(strict=False)


class PageQuery(Query):
    """The query string of a list that comes in pages."""

    cursor: Annotated[str, Field(max_length=300)] = ""


class Out(BaseModel):
    """A body we send."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _aware(value: object) -> object:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError("must be a time with its offset, such as 2026-11-26T18:30:00Z")
    return sane_moment(moment)


def sane_moment(moment: datetime) -> datetime:
    """Take an aware moment to UTC. Raises ``ValueError`` for years at the ends of the calendar, where adding a day or
    changing the offset would overflow."""
    if not 1970 <= moment.year <= 2500:
        raise ValueError("must lie between the years 1970 and 2500")
    return moment.astimezone(UTC)


# An RFC 3339 moment in UTC with ``Z``; in bodies any offset is understood, none is refused.
Moment = Annotated[datetime, BeforeValidator(_aware), PlainSerializer(_rfc3339, return_type=str)]


class Money(Out):
    amount_minor: int
    currency: str


class Page[Item](Out):
    """One page of a list; ask for the next with ``?cursor=``."""

    items: list[Item]
    next_cursor: str | None = None
