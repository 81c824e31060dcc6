"""Four views that read and write the same rows as the product's and show the same facts, in the plainest way.

No guards, limits, locks or translations, no error that is more than Django's own: what a request costs at the least.
"""

import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import stripe
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import User
from bookings.models import LIVE_STATUSES, Booking, BookingEvent, Review, SearchRow
from bookings.spans import FirstStarts
from chat.models import Thread
from marketplace.common.models import AnalyticsEvent
from mentors.models import BusyTime, Mentor, Package, Subject
from payments.models import WebhookEvent
from tests.bench.floor.forms import BookingForm, SearchForm

GRID = timedelta(minutes=15)
LISTED = Q(mentor__status="approved", mentor__paused_at=None, mentor__hidden_until=None)


def search(request: HttpRequest) -> HttpResponse:
    timezone.activate(reader(request).time_zone)
    subjects = cache.get("floor-subjects")
    if subjects is None:
        subjects = list(Subject.objects.values_list("slug", "name"))
        cache.set("floor-subjects", subjects, 600)
    form = SearchForm({"minutes": 45, "sort": "best", **request.GET.dict()}, subjects=subjects)
    form.is_valid()
    now = timezone.now()
    found = SearchRow.objects.filter(LISTED, minutes=form.cleaned_data["minutes"])
    total = found[:201].count()
    rows = list(
        found.order_by("-quality", "mentor").values(
            "mentor_id", "minutes", "price_minor", "rating", "subject_names", "symbol", "is_verified",
            "mentor__handle", "mentor__user__name", "mentor__headline", "mentor__bio", "mentor__languages",
            "mentor__review_count", "mentor__session_count", "mentor__break_minutes", "mentor__photo__sha256",
            starts=FirstStarts(F("free"), count=8),
        )[:20]
    )  # fmt: skip
    booked = Booking.objects.filter(
        Q(mentor__in=[row["mentor_id"] for row in rows]) | Q(student=request.user.pk),
        status__in=LIVE_STATUSES,
        starts_at__gt=now - timedelta(days=1),
        starts_at__lt=max(start for row in rows for start in row["starts"]) + timedelta(days=1),
    ).values_list("mentor_id", "starts_at", "blocked_until")
    taken = list(booked)
    busy = BusyTime.objects.filter(mentor__in=[row["mentor_id"] for row in rows], ends_at__gt=now)
    taken += busy.values_list("mentor_id", "starts_at", "ends_at")
    cards = [(row, openings_of(row["mentor_id"], row["starts"], row["minutes"], taken)) for row in rows]
    AnalyticsEvent.objects.create(name="search_run", user_id=request.user.pk, data={"results": total})
    return render(
        request, "floor/search.html", {"form": form, "cards": cards, "total": total, "unread": unread(request)}
    )


def openings_of(
    mentor_id: uuid.UUID, starts: list[datetime], minutes: int, taken: list[tuple[uuid.UUID, datetime, datetime]]
) -> list[datetime]:
    theirs = [(begins, ends) for owner, begins, ends in taken if owner == mentor_id]
    return [start for start in starts if is_free(start, minutes, theirs)][:3]


def mentor(request: HttpRequest, handle: str) -> HttpResponse:
    timezone.activate(reader(request).time_zone)
    mentor = get_object_or_404(
        Mentor.objects.select_related("user", "photo").prefetch_related(
            "mentor_subjects__subject", "packages", "availability_rules", "availability_exceptions"
        ),
        handle=handle,
        status="approved",
    )
    package = next(each for each in mentor.packages.all() if each.minutes == int(request.GET.get("minutes", 45)))
    first = date.fromisoformat(request.GET["from"])
    days = [(day, starts_of(mentor, package.minutes, day)) for day in (first + timedelta(days=n) for n in range(7))]
    taken = taken_by(mentor, request, days[0][0], days[-1][0])
    reviews = Review.objects.filter(booking__mentor=mentor).select_related("booking__student").order_by("-created_at")
    return render(
        request,
        "floor/mentor.html",
        {
            "mentor": mentor,
            "package": package,
            "price": price_minor(mentor, package) / 100,
            "days": [(day, [start for start in starts if is_free(start, package.minutes, taken)]) for day, starts in days],
            "reviews": reviews[:4],
            "unread": unread(request),
        },
    )  # fmt: skip


def price_minor(mentor: Mentor, package: Package) -> int:
    return (mentor.hourly_rate_minor or 0) * package.minutes // 60


