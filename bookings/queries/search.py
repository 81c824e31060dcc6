"""Search over listed mentors: one query for a page of results, one for their number, one to check their openings."""

import base64
import binascii
import difflib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.core.cache import cache
from django.db.models import DateTimeField, Expression, F, Func, IntegerField, Q, QuerySet, TextChoices, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Floor, Left
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.models import LIVE_STATUSES, SearchRow
from bookings.parts_of_day import wanted_times
from bookings.queries.taken import Taken, taken_of_many
from bookings.slots import Slot, Span, meets
from bookings.spans import (
    First,
    FirstStarts,
    SpansField,
    cut,
    from_then_on,
    next_quarter,
    spans,
)
from bookings.words import fold, question
from marketplace.common.cache import cache_errors
from marketplace.common.errors import DomainError
from mentors.models import Mentor, Subject

PAGE_SIZE = 20
DEFAULT_MINUTES = 45
OPENINGS = 3
# More than are shown, because some may have been booked since the index was written.
CANDIDATES = 8
# A student's own sessions stand in the way of all that would meet them: one of 90 minutes of up to eleven starts.
CANDIDATES_OF_STUDENTS = 32
COUNT_MAX = 200
TEXT_SHOWN = 200
CHOICES_SECONDS = 600
SOON = timedelta(days=7)
LANGUAGE = "english"


class Sort(TextChoices):
    BEST = "best", _("Best match")
    SOONEST = "soonest", _("Soonest opening")
    PRICE = "price", _("Price, low to high")
    RATING = "rating", _("Rating")


