"""People, their one role, what support may do to an account, and what people write to support."""

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Looks accounts up by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, role=User.Role.ADMIN, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    class Role(models.TextChoices):
        NONE = "", _("Not chosen yet")
        STUDENT = "student", _("Student")
        MENTOR = "mentor", _("Mentor")
        ADMIN = "admin", _("Admin")

    class Theme(models.TextChoices):
        SYSTEM = "", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.NONE, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.SYSTEM, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    # Set while a mentor's or student's account may read but not write (product.md: suspending).
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)
    # Set for good when its owner has closed it: what was theirs alone is gone, what others need points here.
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # Stored in lower case, so the unique index above holds whatever the case.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(
                condition=Q(role__in=["", "student", "mentor", "admin"]),
                name="user_role_known",
            ),
            models.CheckConstraint(
                condition=Q(is_staff=True, role="admin") | (Q(is_staff=False) & ~Q(role="admin")),
                name="user_staff_are_admins",
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=False) | Q(is_staff=True), name="user_superusers_are_staff"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(is_active=False, is_staff=False),
                name="user_closed_stays_shut",
            ),
        ]
        triggers = [
            # Open streams are told at once, whoever made the change and by whatever way.
            pgtrigger.Trigger(
                name="user_rights_changed",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("is_active", "suspended_at", "password", "role", "is_staff"),
                condition=pgtrigger.AnyChange("is_active", "suspended_at", "password", "role", "is_staff"),
                func="PERFORM pg_notify('live_rights', 'user ' || NEW.id); RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return f"User {self.pk}"

    def get_full_name(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """The first word of the name: how people are called in sentences."""
        return self.name.split(" ")[0] if self.name else str(_("someone"))

    @property
    def is_student(self) -> bool:
        return self.role == self.Role.STUDENT

    @property
    def is_mentor(self) -> bool:
        return self.role == self.Role.MENTOR


class SignIn(Session):
    """Django's session, for the trigger that ends its streams: signing out, here or elsewhere, deletes the row."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="sign_in_ended",
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                # The key opens the account, so what travels is its hash.
                func="""
                    PERFORM pg_notify('live_rights', 'session ' || encode(sha256(OLD.session_key::bytea), 'hex'));
                    RETURN NULL;
                """,
            ),
        ]


class SupportRequestQuerySet(models.QuerySet["SupportRequest"]):
    def visible_to(self, user: User) -> "SupportRequestQuerySet":
        """What ``user`` has written; support reads all of them at its desk, each time with an audit row."""
        return self.filter(by=user.pk)


class SupportRequest(models.Model):
    """What somebody wrote to our support, about a person or something else. It is closed once, and changed by nothing else.

    Who can't sign in has no account to write it with, but an address to be answered at: one that nobody has proven to be theirs.
    """

    # Short, to be read out and typed: ``services.new_reference``.
    reference = models.CharField(_("reference"), primary_key=True, max_length=8, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="support_requests"
    )
    answer_to = models.EmailField(max_length=254, blank=True, db_default="")
    # Whom it is about: somebody they have met here, else the words they have for them. Never both, so that a name goes
    # with its account.
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    whom = models.CharField(max_length=80, blank=True)
    text = models.TextField(max_length=2_000)
    created_at = models.DateTimeField(_("written"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What was done about it, for colleagues; who wrote is not shown it.
    closing_note = models.TextField(max_length=1_000, blank=True)

    objects = SupportRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("report to support")
        verbose_name_plural = _("reports to support")
        constraints = [
            models.CheckConstraint(
                condition=Q(reference__regex=r"^R-[2-9BCDFGHJKMNPQRSTVWXYZ]{6}$"),
                name="support_request_reference_readable",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="support_request_says_something"),
            models.CheckConstraint(
                condition=Q(by__isnull=False, answer_to="") | Q(by=None, about=None) & ~Q(answer_to=""),
                name="support_request_can_be_answered",
            ),
            models.UniqueConstraint(
                F("answer_to"),
                MD5("text"),
                condition=Q(by=None, closed_at=None),
                name="support_request_of_a_stranger_once",
            ),
            models.CheckConstraint(condition=Q(about=None) | Q(whom=""), name="support_request_names_once"),
            models.CheckConstraint(
                condition=Q(about=None) | ~Q(about=F("by")), name="support_request_about_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, closing_note="")
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(closing_note=""),
                name="support_request_closed_with_a_note",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(closed_at=None), name="support_request_open_by_age"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="support_request_closed_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'DELETE'
                        OR OLD.closed_at IS NOT NULL
                        OR (OLD.reference, OLD.by_id, OLD.answer_to, OLD.about_id, OLD.whom, OLD.text, OLD.created_at)
                            IS DISTINCT FROM
                           (NEW.reference, NEW.by_id, NEW.answer_to, NEW.about_id, NEW.whom, NEW.text, NEW.created_at)
                    THEN
                        RAISE EXCEPTION 'a report to support is closed once, and nothing else'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'support_request_closed_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.reference}"

    @property
    def address(self) -> str:
        """Where it can be answered; nowhere once the account is closed."""
        if self.by is None:
            return self.answer_to
        return "" if self.by.closed_at else self.by.email
