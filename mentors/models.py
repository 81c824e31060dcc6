"""Mentors: profile and application, documents, price, weekly hours."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.common.triggers import append_only
from mentors.handles import RESERVED as RESERVED_HANDLES
from uploads.models import Upload

# The minutes of an hour at which weekly hours may start and end.
QUARTERS = (0, 15, 30, 45)


class Policy(models.TextChoices):
    FLEXIBLE = "flexible", _("Flexible")
    STANDARD = "standard", _("Standard")
    STRICT = "strict", _("Strict")


class Level(models.TextChoices):
    SCHOOL = "school", _("School")
    UNIVERSITY = "university", _("University")
    CAREER = "career", _("Career change")


class Subject(models.Model):
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    # One character drawn large behind the initials of a mentor without a photo.
    symbol = models.CharField(max_length=2, blank=True)

    class Meta:
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")

    def __str__(self) -> str:
        return self.name


class MentorQuerySet(models.QuerySet["Mentor"]):
    def listed(self) -> "MentorQuerySet":
        """Approved, unpaused and not hidden: who is found by search and can be booked."""
        return self.filter(status=Mentor.Status.APPROVED, paused_at=None, hidden_until=None)

    def readable(self) -> "MentorQuerySet":
        """Whose page may be read by anyone: a paused mentor's too."""
        return self.filter(status=Mentor.Status.APPROVED)

    def waiting_for_review(self) -> "MentorQuerySet":
        return self.filter(status=Mentor.Status.SUBMITTED)


class Mentor(models.Model):
    """A mentor's profile, application and booking rules; one row per account with the role."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("In review")
        CHANGES_REQUESTED = "changes_requested", _("Changes needed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Refused")
        SUSPENDED = "suspended", _("Suspended")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="mentor"
    )
    handle = models.SlugField(max_length=40, unique=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    # Rises with each submission and each saved change to what is judged; a decision names the one it saw.
    version = models.PositiveIntegerField(default=1)
    paused_at = models.DateTimeField(null=True, blank=True)
    hidden_until = models.DateTimeField(null=True, blank=True)

    headline = models.CharField(max_length=90, blank=True)
    bio = models.TextField(max_length=2_000, blank=True)
    languages = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    levels = ArrayField(models.CharField(max_length=10, choices=Level), default=list, blank=True)
    subjects = models.ManyToManyField(Subject, through="MentorSubject", related_name="mentors")
    photo = models.ForeignKey(Upload, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    hourly_rate_minor = models.PositiveIntegerField(null=True, blank=True)

    # The zone of the weekly hours, apart from the zone the account reads in.
    time_zone = models.CharField(max_length=64, blank=True)
    notice_hours = models.PositiveSmallIntegerField(
        default=settings.NOTICE_HOURS_DEFAULT,
        validators=[MinValueValidator(settings.NOTICE_HOURS_MIN), MaxValueValidator(settings.NOTICE_HOURS_MAX)],
    )
    break_minutes = models.PositiveSmallIntegerField(default=0)
    horizon_days = models.PositiveSmallIntegerField(
        default=settings.HORIZON_DAYS_DEFAULT,
        validators=[MinValueValidator(1), MaxValueValidator(settings.HORIZON_DAYS_MAX)],
    )
    day_cap = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    policy = models.CharField(max_length=8, choices=Policy, default=Policy.STANDARD)

    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)

    # Written by bookings: what search sorts and shows without asking further tables.
    rating_sum = models.PositiveIntegerField(default=0)
    review_count = models.PositiveIntegerField(default=0)
    session_count = models.PositiveIntegerField(default=0)

    objects = MentorQuerySet.as_manager()

    class Meta:
        verbose_name = _("mentor")
        verbose_name_plural = _("mentors")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=["draft", "submitted", "changes_requested", "approved", "rejected", "suspended"]
                ),
                name="mentor_status_known",
            ),
            models.CheckConstraint(
                condition=Q(hourly_rate_minor__isnull=True)
                | Q(hourly_rate_minor__gte=1_200, hourly_rate_minor__lte=100_000),
                name="mentor_rate_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "changes_requested"])
                | (Q(hourly_rate_minor__isnull=False) & ~Q(headline="") & ~Q(bio="") & ~Q(time_zone="")),
                name="mentor_complete_once_submitted",
            ),
            models.CheckConstraint(condition=Q(break_minutes__in=[0, 5, 10, 15, 30]), name="mentor_break_known"),
            models.CheckConstraint(
                condition=Q(notice_hours__gte=1, notice_hours__lte=72), name="mentor_notice_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(horizon_days__gte=1, horizon_days__lte=80), name="mentor_horizon_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(day_cap__isnull=True) | Q(day_cap__gte=1), name="mentor_day_cap_positive"
            ),
            models.CheckConstraint(
                condition=Q(policy__in=["flexible", "standard", "strict"]), name="mentor_policy_known"
            ),
            models.CheckConstraint(condition=Q(handle__regex=r"^[a-z0-9-]{3,40}$"), name="mentor_handle_shape"),
            models.CheckConstraint(condition=~Q(handle__in=RESERVED_HANDLES), name="mentor_handle_not_reserved"),
        ]
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="mentor_by_status"),
            GinIndex(fields=["languages"], name="mentor_languages"),
            GinIndex(fields=["levels"], name="mentor_levels"),
        ]

    def __str__(self) -> str:
        return f"Mentor {self.handle}"

    @property
    def is_listed(self) -> bool:
        return self.status == self.Status.APPROVED and self.paused_at is None and self.hidden_until is None


class MentorSubject(models.Model):
    """A subject that a mentor teaches; the mark stands once its certificate was approved and until it expires."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="mentor_subjects")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="mentor_subjects")
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mentor", "subject"], name="mentor_subject_unique")]

    def __str__(self) -> str:
        return f"Subject {self.subject_id} of mentor {self.mentor_id}"


