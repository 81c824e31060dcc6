"""What a mentor is judged by: documents, the log of the application, appeals."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.common.triggers import append_only
from mentors.models.profiles import Mentor, Subject
from uploads.models import Upload


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


def still_good(on: date) -> Q:
    """Of documents: those that have not expired on a day."""
    return Q(expires_on=None) | Q(expires_on__gte=on)


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
