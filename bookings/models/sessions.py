"""What belongs to one session: its files, who was there, what each said of it, and what went wrong."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from bookings.models.booking import Booking
from marketplace.common.triggers import append_only
from uploads.models import Upload


class SessionFile(models.Model):
    """A file that one of a session's two people sent for it; the other holds a grant on the upload once it is checked."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="files")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("session file")
        verbose_name_plural = _("session files")

    def __str__(self) -> str:
        return f"File {self.upload_id} of booking {self.booking_id}"


class SessionNote(models.Model):
    """One version of the notes that a session's two people write together; the highest is what stands. Append-only by trigger.

    Whoever writes names the version they had read and makes the next one: of two who had read the same, the database lets
    one through, and no word of either is lost.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="notes")
    version = models.PositiveIntegerField()
    text = models.TextField(max_length=settings.SESSION_NOTES_MAX_CHARACTERS, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("session note")
        verbose_name_plural = _("session notes")
        constraints = [
            models.UniqueConstraint(fields=["booking", "version"], name="session_note_version_unique"),
            models.CheckConstraint(condition=Q(version__gte=1), name="session_note_version_from_one"),
            models.CheckConstraint(condition=LessThanOrEqual(Length("text"), 4_000), name="session_note_not_too_long"),
        ]
        triggers = [append_only("session_note_append_only")]

    def __str__(self) -> str:
        return f"Version {self.version} of the notes of booking {self.booking_id}"


class ClockNotice(models.Model):
    """Somebody was told that clocks change at a moment: the row is what keeps them from being told twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    changes_at = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        verbose_name = _("notice of a change of clocks")
        verbose_name_plural = _("notices of changes of clocks")
        constraints = [models.UniqueConstraint(fields=["user", "changes_at"], name="clock_notice_told_once")]

    def __str__(self) -> str:
        return f"Notice of {self.changes_at:%Y-%m-%d} to {self.user_id}"


class Attendance(models.Model):
    """A stretch of time in which somebody was on the join page, by its beats. Both sides see it."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="attendance")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()  # of the last beat

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendance")
        constraints = [
            models.CheckConstraint(condition=Q(until_at__gte=F("from_at")), name="attendance_ends_after_its_start")
        ]
        indexes = [models.Index(fields=["booking", "user", "until_at"], name="attendance_by_booking")]

    def __str__(self) -> str:
        return f"Attendance at booking {self.booking_id}"


class Outcome(models.Model):
    """What one side said of a session: "how was it?". Once said it stays; a problem report comes on top."""

    class Word(models.TextChoices):
        FINE = "fine", _("All went well")
        PROBLEM = "problem", _("Something was wrong")
        TAUGHT = "taught", _("It took place")
        STUDENT_ABSENT = "student_absent", _("The student did not come")

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="outcomes")
    side = models.CharField(max_length=7, choices=Booking.Side)
    word = models.CharField(max_length=14, choices=Word)
    note = models.TextField(max_length=2_000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        constraints = [
            models.UniqueConstraint(fields=["booking", "side"], name="outcome_one_per_side"),
            models.CheckConstraint(
                condition=Q(side="student", word__in=["fine", "problem"])
                | Q(side="mentor", word__in=["taught", "student_absent"]),
                name="outcome_word_of_its_side",
            ),
        ]

    def __str__(self) -> str:
        return f"Outcome of booking {self.booking_id} by {self.side}"


class ProblemReportQuerySet(models.QuerySet["ProblemReport"]):
    def open(self) -> "ProblemReportQuerySet":
        return self.filter(decided_at=None)

    def due(self, *, at: datetime) -> "ProblemReportQuerySet":
        """Those that support may decide: the other side answered, or let its time pass."""
        return self.open().filter(~Q(answered_at=None) | Q(answer_due_at__lte=at))


class ProblemReport(models.Model):
    """Something was wrong with a session. Its money waits until support decides what goes back."""

    class Finding(models.TextChoices):
        NONE = "", _("Neither was absent")
        MENTOR_ABSENT = "mentor_absent", _("The mentor did not come")
        BOTH_ABSENT = "both_absent", _("Nobody came")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="problem_reports")
    # Who reported: a side, or "admin" where nobody said anything for seven days.
    side = models.CharField(max_length=7, choices=Booking.Side)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(max_length=2_000, blank=True)
    # The state that the report took the booking out of.
    found = models.CharField(max_length=16, choices=Booking.Status)
    # What had gone back by then, in per cent of the price: a decision can't ask it back.
    found_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    opened_at = models.DateTimeField()
    answer_due_at = models.DateTimeField()
    answer = models.TextField(max_length=2_000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    finding = models.CharField(max_length=13, choices=Finding, blank=True, db_default="")
    decision = models.TextField(max_length=2_000, blank=True)

    objects = ProblemReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem report")
        verbose_name_plural = _("problem reports")
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(decided_at=None), name="problem_report_one_open_per_booking"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, percent=None, decided_by=None)
                | Q(decided_at__isnull=False, percent__lte=100, decided_by__isnull=False) & ~Q(decision=""),
                name="problem_report_decided_by_somebody_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gte=F("found_percent")),
                name="problem_report_asks_nothing_back",
            ),
            models.CheckConstraint(
                condition=Q(finding="") | Q(finding__in=["mentor_absent", "both_absent"], percent=100),
                name="problem_report_absence_brings_all_back",
            ),
        ]
        indexes = [models.Index(fields=["opened_at"], condition=Q(decided_at=None), name="problem_report_open_by_age")]

    def __str__(self) -> str:
        return f"Problem report about booking {self.booking_id}"


class Review(models.Model):
    """What a student said after a completed session."""

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="review")
    rating = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=2_000, blank=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    # The mentor's, once.
    answer = models.TextField(max_length=2_000, blank=True, db_default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_in_bounds"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="review_answered_with_words",
            ),
        ]

    def __str__(self) -> str:
        return f"Review of booking {self.booking_id}"
