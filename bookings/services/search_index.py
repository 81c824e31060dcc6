"""Keeps what search reads in step with mentors and bookings. Search may lag behind; a claim never reads here."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import batched
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery, Sum, Value
from django.db.models.expressions import Combinable

from bookings.models import Booking, BookingEvent, Review, SearchRow
from bookings.queries.slots import diary_of, price_of, rules_of
from bookings.queries.taken import taken_of_many
from bookings.slots import Diary, bookable_starts
from bookings.spans import First, cut, from_then_on, hours_later, next_quarter, runs, spans
from bookings.words import fold
from mentors.models import Mentor, MentorSubject, Package
from mentors.queries import hours_of_many
from mentors.windows import windows_between

# Rows older than this are written anew whatever happened: the horizon moves on with the days.
STALE_AFTER = timedelta(hours=3)
# A booking's step is dated before it commits. One that was still uncommitted when its mentor's row was written is found
# again by looking back this far.
UNCOMMITTED = timedelta(seconds=30)
BATCH = 10  # 25 at once keep 4 MB more in the worker for good, for no less time
BATCHES_PER_PASS = 50
LANGUAGE = "english"

WRITTEN = [
    "price_minor",
    "rating",
    "quality",
    "free",
    "next_start_at",
    "subjects",
    "languages",
    "levels",
    "text",
    "subject_names",
    "symbol",
    "is_verified",
    "refreshed_at",
]


def refresh_search_index(*, at: datetime) -> int:
    """Write the rows anew that have fallen behind, let starts pass, and count the mentors.

    One pass of the periodic job, safe to repeat. Behind are mentors with a booking that took a step since, listed
    mentors without a row, and the oldest rows.
    """
    changed = BookingEvent.objects.filter(
        at__gt=at - STALE_AFTER, booking__mentor__search_rows__refreshed_at__lt=F("at") + UNCOMMITTED
    ).values_list("booking__mentor", flat=True)
    missing = Mentor.objects.listed().filter(search_rows=None, packages__isnull=False).values_list("pk", flat=True)
    oldest = SearchRow.objects.filter(refreshed_at__lt=at - STALE_AFTER).order_by("refreshed_at")
    most = BATCH * BATCHES_PER_PASS
    behind = dict.fromkeys(
        (*changed.distinct(), *missing.distinct()[:most], *oldest.values_list("mentor", flat=True)[:most])
    )
    refresh_mentors(behind, at=at)
    let_starts_pass(at=at)
    return len(behind)


def refresh_mentors(mentors: Iterable[UUID], *, at: datetime) -> None:
    """Write the search rows of some mentors anew; an unlisted mentor's go. Six queries a batch, safe to repeat."""
    for batch in batched(mentors, BATCH):
        _refresh_batch(batch, at=at)


def let_starts_pass(*, at: datetime) -> int:
    """Take starts that passed, or came inside the notice, out of the rows, in one statement; count the rows."""
    earliest = hours_later(next_quarter(at), F("mentor__notice_hours"))
    left = SearchRow.objects.filter(pk=OuterRef("pk")).annotate(left=cut(F("free"), from_then_on(earliest)))
    passed = SearchRow.objects.filter(next_start_at__lt=earliest)
    return passed.update(
        free=Subquery(left.values("left")), next_start_at=Subquery(left.annotate(next=First("left")).values("next"))
    )


def recount_reviews(*, mentor: Mentor) -> None:
    """Count a mentor's reviews and taught sessions onto their row. For whoever adds a review or completes a session."""
    reviews = Review.objects.filter(booking__mentor=mentor).aggregate(sum=Sum("rating", default=0), count=Count("pk"))
    taught = Booking.objects.filter(mentor=mentor, status=Booking.Status.COMPLETED).count()
    Mentor.objects.filter(pk=mentor.pk).update(
        rating_sum=reviews["sum"], review_count=reviews["count"], session_count=taught
    )


