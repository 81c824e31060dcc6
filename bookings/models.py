"""A student's claim on a mentor's time. The constraints here are the last guard against selling an hour twice."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.spans import SpansField
from marketplace.common.triggers import append_only
from mentors.models import Mentor, Policy
from uploads.models import Upload

LIVE_STATUSES = ("held", "confirmed")


def tstzrange(start: str, end: str) -> Func:
    """A half-open range of two moments, for the exclusion constraints."""
    return Func(F(start), F(end), RangeBoundary(), function="TSTZRANGE", output_field=DateTimeRangeField())


def _interval(minutes: str) -> Func:
    return Func(
        F(minutes),
        function="make_interval",
        template="%(function)s(mins => %(expressions)s)",
        output_field=models.DurationField(),
    )


class BookingQuerySet(models.QuerySet["Booking"]):
    def live(self) -> "BookingQuerySet":
        """Holds and confirmed sessions: what keeps others out of a time. Lapsed holds still count here, as in the
        constraints; add ``not_lapsed`` to see what a reader sees."""
        return self.filter(status__in=LIVE_STATUSES)

    def not_lapsed(self, *, at: datetime) -> "BookingQuerySet":
        return self.exclude(status=Booking.Status.HELD, hold_expires_at__lte=at)

    def lapsed(self, *, at: datetime) -> "BookingQuerySet":
        return self.filter(status=Booking.Status.HELD, hold_expires_at__lte=at)

    def of(self, user: User) -> "BookingQuerySet":
        """Those in which ``user`` is the student or the mentor."""
        return self.filter(Q(student=user.pk) | Q(mentor=user.pk))

    def visible_to(self, user: User) -> "BookingQuerySet":
        """One's own; support and finance see every booking, other staff none."""
        if not user.is_staff:
            return self.of(user)
        return self.all() if user.groups.filter(name__in=("support", "finance")).exists() else self.none()

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> "BookingQuerySet":
        return self.filter(starts_at__lt=ends_at, blocked_until__gt=starts_at)


