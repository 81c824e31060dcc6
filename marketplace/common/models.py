"""Tables that belong to no domain."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.common.postgres import CurrentSnapshot, CurrentTransaction, SnapshotField, TransactionIdField
from marketplace.common.triggers import append_only


class AnalyticsEvent(models.Model):
    """Something that happened, for counting. First-party, without names or addresses; append-only by trigger."""

    name = models.CharField(max_length=32)
    at = models.DateTimeField(default=timezone.now)
    user_id = models.UUIDField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("analytics event")
        verbose_name_plural = _("analytics events")
        indexes = [models.Index(fields=["name", "at"], name="analytics_event_by_name")]
        triggers = [append_only("analytics_event_append_only")]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class AuditEvent(models.Model):
    """Who looked at or decided what: views of private documents, decisions, money moved. Append-only by trigger."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    request_id = models.CharField(max_length=36, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["-at", "id"], name="audit_event_by_time"),
            models.Index(fields=["subject_type", "subject_id", "at"], name="audit_event_by_subject"),
        ]
        triggers = [append_only("audit_event_append_only")]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class IdempotencyKey(models.Model):
    """One ``Idempotency-Key`` of one account: the body it came with and what was answered. Kept 24 hours."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    route = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    # What the operation made, written in its own transaction: a crash after it can't make a second one.
    made_id = models.CharField(max_length=64, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return f"Idempotency key {self.pk}"


class LiveEvent(models.Model):
    """Something that open pages are told at once: ids only, to one person or to who looks at one mentor's times.

    Written in the transaction that made it true. The trigger tells every web process once that has committed
    (``marketplace.streams``); a stream that was lost catches up from these rows, which are kept for an hour.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    user_id = models.UUIDField(null=True, blank=True)
    mentor_id = models.UUIDField(null=True, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    # Ids are given before a transaction commits, so a higher one can be seen first. What a row's transaction could not
    # see yet was not told before it.
    transaction = TransactionIdField(db_default=CurrentTransaction(), editable=False)
    snapshot = SnapshotField(db_default=CurrentSnapshot(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user_id__isnull=True, mentor_id__isnull=False)
                | Q(user_id__isnull=False, mentor_id__isnull=True),
                name="live_event_one_audience",
            ),
        ]
        indexes = [
            models.Index(fields=["user_id", "id"], condition=Q(user_id__isnull=False), name="live_event_by_user"),
            models.Index(fields=["mentor_id", "id"], condition=Q(mentor_id__isnull=False), name="live_event_by_mentor"),
            models.Index(fields=["at"], name="live_event_by_age"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="live_event_told",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM pg_notify('live', concat_ws(' ', NEW.id, coalesce('user ' || NEW.user_id, 'mentor ' || NEW.mentor_id)));
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Live event {self.pk}"
