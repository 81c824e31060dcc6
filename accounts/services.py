"""Operations on accounts: choosing a role, settings, locking, staff."""

from collections.abc import Sequence
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from accounts import emails
from accounts.errors import AddressTaken, NotLockable, RoleAlreadyChosen, UnknownZone, WrongLockState
from accounts.models import User
from accounts.policies import may_lock
from accounts.signals import account_locked, account_unlocked, role_chosen
from marketplace.common import audit
from marketplace.common.errors import violated_constraint
from marketplace.common.logging import get_logger
from marketplace.common.middleware import known_zones

log = get_logger(__name__)

EMAIL_UNIQUE = "accounts_user_email_key"
STAFF_GROUPS = ("reviewer", "support", "finance")


@transaction.atomic
def choose_role(*, user: User, role: str, name: str, time_zone: str) -> User:
    """Make an account a student's or a mentor's, for good.

    Raises ``RoleAlreadyChosen`` or ``UnknownZone``. Effects: ``role_chosen``, the welcome mail.
    """
    if role not in {User.Role.STUDENT, User.Role.MENTOR}:
        raise ValueError(role)
    check_zone(time_zone)
    chosen = User.objects.filter(pk=user.pk, role=User.Role.NONE, is_staff=False).update(
        role=role, name=name, time_zone=time_zone
    )
    if not chosen:
        raise RoleAlreadyChosen
    user.role, user.name, user.time_zone = role, name, time_zone
    announce_role(user)
    emails.send_welcome(user)
    return user


def announce_role(user: User) -> None:
    """Let the apps above know the role that an account has just got, in the caller's transaction."""
    role_chosen.send(sender=User, user=user)
    log.info("role_chosen", user_id=str(user.pk), role=user.role)


def update_account(
    *, user: User, name: str, time_zone: str, language: str | None = None, theme: str | None = None
) -> User:
    """Save what a person may change about themself; ``None`` leaves a field as it is. Raises ``UnknownZone``."""
    check_zone(time_zone)
    user.name, user.time_zone = name, time_zone
    if language is not None:
        user.language = language
    if theme is not None:
        user.theme = theme
    user.save(update_fields=["name", "time_zone", "language", "theme"])
    return user


def change_zone(*, user: User, time_zone: str) -> User:
    """Read times in another zone from now on; nothing that was booked moves. Raises ``UnknownZone``."""
    check_zone(time_zone)
    user.time_zone = time_zone
    user.save(update_fields=["time_zone"])
    return user


def check_zone(time_zone: str) -> None:
    if time_zone not in known_zones():
        raise UnknownZone


@transaction.atomic
def lock_account(*, account: User, by: User, reason: str, keep_sessions: bool = False) -> User:
    """Shut an account out at once: no sign-in works, and those that were open end. Its holds go, and its coming sessions
    unless they are kept.

    Raises ``NotLockable`` (oneself) or ``WrongLockState``. Effects: an audit row, ``account_locked``.
    """
    if not may_lock(by, account):
        raise NotLockable
    if not User.objects.filter(pk=account.pk, is_active=True).update(is_active=False):
        raise WrongLockState
    account.is_active = False
    end_sign_ins(account)
    audit.record("account_locked", by=by, subject=account, reason=reason, keep_sessions=keep_sessions)
    account_locked.send(sender=User, user=account, by=by, keep_sessions=keep_sessions)
    return account


@transaction.atomic
def unlock_account(*, account: User, by: User, reason: str) -> User:
    """Let a locked account sign in again. Raises ``WrongLockState``. Effects: an audit row, ``account_unlocked``."""
    if not User.objects.filter(pk=account.pk, is_active=False).update(is_active=True):
        raise WrongLockState
    account.is_active = True
    audit.record("account_unlocked", by=by, subject=account, reason=reason)
    account_unlocked.send(sender=User, user=account, by=by)
    return account


def suspend_account(*, account: User, at: datetime) -> None:
    """Let an account read but not write, in the caller's transaction, which holds the account's lock from here on."""
    User.objects.filter(pk=account.pk).update(suspended_at=at)
    account.suspended_at = at


def lift_suspension(*, account: User) -> None:
    """Let a suspended account write again, in the caller's transaction, which holds the account's lock from here on."""
    User.objects.filter(pk=account.pk).update(suspended_at=None)
    account.suspended_at = None


def end_sign_ins(user: User) -> None:
    """Delete every session of an account, this one included. Safe to repeat."""
    for session in UserSession.objects.filter(user=user):
        session.end()


@transaction.atomic
def forget_unproven_sign_in(user: User) -> None:
    """Drop the password, the second factors and the sessions of an account whose address has only now been proved.

    Whoever signed up with the address need not be who reads its mail (product.md §1). Safe to repeat.
    """
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    end_sign_ins(user)
    log.info("unproven_sign_in_forgotten", user_id=str(user.pk))


def make_staff(*, email: str, name: str, groups: Sequence[str], by: User) -> User:
    """Make an admin's account. It has no password: the first sign-in is by code, then a second factor is set up.

    Raises ``AddressTaken``. Effects: an audit row.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, role=User.Role.ADMIN, is_staff=True, name=name)
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
            set_groups(account=user, groups=groups, by=by)
            return user
    except IntegrityError as exc:
        if violated_constraint(exc) == EMAIL_UNIQUE:
            raise AddressTaken from exc
        raise


@transaction.atomic
def set_groups(*, account: User, groups: Sequence[str], by: User) -> None:
    """Say which desks an admin works at. Effects: an audit row."""
    account.groups.set(Group.objects.filter(name__in=set(groups) & set(STAFF_GROUPS)))
    audit.record("staff_groups_set", by=by, subject=account, groups=sorted(groups))
