"""Conversations between one student and one mentor."""

import uuid
from datetime import datetime, timedelta

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.triggers import append_only
from mentors.models import Mentor
from uploads.models import Upload

MAY_EDIT_FOR = timedelta(minutes=settings.MESSAGE_EDIT_MINUTES)


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, user: User) -> "ThreadQuerySet":
        """The threads that ``user`` takes part in; support reads reported ones in admin, by another way."""
        return self.filter(Q(student=user.pk) | Q(mentor=user.pk))


class Thread(models.Model):
    """One per student and mentor. Only a student opens one: the check and the trigger refuse the rest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    student = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="threads")
    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="threads")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_message_at = models.DateTimeField()
    # Counts the messages; handed out under the row's lock, so a reader that asks "after n" misses none.
    last_number = models.PositiveIntegerField(default=0)
    # Counts what was edited or deleted since, the same way: "what changed after n".
    last_change = models.PositiveIntegerField(default=0, db_default=0)
    student_read_number = models.PositiveIntegerField(default=0)
    mentor_read_number = models.PositiveIntegerField(default=0)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    blocked_at = models.DateTimeField(null=True, blank=True)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.UniqueConstraint(fields=["student", "mentor"], name="thread_unique"),
            models.CheckConstraint(condition=Q(opened_by=F("student")), name="thread_opened_by_its_student"),
            models.CheckConstraint(condition=~Q(student=F("mentor")), name="thread_between_two_people"),
            models.CheckConstraint(
                condition=Q(student_read_number__lte=F("last_number"), mentor_read_number__lte=F("last_number")),
                name="thread_read_what_exists",
            ),
        ]
        indexes = [
            models.Index(fields=["student", "-last_message_at", "id"], name="thread_by_student"),
            models.Index(fields=["mentor", "-last_message_at", "id"], name="thread_by_mentor"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="thread_student_has_the_role",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("student_id"),
                func="""
                    IF NOT EXISTS (SELECT 1 FROM accounts_user WHERE id = NEW.student_id AND role = 'student') THEN
                        RAISE EXCEPTION 'only a student opens a thread'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'thread_student_has_the_role';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Thread {self.pk}"

    def other(self, user: User) -> User:
        """The other person of the thread. Fetch ``student`` and ``mentor__user`` along."""
        return self.mentor.user if user.pk == self.student_id else self.student

    def read_number(self, user: User) -> int:
        return self.student_read_number if user.pk == self.student_id else self.mentor_read_number

    def unread(self, user: User) -> int:
        return self.last_number - self.read_number(user)


class Message(models.Model):
    """What somebody said, as it reads now. What it said before an edit or its deletion stays in ``MessageVersion``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    body = models.TextField(max_length=settings.MESSAGE_MAX_CHARACTERS, blank=True)
    client_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # ``Thread.last_change`` at its latest change.
    change_number = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="message_number_unique"),
            models.UniqueConstraint(fields=["thread", "author", "client_id"], name="message_client_id_unique"),
            models.UniqueConstraint(
                fields=["thread", "change_number"],
                condition=Q(change_number__isnull=False),
                name="message_change_number_unique",
            ),
            models.CheckConstraint(
                condition=Q(edited_at=None)
                | Q(edited_at__gte=F("created_at"), edited_at__lte=F("created_at") + MAY_EDIT_FOR),
                name="message_edited_in_time",
            ),
            models.CheckConstraint(condition=Q(deleted_at=None) | Q(body=""), name="message_deleted_says_nothing"),
        ]
        indexes = [GinIndex(OpClass(Upper("body"), name="gin_trgm_ops"), name="message_words")]
        triggers = [
            pgtrigger.Trigger(
                name="message_changed_by_rule",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                # One step at a time: edited or deleted, never after it was deleted, and nothing else of it. What it
                # said so far is kept by this very trigger, so that no statement can change a text without it.
                func="""
                    IF TG_OP = 'DELETE'
                        OR OLD.deleted_at IS NOT NULL
                        OR (OLD.id, OLD.thread_id, OLD.author_id, OLD.number, OLD.client_id, OLD.created_at)
                            IS DISTINCT FROM
                           (NEW.id, NEW.thread_id, NEW.author_id, NEW.number, NEW.client_id, NEW.created_at)
                        OR NEW.change_number IS NULL
                        OR NEW.change_number <= COALESCE(OLD.change_number, 0)
                        OR (NEW.deleted_at IS NULL) = (NEW.edited_at IS NOT DISTINCT FROM OLD.edited_at)
                    THEN
                        RAISE EXCEPTION 'a message is edited or deleted, and nothing else'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_changed_by_rule';
                    END IF;
                    INSERT INTO chat_messageversion (message_id, body, replaced_at)
                        VALUES (OLD.id, OLD.body, COALESCE(NEW.deleted_at, NEW.edited_at));
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    def may_be_edited(self, *, at: datetime) -> bool:
        """Whether there is still time to change what it says."""
        return self.deleted_at is None and at <= self.created_at + MAY_EDIT_FOR


class MessageVersion(models.Model):
    """What a message said before it was edited or deleted; written by the message's trigger, read by support alone."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="versions")
    body = models.TextField()
    replaced_at = models.DateTimeField()

    class Meta:
        triggers = [append_only("message_version_append_only")]

    def __str__(self) -> str:
        return f"Version {self.pk} of message {self.message_id}"


class MessageUpload(models.Model):
    """A file sent with a message; the other side holds a grant on the upload."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="message_uploads")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="message_upload_position_unique")]

    def __str__(self) -> str:
        return f"Upload {self.upload_id} of message {self.message_id}"


def is_sent() -> Exists:
    """Of uploads: whether a message carries them."""
    return Exists(MessageUpload.objects.filter(upload=OuterRef("pk")))


class ThreadReport(models.Model):
    """A participant asked support to look; while that is open support may read the thread, and each read is audited."""

    class Kind(models.TextChoices):
        OUTSIDE = "outside", _("They want to pay or meet outside of this site")
        RUDE = "rude", _("They are rude, or threaten somebody")
        UNSAFE = "unsafe", _("I do not feel safe")
        SPAM = "spam", _("It is advertising, or a fraud")
        CHEATING = "cheating", _("They ask for an exam or homework to be done for them")
        OTHER = "other", _("Something else")

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="reports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OTHER, db_default=Kind.OTHER)
    reason = models.TextField(max_length=1_000, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What support did, for the next who reads it; the two are not shown it.
    closing_note = models.TextField(max_length=1_000, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "by"], condition=Q(closed_at=None), name="thread_report_one_open"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["outside", "rude", "unsafe", "spam", "cheating", "other"]),
                name="thread_report_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="thread_report_closed_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk} of thread {self.thread_id}"
