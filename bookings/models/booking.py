"""A student's claim on a mentor's time. The constraints here are the last guard against selling an hour twice."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.triggers import append_only
from mentors.models import Mentor, Policy

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
    cancel_reason = models.TextField(max_length=500, blank=True, db_default="")
    # How much of the price goes back to the student, once a cancelling, an absence or support has decided it. What follows
    # from it (refund, fee, the mentor's share) is arithmetic: marketplace.common.money.split.
    refund_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    # How often its student moved it; and how often anyone did, which is the SEQUENCE of its calendar entry.
    moves_by_student = models.PositiveSmallIntegerField(default=0, db_default=0)
    sequence = models.PositiveIntegerField(default=0, db_default=0)
    # Where its mentor meets for this one session, in place of their usual link. Empty: the usual one, else a room of our own.
    meeting_url = models.CharField(max_length=300, blank=True, db_default="")
    # When both were asked how it was because nobody had said anything.
    asked_at = models.DateTimeField(null=True, blank=True)

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
            models.CheckConstraint(
                condition=Q(refund_percent=None) | Q(refund_percent__lte=100), name="booking_refund_percent_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(refund_percent=None) | ~Q(status__in=[*LIVE_STATUSES, "ended", "problem"]),
                name="booking_refund_only_when_decided",
            ),
            models.CheckConstraint(condition=Q(moves_by_student__lte=2), name="booking_moved_twice_at_most"),
            models.CheckConstraint(
                condition=Q(meeting_url="") | Q(meeting_url__startswith="https://"), name="booking_meeting_url_is_https"
            ),
        ]
        indexes = [
            models.Index(fields=["student", "starts_at"], name="booking_by_student"),
            models.Index(fields=["mentor", "starts_at"], name="booking_by_mentor"),
            models.Index(fields=["hold_expires_at"], condition=Q(status="held"), name="booking_holds_by_expiry"),
            # What the passes look for: sessions that are over and not yet settled.
            models.Index(fields=["ends_at"], condition=Q(status__in=["confirmed", "ended"]), name="booking_by_end"),
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