def starts_of(mentor: Mentor, minutes: int, day: date) -> list[datetime]:
    zone, length = ZoneInfo(mentor.time_zone), timedelta(minutes=minutes)
    closed = any(each.date == day for each in mentor.availability_exceptions.all())
    starts = []
    for rule in mentor.availability_rules.all():
        if rule.weekday == day.weekday() and not closed:
            start = datetime.combine(day, rule.start, zone).astimezone(UTC)
            end = datetime.combine(day, rule.end, zone).astimezone(UTC)
            while start + length <= end:
                starts.append(start)
                start += GRID
    return starts


def taken_by(mentor: Mentor, request: HttpRequest, first: date, last: date) -> list[tuple[datetime, datetime]]:
    start = datetime.combine(first, time(0), UTC) - timedelta(days=1)
    end = datetime.combine(last, time(0), UTC) + timedelta(days=2)
    bookings = Booking.objects.filter(Q(mentor=mentor) | Q(student=request.user.pk), status__in=LIVE_STATUSES)
    taken = list(bookings.filter(starts_at__gt=start, starts_at__lt=end).values_list("starts_at", "blocked_until"))
    return taken + list(
        BusyTime.objects.filter(mentor=mentor, starts_at__lt=end, ends_at__gt=start).values_list("starts_at", "ends_at")
    )


def is_free(start: datetime, minutes: int, taken: list[tuple[datetime, datetime]]) -> bool:
    end = start + timedelta(minutes=minutes)
    return start > timezone.now() and not any(begins < end and start < ends for begins, ends in taken)


def reader(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the benchmark asks as a student
    return request.user


def unread(request: HttpRequest) -> int:
    threads = Thread.objects.filter(student=request.user.pk)
    return int(threads.aggregate(unread=Sum(F("last_number") - F("student_read_number"), default=0))["unread"])


@login_required
@require_POST
def book(request: HttpRequest) -> HttpResponse:
    form = BookingForm(request.POST)
    if not form.is_valid():
        return render(request, "floor/refused.html", {"form": form}, status=422)
    wanted = form.cleaned_data
    package = get_object_or_404(
        Package.objects.select_related("mentor"), mentor__handle=wanted["mentor"], minutes=wanted["minutes"]
    )
    mentor, starts_at, now = package.mentor, wanted["starts_at"], timezone.now()
    ends_at = starts_at + timedelta(minutes=package.minutes)
    if starts_at not in starts_of(mentor, package.minutes, starts_at.date()) or not is_free(
        starts_at, package.minutes, taken_by(mentor, request, starts_at.date(), starts_at.date())
    ):
        return render(request, "floor/refused.html", {"form": form}, status=409)
    with transaction.atomic():
        price = price_minor(mentor, package)
        booking = Booking.objects.create(
            mentor=mentor,
            student=reader(request),
            starts_at=starts_at,
            ends_at=ends_at,
            blocked_until=ends_at + timedelta(minutes=mentor.break_minutes),
            minutes=package.minutes,
            price_minor=price,
            currency=settings.CURRENCY,
            fee_bps=settings.PLATFORM_FEE_BPS,
            break_minutes=mentor.break_minutes,
            policy=mentor.policy,
            hold_expires_at=now + timedelta(seconds=settings.HOLD_SECONDS),
            hold_place=1,
            created_at=now,
        )
        BookingEvent.objects.create(booking=booking, name="held", at=now, by=reader(request))
        AnalyticsEvent.objects.create(
            name="hold_created",
            user_id=request.user.pk,
            data={"minutes": package.minutes, "price_minor": price},
        )
    return redirect("pay", booking.pk)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    stripe.WebhookSignature.verify_header(
        request.body, request.headers["Stripe-Signature"], settings.STRIPE_WEBHOOK_SECRETS[0], 300
    )
    event = json.loads(request.body)
    try:
        WebhookEvent.objects.create(
            id=event["id"],
            type=event["type"],
            object_id=event["data"]["object"]["id"],
            provider_created_at=datetime.fromtimestamp(event["created"], UTC),
            received_at=timezone.now(),
        )
    except IntegrityError:
        return HttpResponse(status=200)  # known already
    return HttpResponse(status=200)


def pay(request: HttpRequest, booking_id: uuid.UUID) -> HttpResponse:
    return HttpResponse(status=204)  # only linked to, as is the next one


sessions = pay


def inbox(request: HttpRequest) -> HttpResponse:
    """A page of three queries: the session, the reader, and their latest conversations."""
    threads = Thread.objects.filter(student=reader(request).pk).order_by("-last_message_at")
    return render(request, "floor/inbox.html", {"threads": threads.select_related("mentor__user")[:20]})
