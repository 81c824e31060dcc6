"""Tables that belong to no domain."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.common.events import EVENTS
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
        ]
        triggers = [
            pgtrigger.Trigger(
                name="live_event_told",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                # Once for all rows of a statement: ten thousand holds lapse in one.
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="told"),
                func="""
                    PERFORM pg_notify('live', concat_ws(' ', id, coalesce('user ' || user_id, 'mentor ' || mentor_id)))
                    FROM told;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Live event {self.pk}"


class Notification(models.Model):
    """A line in somebody's feed: what happened, in the words of its mail's subject, and where it leads."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    event = models.CharField(max_length=40)
    title = models.CharField(max_length=250)
    path = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            # Whoever opens it is sent there, so it may lead to no other site.
            models.CheckConstraint(
                condition=Q(path__startswith="/") & ~Q(path__startswith="//"), name="notification_leads_to_a_page"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_by_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return f"Notification {self.pk}"

    @property
    def icon(self) -> str:
        event = EVENTS.get(self.event)  # an old line may be of an event that is no more
        return event.icon if event else "bell"


class MailSwitchedOff(models.Model):
    """One kind of mail that somebody does not want. No row: it is sent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="mail_switched_off_once")]

    def __str__(self) -> str:
        return f"Mail {self.event} of user {self.user_id}"


class ToldOnce(models.Model):
    """That somebody was told of an event about one thing: what comes by the clock is told once, however often it looks."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40)
    # What it is about, such as a booking and its start: when that is another, it is told again.
    about = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event", "about"], name="told_once")]
        indexes = [models.Index(fields=["at"], name="told_once_by_age")]

    def __str__(self) -> str:
        return f"{self.event} about {self.about}"


class RefusedAddress(models.Model):
    """An address that a mail server has refused for good. Nothing but codes goes there until it takes a mail again."""

    address = models.EmailField(max_length=254, primary_key=True)
    at = models.DateTimeField()
    code = models.PositiveSmallIntegerField()
    # What the server said, for support; it is not shown.
    reply = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("refused address")
        verbose_name_plural = _("refused addresses")
        constraints = [
            models.CheckConstraint(condition=Q(address=Lower("address")), name="refused_address_lower"),
            models.CheckConstraint(condition=Q(code__gte=500, code__lte=599), name="refused_address_for_good"),
        ]

    def __str__(self) -> str:
        return f"Refused address since {self.at:%Y-%m-%d}"