class BadCursor(DomainError):
    """It was not made here, or for another order."""

    user_message = _("This page of results is not there any more. Start again from the first one.")
    field = "cursor"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What someone looks for. Prices are those of ``minutes``, in minor units; parts of the day lie in ``zone``."""

    q: str = ""
    subject: str = ""
    languages: Collection[str] = ()
    levels: Collection[str] = ()
    minutes: int = DEFAULT_MINUTES
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    available_from: datetime | None = None
    available_to: datetime | None = None
    parts: Collection[str] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    sort: str = Sort.BEST

    @property
    def asks_for_times(self) -> bool:
        return bool(self.parts or self.available_from or self.available_to)


@dataclass(frozen=True)
class Hit:
    """One result: what its card and its JSON show."""

    mentor_id: UUID
    handle: str
    name: str
    headline: str
    text: str
    languages: Sequence[str]
    levels: Sequence[str]
    subjects: Sequence[str]
    subject_names: Sequence[str]
    symbol: str
    is_verified: bool
    photo: str
    minutes: int
    price_minor: int
    rating: int
    review_count: int
    session_count: int
    openings: Sequence[Slot]


@dataclass(frozen=True)
class Results:
    hits: Sequence[Hit]
    # How many there are in all, counted up to ``COUNT_MAX``; one more means "or more".
    total: int
    # The number of the first hit among them, from 1.
    first: int
    next_cursor: str | None


class Cursor(NamedTuple):
    """Where a page begins: after this key and mentor. ``seen`` results stand before it."""

    sort: str
    key: int | str | None
    mentor_id: UUID
    seen: int

    def pack(self) -> str:
        content = json.dumps([self.sort, self.key, str(self.mentor_id), self.seen], separators=(",", ":"))
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    @classmethod
    def unpack(cls, text: str, *, sort: str) -> "Cursor":
        try:
            parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            made_for, key, mentor_id, seen = parts
            cursor = cls(made_for, key, UUID(mentor_id), int(seen))
            if sort == Sort.SOONEST:
                is_right = key is None or datetime.fromisoformat(key).tzinfo is not None
            else:
                is_right = type(key) is int and abs(key) < 2**31
        except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as exc:
            raise BadCursor from exc
        if made_for != sort or not is_right or not 0 <= cursor.seen < 2**31:
            raise BadCursor
        return cursor


def search(
    wanted: Wanted, *, at: datetime, cursor: str = "", student: User | None = None, size: int = PAGE_SIZE
) -> Results:
    """Find the mentors that are wanted, a page at a time. Three queries, however many there are.

    Each result shows its next openings, in the wanted times where some were asked for, checked against live bookings;
    with ``student``, against theirs too. Raises ``BadCursor``.
    """
    after = Cursor.unpack(cursor, sort=wanted.sort) if cursor else None
    found = _matching(wanted, at=at)
    total = found[: COUNT_MAX + 1].count()
    count = CANDIDATES_OF_STUDENTS if student else CANDIDATES
    rows = list(_page(found, wanted, after, at=at, count=count)[: size + 1])
    shown = rows[:size]
    seen = after.seen if after else 0
    more = len(rows) > size
    openings = _openings(shown, wanted, at=at, student=student)
    return Results(
        hits=[_hit(row, openings[row["mentor_id"]]) for row in shown],
        total=total,
        first=seen + 1,
        next_cursor=_cursor_after(shown[-1], wanted.sort, seen + len(shown)).pack() if more else None,
    )


def _matching(wanted: Wanted, *, at: datetime) -> QuerySet[SearchRow]:
    rows = SearchRow.objects.filter(minutes=wanted.minutes, mentor__in=Mentor.objects.listed())
    if wanted.q:
        rows = rows.filter(text=_tsquery(wanted.q))
    if wanted.subject:
        rows = rows.filter(subjects__contains=[wanted.subject])
    if wanted.languages:
        rows = rows.filter(languages__overlap=list(wanted.languages))
    if wanted.levels:
        rows = rows.filter(levels__overlap=list(wanted.levels))
    if wanted.min_price_minor is not None:
        rows = rows.filter(price_minor__gte=wanted.min_price_minor)
    if wanted.max_price_minor is not None:
        rows = rows.filter(price_minor__lte=wanted.max_price_minor)
    if wanted.asks_for_times:
        rows = rows.filter(free__meets=spans(_times(wanted, at=at)))
    return rows


def _times(wanted: Wanted, *, at: datetime) -> list[Span]:
    start = next_quarter(max(at, wanted.available_from or at))
    end = min(wanted.available_to or datetime.max.replace(tzinfo=UTC), at + timedelta(days=settings.HORIZON_DAYS_MAX))
    return wanted_times(wanted.parts, start, end, wanted.zone)


def _free(wanted: Wanted, *, at: datetime, until: datetime | None = None) -> Combinable:
    """The free starts of a row that lie in the wanted times."""
    if not wanted.asks_for_times:
        return cut(F("free"), from_then_on(Value(next_quarter(at), DateTimeField())))
    times = [span for span in _times(wanted, at=at) if until is None or span[0] < until]
    return cut(F("free"), Value(spans(times), SpansField()))


def _tsquery(q: str) -> SearchQuery:
    return SearchQuery(question(q), config=LANGUAGE, search_type="raw")


def _page(
    found: QuerySet[SearchRow], wanted: Wanted, after: Cursor | None, *, at: datetime, count: int
) -> QuerySet[Any, Any]:  # Any: columns
    key, descending = _sort_key(wanted, at=at)
    rows = found.annotate(key=key)
    if after is not None:
        rows = rows.filter(_beyond(after, descending=descending))
    order = F("key").desc() if descending else F("key").asc(nulls_last=True)
    return rows.order_by(order, "mentor_id").values(
        "key",
        "mentor_id",
        "minutes",
        "price_minor",
        "rating",
        "subjects",
        "subject_names",
        "symbol",
        "is_verified",
        "mentor__handle",
        "mentor__user__name",
        "mentor__headline",
        "mentor__languages",
        "mentor__levels",
        "mentor__review_count",
        "mentor__session_count",
        "mentor__break_minutes",
        "mentor__notice_hours",
        "mentor__photo__sha256",
        bio=Left("mentor__bio", TEXT_SHOWN + 1),
        starts=FirstStarts(_free(wanted, at=at), count=count),
    )


def _sort_key(wanted: Wanted, *, at: datetime) -> tuple[Expression | F, bool]:
    """What results are ordered by, and whether the greatest comes first. The mentor's id decides between equals."""
    if wanted.sort == Sort.SOONEST:
        return (_first_wanted(wanted, at=at) if wanted.asks_for_times else F("next_start_at")), False
    if wanted.sort == Sort.PRICE:
        return F("price_minor"), False
    if wanted.sort == Sort.RATING:
        return F("rating"), True
    if not wanted.q:
        return F("quality"), True
    # Where the words stand decides first, by tenths; who is the better match among those alike, second.
    rank = Cast(Floor(SearchRank(F("text"), _tsquery(wanted.q)) * 10), IntegerField())
    return rank * 10_000 + F("quality"), True


def _first_wanted(wanted: Wanted, *, at: datetime) -> Coalesce:
    """The first start in the wanted times. Nearly always it comes soon, and cutting with few spans is much faster."""
    return Coalesce(First(_free(wanted, at=at, until=at + SOON)), First(_free(wanted, at=at)))