class Package(models.Model):
    """A length that one mentor offers, with its own price or (``price_minor`` empty) the price by the hour."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="packages")
    minutes = models.PositiveSmallIntegerField()
    price_minor = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mentor", "minutes"], name="package_unique"),
            models.CheckConstraint(condition=Q(minutes__in=[15, 45, 90]), name="package_minutes_known"),
            models.CheckConstraint(
                condition=Q(price_minor__isnull=True) | Q(price_minor__gt=0), name="package_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} minutes of mentor {self.mentor_id}"


class AvailabilityRule(models.Model):
    """A weekly window on the wall clock of ``Mentor.time_zone``; an end at or before its start is on the next day."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="availability_rules")
    weekday = models.PositiveSmallIntegerField()  # Monday is 0
    start = models.TimeField()
    end = models.TimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="availability_rule_weekday"),
            models.CheckConstraint(
                condition=Q(start__minute__in=QUARTERS, start__second=0, end__minute__in=QUARTERS, end__second=0),
                name="availability_rule_quarters",
            ),
            models.UniqueConstraint(fields=["mentor", "weekday", "start"], name="availability_rule_unique"),
        ]

    def __str__(self) -> str:
        return f"Weekday {self.weekday} of mentor {self.mentor_id}"


class AvailabilityException(models.Model):
    """A dated change: ``add`` or ``replace`` with windows, ``remove`` with windows or (none) the whole day."""

    class Kind(models.TextChoices):
        ADD = "add", _("Extra hours")
        REMOVE = "remove", _("Time off")
        REPLACE = "replace", _("Other hours")

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="availability_exceptions")
    date = models.DateField()
    kind = models.CharField(max_length=7, choices=Kind)
    yearly = models.BooleanField(default=False)
    # [["09:00", "12:30"], …], wall clock as in the rules.
    windows = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mentor", "date", "kind"], name="availability_exception_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=["add", "remove", "replace"]), name="availability_exception_kind"
            ),
            models.CheckConstraint(
                condition=Q(kind="remove") | ~Q(windows=[]), name="availability_exception_opens_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} of mentor {self.mentor_id}"


class VerificationDocument(models.Model):
    """What a mentor sends to be checked. A refused one is sent again as a new row."""

    class Kind(models.TextChoices):
        GOVERNMENT_ID = "government_id", _("Government ID")
        CERTIFICATE = "certificate", _("Certificate")

    class Status(models.TextChoices):
        SENDING = "sending", _("Being sent")  # the file is not in storage yet
        WAITING = "waiting", _("Waiting")
        APPROVED = "approved", _("Accepted")
        REFUSED = "refused", _("Changes needed")
        WITHDRAWN = "withdrawn", _("Removed")

    class Reason(models.TextChoices):
        UNREADABLE = "unreadable", _("Unreadable or cut off")
        EXPIRED = "expired", _("Expired")
        NAME_MISMATCH = "name_mismatch", _("The name differs")
        WRONG_TYPE = "wrong_type", _("Another document than asked for")
        SUSPECTED_EDIT = "suspected_edit", _("Looks edited")
        OTHER = "other", _("Something else")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=13, choices=Kind)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=14, choices=Reason, blank=True)
    note = models.TextField(max_length=1_000, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(default=timezone.now)  # again at the moment its file is in storage
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Who has it open in the review desk, so that two people never decide the same document.
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    taken_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("verification document")
        verbose_name_plural = _("verification documents")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["government_id", "certificate"]), name="document_kind_known"),
            models.CheckConstraint(
                condition=Q(status__in=["sending", "waiting", "approved", "refused", "withdrawn"]),
                name="document_status_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="government_id", subject__isnull=True) | Q(kind="certificate", subject__isnull=False),
                name="document_certificates_name_a_subject",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["sending", "waiting", "withdrawn"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="document_decision_has_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(reason=""), name="document_refusal_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("mentor")), name="document_not_decided_by_owner"
            ),
            models.UniqueConstraint(
                fields=["mentor", "kind", "subject"],
                condition=Q(status="waiting"),
                nulls_distinct=False,
                name="document_one_waiting",
            ),
        ]
        indexes = [models.Index(fields=["status", "sent_at"], name="document_by_status")]

    def __str__(self) -> str:
        return f"Document {self.pk}"


