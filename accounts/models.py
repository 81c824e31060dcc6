"""People, their one role, and what support may do to an account."""

import uuid
from typing import ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
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
