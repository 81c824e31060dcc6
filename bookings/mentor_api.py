"""JSON routes about mentors as students see them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.mentor_schemas import (
    SLOTS_DAYS_DEFAULT,
    SLOTS_DAYS_MAX,
    LengthOut,
    MentorOut,
    ProfileOut,
    SearchIn,
    SlotOut,
    SlotsIn,
    SlotsOut,
)
from bookings.queries.profile import profile_of, profiles, readable_by
from bookings.queries.search import Hit, Wanted, search
from bookings.queries.slots import price_of, slots_of
from bookings.readers import student_of
from bookings.slots import Slot
from marketplace.common.analytics import track
from marketplace.common.api import json_route, methods
from marketplace.common.errors import DomainError
from marketplace.common.guards import ANYONE
from marketplace.common.middleware import viewer_zone
from marketplace.common.schemas import Money, Page
from mentors.models import Mentor


class RangeRefused(DomainError):
    """A range of time that can't be right."""


def find(request: HttpRequest, *, handle: str) -> Mentor:
    return get_object_or_404(profiles(readable_by(None)), handle=handle)


@json_route(who=ANYONE, query=SearchIn, answers={200: Page[MentorOut]})
def search_mentors(request: HttpRequest, query: SearchIn) -> Page[MentorOut]:
    """Listed mentors, each with their next starts."""
    wanted = Wanted(
        q=query.q,
        subject=query.subject,
        languages=query.language,
        levels=query.level,
        minutes=query.minutes,
        min_price_minor=query.min_price_minor,
        max_price_minor=query.max_price_minor,
        available_from=query.available_from,
        available_to=query.available_to,
        parts=query.part_of_day,
        zone=viewer_zone(request),
        sort=query.sort,
    )
    results = search(wanted, at=timezone.now(), cursor=query.cursor, student=student_of(request))
    if not query.cursor:
        track("search_run", user_id=request.user.pk, results=results.total, sort=wanted.sort, minutes=wanted.minutes)
    return Page[MentorOut](items=[mentor_out(hit) for hit in results.hits], next_cursor=results.next_cursor)


@json_route(who=ANYONE, load=find, answers={200: ProfileOut})
def read_mentor(request: HttpRequest, obj: Mentor) -> ProfileOut:
    """One mentor's public profile."""
    profile = profile_of(obj, at=timezone.now())
    assert obj.hourly_rate_minor is not None  # mentor_complete_once_submitted
    return ProfileOut(
        handle=obj.handle,
        name=obj.user.name,
        headline=obj.headline,
        bio=obj.bio,
        subjects=[subject.slug for subject in profile.subjects],
        verified_subjects=[subject.slug for subject in profile.subjects if subject.is_verified],
        languages=obj.languages,
        levels=obj.levels,
        time_zone=obj.time_zone,
        hourly_rate=money(obj.hourly_rate_minor),
        packages=[LengthOut(minutes=each.minutes, price=money(price_of(each))) for each in profile.packages],
        policy=obj.policy,
        notice_hours=obj.notice_hours,
        rating=profile.rating,
        review_count=obj.review_count,
        session_count=obj.session_count,
        paused=not obj.is_listed,
    )


@json_route(who=ANYONE, query=SlotsIn, load=find, answers={200: SlotsOut})
def list_slots(request: HttpRequest, obj: Mentor, query: SlotsIn) -> SlotsOut:
    """The bookable starts of one mentor and length."""
    now = timezone.now()
    start = query.from_ or now
    end = query.to or start + timedelta(days=SLOTS_DAYS_DEFAULT)
    check_range(start, end)
    found = slots_of(obj, query.minutes, start, end, student=student_of(request), at=now)
    return SlotsOut(items=[slot_out(slot) for slot in found])


mentors = methods(GET=search_mentors)
mentor = methods(GET=read_mentor)
slots = methods(GET=list_slots)


def check_range(start: datetime, end: datetime) -> None:
    if start > end:
        raise RangeRefused(_("“from” must not be after “to”."), field="from")
    if end - start > timedelta(days=SLOTS_DAYS_MAX):
        raise RangeRefused(_("Ask for 31 days or less."), field="to")


def money(amount_minor: int) -> Money:
    return Money(amount_minor=amount_minor, currency=settings.CURRENCY)


def slot_out(slot: Slot) -> SlotOut:
    return SlotOut(starts_at=slot.starts_at, ends_at=slot.ends_at, price=money(slot.price_minor))


def mentor_out(hit: Hit) -> MentorOut:
    return MentorOut(
        handle=hit.handle,
        name=hit.name,
        headline=hit.headline,
        subjects=list(hit.subjects),
        languages=list(hit.languages),
        levels=list(hit.levels),
        minutes=hit.minutes,
        price=money(hit.price_minor),
        rating=round(hit.rating / 1_000, 2) if hit.rating else None,
        review_count=hit.review_count,
        session_count=hit.session_count,
        next_starts=[slot_out(slot) for slot in hit.openings],
    )
