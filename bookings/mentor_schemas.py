"""JSON of mentors as students see them: search, profile, slots."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bookings.queries.search import DEFAULT_MINUTES
from marketplace.common.schemas import Moment, Money, Out, PageQuery, Query

SLOTS_DAYS_DEFAULT = 7
SLOTS_DAYS_MAX = 31
PRICE_MAX = 2**31 - 1
SLUG = r"^[-a-zA-Z0-9_]*$"
LANGUAGE = r"^[a-zA-Z]{2,3}$"


def _known_length(minutes: int) -> int:
    if minutes not in settings.SESSION_MINUTES:
        raise ValueError(_("must be 15, 45 or 90"))
    return minutes


def _from_date(value: object) -> object:
    """Let a plain date stand for its first moment (UTC)."""
    return _midnight(value) or value


def _to_date(value: object) -> object:
    """Let a plain date stand for the whole of it (UTC)."""
    midnight = _midnight(value)
    return midnight + timedelta(days=1) if midnight else value


def _midnight(value: object) -> datetime | None:
    if isinstance(value, str) and value[:4].isdigit() and not "2000" <= value[:4] < "2200":
        raise ValueError(_("must be a time of this century"))  # far ones can't be reckoned with
    if not isinstance(value, str) or len(value) != len("2026-12-06"):
        return None
    try:
        return datetime.combine(date.fromisoformat(value), time(0), UTC)
    except ValueError:
        return None


Minutes = Annotated[int, AfterValidator(_known_length)]
Price = Annotated[int, Field(ge=0, le=PRICE_MAX)]
From = Annotated[Moment, BeforeValidator(_from_date)]
To = Annotated[Moment, BeforeValidator(_to_date)]


class SearchIn(PageQuery):
    q: Annotated[str, Field(max_length=100)] = ""
    subject: Annotated[str, Field(max_length=40, pattern=SLUG)] = ""
    language: list[Annotated[str, Field(pattern=LANGUAGE)]] = []
    level: list[Literal["school", "university", "career"]] = []
    min_price_minor: Price | None = None
    max_price_minor: Price | None = None
    minutes: Minutes = DEFAULT_MINUTES
    available_from: From | None = None
    available_to: To | None = None
    part_of_day: list[Literal["morning", "afternoon", "evening", "weekend"]] = []
    sort: Literal["best", "soonest", "price", "rating"] = "best"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.available_from and self.available_to and self.available_from > self.available_to:
            raise ValueError(_("available_from must not be after available_to"))
        return self


class SlotsIn(Query):
    minutes: Minutes = DEFAULT_MINUTES
    from_: Annotated[From | None, Field(alias="from")] = None
    to: To | None = None


class SlotOut(Out):
    starts_at: Moment
    ends_at: Moment
    price: Money


class SlotsOut(Out):
    items: list[SlotOut]


class MentorOut(Out):
    """A search result. ``rating`` is null until there are enough reviews to show one."""

    handle: str
    name: str
    headline: str
    subjects: list[str]
    languages: list[str]
    levels: list[str]
    minutes: int
    price: Money
    rating: float | None
    review_count: int
    session_count: int
    next_starts: list[SlotOut]


class LengthOut(Out):
    minutes: int
    price: Money


class ProfileOut(Out):
    """A mentor's public profile. ``time_zone`` is that of their hours; a paused mentor has no slots."""

    handle: str
    name: str
    headline: str
    bio: str
    subjects: list[str]
    verified_subjects: list[str]
    languages: list[str]
    levels: list[str]
    time_zone: str
    hourly_rate: Money
    packages: list[LengthOut]
    policy: str
    notice_hours: int
    rating: float | None
    review_count: int
    session_count: int
    paused: bool