class MentorEvent(models.Model):
    """Each step of a mentor's application: who, when, from and to. Append-only by trigger."""

    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="events")
    name = models.CharField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["mentor", "at"], name="mentor_event_by_mentor")]
        triggers = [append_only("mentor_event_append_only")]

    def __str__(self) -> str:
        return f"{self.name} of mentor {self.mentor_id}"


class SuspensionAppealQuerySet(models.QuerySet["SuspensionAppeal"]):
    def open(self) -> "SuspensionAppealQuerySet":
        return self.filter(decided_at=None)


class SuspensionAppeal(models.Model):
    """What a suspended mentor says against it: the one thing they may still write. Reviewers decide."""

    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="appeals")
    text = models.TextField(max_length=2_000)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Whether the suspension ended with it.
    is_granted = models.BooleanField(default=False)

    objects = SuspensionAppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal against a suspension")
        verbose_name_plural = _("appeals against suspensions")
        constraints = [
            models.UniqueConstraint(
                fields=["mentor"], condition=Q(decided_at=None), name="suspension_appeal_one_open_per_mentor"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, is_granted=False)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="suspension_appeal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("mentor")), name="suspension_appeal_not_decided_by_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"Appeal {self.pk} of mentor {self.mentor_id}"


class BusyTime(models.Model):
    """A time that the mentor is taken elsewhere (imported from a calendar); nothing can be booked in it."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="busy_times")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    source = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_time_has_a_length"),
        ]
        indexes = [models.Index(fields=["mentor", "starts_at"], name="busy_time_by_mentor")]

    def __str__(self) -> str:
        return f"Busy {self.pk} of mentor {self.mentor_id}"

    @property
    def interval(self) -> tuple[datetime, datetime]:
        return self.starts_at, self.ends_at
