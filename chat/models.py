"""Conversations between one student and one mentor."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.triggers import append_only
from mentors.models import Mentor
from uploads.models import Upload


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
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    body = models.TextField(max_length=settings.MESSAGE_MAX_CHARACTERS, blank=True)
    client_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="message_number_unique"),
            models.UniqueConstraint(fields=["thread", "author", "client_id"], name="message_client_id_unique"),
        ]
        triggers = [append_only("message_append_only")]

    def __str__(self) -> str:
        return f"Message {self.pk}"


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
    """A participant asked support to look; only then may support read the thread, and each read is audited."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="reports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=1_000)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "by"], condition=Q(closed_at=None), name="thread_report_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk} of thread {self.thread_id}"