def _refresh_batch(mentors: Sequence[UUID], *, at: datetime) -> None:
    listed = Mentor.objects.listed().filter(pk__in=mentors).select_related("user")
    # Not prefetched: a mentor who holds rows that hold the mentor would stay until the collector comes by, 2 MB of them.
    packages = _by_mentor(Package.objects.filter(mentor__in=mentors).order_by("minutes", "pk"))
    taught = _by_mentor(MentorSubject.objects.filter(mentor__in=mentors).select_related("subject").order_by("pk"))
    taken = taken_of_many(mentors, at, at + timedelta(days=settings.HORIZON_DAYS_MAX), at=at)
    hours = hours_of_many(listed)
    rows = []
    for mentor in listed:
        windows = windows_between(hours[mentor.pk], at, at + timedelta(days=mentor.horizon_days))
        diary = diary_of(windows, taken[mentor.pk])
        rows += [_row(mentor, package, taught[mentor.pk], diary, at=at) for package in packages[mentor.pk]]
    with transaction.atomic():
        kept = SearchRow.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["mentor", "minutes"], update_fields=WRITTEN
        )
        SearchRow.objects.filter(mentor__in=mentors).exclude(pk__in=[row.pk for row in kept]).delete()


def _by_mentor[Row: (Package, MentorSubject)](rows: Iterable[Row]) -> Mapping[UUID, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row.mentor_id].append(row)
    return found


def _row(mentor: Mentor, package: Package, taught: Sequence[MentorSubject], diary: Diary, *, at: datetime) -> SearchRow:
    package.mentor = mentor
    rules = rules_of(mentor, minutes=package.minutes)
    end = at + rules.horizon + timedelta(minutes=1)
    free = runs(bookable_starts(rules, diary, at=at, start=at, end=end))
    verified = [each for each in taught if _is_verified(each, on=at.date())]
    next_start_at = free[0][0] if free else None
    return SearchRow(
        mentor=mentor,
        minutes=package.minutes,
        price_minor=price_of(package),
        rating=_rating(mentor),
        quality=_quality(mentor, next_start_at, is_verified=bool(verified), at=at),
        free=spans(free),
        next_start_at=next_start_at,
        subjects=[each.subject.slug for each in taught],
        languages=mentor.languages,
        levels=mentor.levels,
        text=_text(mentor, [each.subject.name for each in taught]),
        subject_names=[each.subject.name for each in (verified + [e for e in taught if e not in verified])],
        symbol=(verified or taught)[0].subject.symbol if taught else "",
        is_verified=bool(verified),
        refreshed_at=at,
    )


def _is_verified(taught: MentorSubject, *, on: date) -> bool:
    return taught.verified_at is not None and (taught.verified_until is None or taught.verified_until >= on)


def _rating(mentor: Mentor) -> int:
    if mentor.review_count < settings.RATING_SHOWN_FROM:
        return 0
    return round(1_000 * mentor.rating_sum / mentor.review_count)


def _quality(mentor: Mentor, next_start_at: datetime | None, *, is_verified: bool, at: datetime) -> int:
    """Weigh rating, experience, marks and how soon there is time, so that each can make up for another.

    A rating of few reviews is drawn towards the middle, as if five students had given 4.3: one lucky review does not
    outdo two hundred good ones.
    """
    rating = (mentor.rating_sum + 5 * 4.3) / (mentor.review_count + 5)
    experience = min(200.0, 60 * math.log10(1 + mentor.session_count))
    wait = next_start_at - at if next_start_at else timedelta.max
    soon = 150 if wait <= timedelta(days=3) else 75 if wait <= timedelta(days=7) else 0
    return round(200 * rating + experience) + soon + 50 * is_verified


def _text(mentor: Mentor, subject_names: Sequence[str]) -> Combinable:
    """The words of a mentor by weight: A name and subjects, B headline, C bio."""
    weighted = (
        (" ".join([mentor.user.name, *subject_names]), "A"),
        (mentor.headline, "B"),
        (mentor.bio, "C"),
    )
    name, headline, bio = (SearchVector(Value(fold(text)), config=LANGUAGE, weight=weight) for text, weight in weighted)
    return name + headline + bio