def _beyond(after: Cursor, *, descending: bool) -> Q:
    if after.key is None:
        return Q(key=None, mentor_id__gt=after.mentor_id)
    further = Q(key__lt=after.key) if descending else Q(key__gt=after.key)
    if after.sort == Sort.SOONEST:
        further |= Q(key=None)
    return further | Q(key=after.key, mentor_id__gt=after.mentor_id)


def _cursor_after(row: dict[str, Any], sort: str, seen: int) -> Cursor:  # Any: columns
    key = row["key"]
    return Cursor(sort, key.isoformat() if isinstance(key, datetime) else key, row["mentor_id"], seen)


def _openings(
    rows: Sequence[dict[str, Any]],  # Any: columns
    wanted: Wanted,
    *,
    at: datetime,
    student: User | None,
) -> dict[UUID, list[Slot]]:
    """Pick each row's next starts that nothing has been booked into since the index was written. One query."""
    starts = [start for row in rows for start in row["starts"]]
    taken = (
        taken_of_many([row["mentor_id"] for row in rows], min(starts), max(starts), at=at, student=student)
        if starts
        else {}
    )
    return {row["mentor_id"]: _still_free(row, taken.get(row["mentor_id"], ()), wanted, at=at) for row in rows}


def _still_free(
    row: dict[str, Any],  # Any: columns
    taken: Sequence[Taken],
    wanted: Wanted,
    *,
    at: datetime,
) -> list[Slot]:
    earliest = at + timedelta(hours=row["mentor__notice_hours"])
    length = timedelta(minutes=wanted.minutes)
    rest = timedelta(minutes=row["mentor__break_minutes"])
    theirs = [(t.starts_at, t.blocked_until) for t in taken if t.is_mentors and t.status in {*LIVE_STATUSES, "busy"}]
    own = [(t.starts_at, t.ends_at) for t in taken if t.is_students and t.status in LIVE_STATUSES]
    free = [
        Slot(start, start + length, row["price_minor"])
        for start in sorted(row["starts"])
        if start >= earliest
        and not meets(theirs, start, start + length + rest)
        and not meets(own, start, start + length)
    ]
    return free[:OPENINGS]


def _hit(row: dict[str, Any], openings: Sequence[Slot]) -> Hit:  # Any: columns
    text = row["bio"]
    return Hit(
        mentor_id=row["mentor_id"],
        handle=row["mentor__handle"],
        name=row["mentor__user__name"],
        headline=row["mentor__headline"],
        text=text if len(text) <= TEXT_SHOWN else text[:TEXT_SHOWN].rpartition(" ")[0] + "…",
        languages=row["mentor__languages"],
        levels=row["mentor__levels"],
        subjects=row["subjects"],
        subject_names=row["subject_names"],
        symbol=row["symbol"],
        is_verified=row["is_verified"],
        photo=row["mentor__photo__sha256"] or "",
        minutes=row["minutes"],
        price_minor=row["price_minor"],
        rating=row["rating"],
        review_count=row["mentor__review_count"],
        session_count=row["mentor__session_count"],
        openings=openings,
    )


class Choices(NamedTuple):
    """What can be chosen in the filters: subjects as slug and name, the languages that mentors speak."""

    subjects: Sequence[tuple[str, str]]
    languages: Sequence[str]


def filter_choices() -> Choices:
    """Read what the filters offer, at most every ten minutes. Without the cache it is read each time."""
    try:
        kept: Choices | None = cache.get("search-choices")
    except cache_errors():
        return _read_choices()
    if kept is None:
        kept = _read_choices()
        cache.set("search-choices", kept, CHOICES_SECONDS)
    return Choices(*kept)


def _read_choices() -> Choices:
    subjects = Subject.objects.order_by("name", "pk").values_list("slug", "name")
    spoken = SearchRow.objects.annotate(language=Func(F("languages"), function="unnest"))
    return Choices(list(subjects), sorted(set(spoken.values_list("language", flat=True))))


def nearest_subjects(q: str, subjects: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Guess which subjects were meant by words that found nothing: those that are spelled most alike."""
    words = fold(q)
    closeness = {
        slug: max(difflib.SequenceMatcher(None, words, part).ratio() for part in (fold(name), *fold(name).split()))
        for slug, name in subjects
    }
    near = sorted((each for each in subjects if closeness[each[0]] >= 0.6), key=lambda each: -closeness[each[0]])
    return near[:3]
