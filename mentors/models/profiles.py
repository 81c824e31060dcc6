"""Mentors: profile and application, subjects, price, booking rules."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentors.handles import RESERVED as RESERVED_HANDLES
from uploads.models import Upload


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
    # Where they usually meet students. Empty: a room of our own for each session.
    meeting_url = models.CharField(max_length=300, blank=True, db_default="")

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
            models.CheckConstraint(
                condition=Q(meeting_url="") | Q(meeting_url__startswith="https://"), name="mentor_meeting_url_is_https"
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

    @property
    def may_suggest(self) -> bool:
        """Whether they may offer a student of theirs another time for what is booked, listed or not."""
        return self.status == self.Status.APPROVED


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