class Booking(models.Model):
    class Status(models.TextChoices):
        HELD = "held", _("Held")
        CONFIRMED = "confirmed", _("Confirmed")
        ENDED = "ended", _("Ended")
        COMPLETED = "completed", _("Completed")
        EXPIRED = "expired", _("Expired")
        ABANDONED = "abandoned", _("Let go")
        CANCELLED = "cancelled", _("Cancelled")
        PROBLEM = "problem", _("Problem reported")
        NO_SHOW_STUDENT = "no_show_student", _("Student absent")
        NO_SHOW_MENTOR = "no_show_mentor", _("Mentor absent")
        NO_SHOW_BOTH = "no_show_both", _("Both absent")
        REFUNDED = "refunded", _("Refunded")

    class Side(models.TextChoices):
        STUDENT = "student", _("Student")
        MENTOR = "mentor", _("Mentor")
        ADMIN = "admin", _("Admin")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="bookings")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bookings")
    status = models.CharField(max_length=16, choices=Status, default=Status.HELD)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # The end plus the break, as copied at the hold: nobody else may start before it.
    blocked_until = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    # Copied from the mentor when it was held, and never read from there again.
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    fee_bps = models.PositiveIntegerField()
    break_minutes = models.PositiveSmallIntegerField(default=0)
    policy = models.CharField(max_length=8, choices=Policy)
    note = models.TextField(max_length=2_000, blank=True)

    hold_expires_at = models.DateTimeField()
    # 1 to 3 while held: with its unique index the database itself refuses a fourth hold.
    hold_place = models.PositiveSmallIntegerField(null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    bank_step_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(max_length=7, choices=Side, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = [
            models.UniqueConstraint(
                fields=["mentor", "starts_at"],
                condition=Q(status__in=LIVE_STATUSES),
                name="booking_mentor_start_unique",
            ),
            ExclusionConstraint(
                name="booking_mentor_no_overlap",
                expressions=[
                    ("mentor", RangeOperators.EQUAL),
                    (tstzrange("starts_at", "blocked_until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=LIVE_STATUSES),
            ),
            ExclusionConstraint(
                name="booking_student_no_overlap",
                expressions=[
                    ("student", RangeOperators.EQUAL),
                    (tstzrange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=LIVE_STATUSES),
            ),
            models.UniqueConstraint(
                fields=["student", "mentor"], condition=Q(status="held"), name="booking_one_hold_per_mentor"
            ),
            models.UniqueConstraint(
                fields=["student", "hold_place"], condition=Q(status="held"), name="booking_three_holds_per_student"
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(hold_place__isnull=False, hold_place__gte=1, hold_place__lte=3),
                name="booking_hold_has_a_place",
            ),
            models.CheckConstraint(condition=~Q(student=F("mentor")), name="booking_not_with_oneself"),
            models.CheckConstraint(condition=Q(minutes__in=[15, 45, 90]), name="booking_minutes_known"),
            models.CheckConstraint(
                condition=Q(ends_at=F("starts_at") + _interval("minutes")),
                name="booking_length",
            ),
            models.CheckConstraint(condition=Q(blocked_until__gte=F("ends_at")), name="booking_break_not_negative"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="booking_price_positive"),
            models.CheckConstraint(condition=Q(fee_bps__lte=10_000), name="booking_fee_in_bounds"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "held",
                        "confirmed",
                        "ended",
                        "completed",
                        "expired",
                        "abandoned",
                        "cancelled",
                        "problem",
                        "no_show_student",
                        "no_show_mentor",
                        "no_show_both",
                        "refunded",
                    ]
                ),
                name="booking_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["held", "expired", "abandoned"]) | Q(confirmed_at__isnull=False),
                name="booking_confirmed_before_the_rest",
            ),
        ]
        indexes = [
            models.Index(fields=["student", "starts_at"], name="booking_by_student"),
            models.Index(fields=["mentor", "starts_at"], name="booking_by_mentor"),
            models.Index(fields=["hold_expires_at"], condition=Q(status="held"), name="booking_holds_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}"

    def status_at(self, now: datetime) -> str:
        """What everyone reads: a lapsed hold is ``expired`` from its second on, whether or not a worker came by."""
        if self.status == self.Status.HELD and self.hold_expires_at <= now:
            return self.Status.EXPIRED
        return self.status


class BookingEvent(models.Model):
    """Each step of a booking: who, when, from and to. Append-only by trigger."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="events")
    name = models.CharField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["booking", "at"], name="booking_event_by_booking"),
            # What happened lately, for the search index: rows only ever come at the end, so a page range is enough.
            BrinIndex(fields=["at"], name="booking_event_by_time"),
        ]
        triggers = [append_only("booking_event_append_only")]

    def __str__(self) -> str:
        return f"{self.name} of booking {self.booking_id}"


class SessionFile(models.Model):
    """A file that one of a session's two people sent for it; the other holds a grant on the upload once it is checked."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="files")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("session file")
        verbose_name_plural = _("session files")

    def __str__(self) -> str:
        return f"File {self.upload_id} of booking {self.booking_id}"


class Review(models.Model):
    """What a student said after a completed session."""

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="review")
    rating = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=2_000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_in_bounds")
        ]

    def __str__(self) -> str:
        return f"Review of booking {self.booking_id}"


class SearchRow(models.Model):
    """What search knows of one listed mentor and one length they offer; nothing is sold from it.

    Written by ``services.search_index`` from the mentor's rows and bookings, and again when they change. Whether the
    mentor is listed is asked of the mentor, not of this row.
    """

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="search_rows")
    minutes = models.PositiveSmallIntegerField()
    price_minor = models.PositiveIntegerField()
    # The mean of the reviews × 1,000; 0 until there are enough of them to be shown.
    rating = models.PositiveSmallIntegerField()
    # How good a match the mentor is when nothing was asked for: a number without a unit.
    quality = models.PositiveIntegerField()
    # The bookable starts as far as the horizon (bookings.spans), and the first of them.
    free = SpansField()
    next_start_at = models.DateTimeField(null=True)

    subjects = ArrayField(models.CharField(max_length=40))
    languages = ArrayField(models.CharField(max_length=3))
    levels = ArrayField(models.CharField(max_length=10))
    text = SearchVectorField()
    # Shown on the card beside the mentor's own columns.
    subject_names = ArrayField(models.CharField(max_length=60))
    symbol = models.CharField(max_length=2, blank=True)
    is_verified = models.BooleanField()

    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mentor", "minutes"], name="search_row_unique")]
        indexes = [
            # One per order of results, each ending in the mentor so that pages stay apart where rows are equal.
            models.Index("minutes", F("quality").desc(), "mentor", name="search_row_by_quality"),
            models.Index("minutes", F("rating").desc(), "mentor", name="search_row_by_rating"),
            models.Index(fields=["minutes", "price_minor", "mentor"], name="search_row_by_price"),
            models.Index(fields=["minutes", "next_start_at", "mentor"], name="search_row_by_next_start"),
            GinIndex(fields=["text"], name="search_row_text"),
            GinIndex(fields=["subjects"], name="search_row_subjects"),
            models.Index(fields=["refreshed_at"], name="search_row_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} minutes of mentor {self.mentor_id} in search"
