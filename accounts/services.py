"""Operations on accounts: choosing a role, settings, locking, staff, writing to support."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import emails
from accounts.closing import hindrances_of
from accounts.errors import (
    AddressTaken,
    NotLockable,
    RoleAlreadyChosen,
    SomethingOpen,
    StaffNotClosable,
    SupportRequestClosed,
    UnknownZone,
    WrongLockState,
)
from accounts.models import SupportRequest, User
from accounts.policies import may_lock
from accounts.signals import account_closing, account_locked, account_unlocked, role_chosen
from marketplace.common import audit, notifications, refused_addresses
from marketplace.common.errors import AccessDenied, Suspended, violated_constraint
from marketplace.common.logging import get_logger
from marketplace.common.middleware import known_zones

log = get_logger(__name__)

EMAIL_UNIQUE = "accounts_user_email_key"
# RFC 2606: no mail ever leads there, and nobody can prove to own an address of it.
NOWHERE = "closed.invalid"
# Keeps "Closed account" in one piece where only the first word of a name is shown.
NO_BREAK = "\N{NO-BREAK SPACE}"
STAFF_GROUPS = ("reviewer", "support", "finance")
# For reading out and typing: no 0, 1, I, L or O, and no vowels, so that no words come of it.
REFERENCE_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 6
REFERENCE = rf"R-[{REFERENCE_LETTERS}]{{{REFERENCE_LENGTH}}}"
REFERENCE_UNIQUE = "accounts_supportrequest_pkey"


@transaction.atomic
def choose_role(*, user: User, role: str, name: str, time_zone: str) -> User:
    """Make an account a student's or a mentor's, for good.

    Raises ``RoleAlreadyChosen`` or ``UnknownZone``. Effects: ``role_chosen``, the welcome mail.
    """
    if role not in {User.Role.STUDENT, User.Role.MENTOR}:
        raise ValueError(role)
    check_zone(time_zone)
    chosen = User.objects.filter(pk=user.pk, role=User.Role.NONE, is_staff=False, closed_at=None).update(
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
    """Save what a person may change about themself; ``None`` leaves a field as it is.

    Raises ``UnknownZone``, or ``AccessDenied`` (403) where they have closed their account meanwhile.
    """
    check_zone(time_zone)
    user.name, user.time_zone = name, time_zone
    if language is not None:
        user.language = language
    if theme is not None:
        user.theme = theme
    _save_own(user, "name", "time_zone", "language", "theme")
    return user


def change_zone(*, user: User, time_zone: str) -> User:
    """Read times in another zone from now on; nothing that was booked moves. Raises as ``update_account``."""
    check_zone(time_zone)
    user.time_zone = time_zone
    _save_own(user, "time_zone")
    return user


def _save_own(user: User, *fields: str) -> None:
    """Save columns of an account that is not closed: what was taken off it is not put back."""
    if not User.objects.filter(pk=user.pk, closed_at=None).update(**{name: getattr(user, name) for name in fields}):
        raise AccessDenied


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
    """Let a locked account sign in again; never a closed one. Raises ``WrongLockState``. Effects: an audit row, ``account_unlocked``."""
    if not User.objects.filter(pk=account.pk, is_active=False, closed_at=None).update(is_active=True):
        raise WrongLockState
    account.is_active = True
    audit.record("account_unlocked", by=by, subject=account, reason=reason)
    account_unlocked.send(sender=User, user=account, by=by)
    return account


def close_account(*, user: User) -> None:
    """Close somebody's own account for good. What was theirs alone goes; what others and the books need stays, nameless.

    Raises ``StaffNotClosable``, ``Suspended`` (403), or ``SomethingOpen`` with ``hindrances``. Safe to repeat.
    Effects: ``account_closing``, every sign-in ends, an audit row, the mail "Your account is closed" to the address that
    it had, which may sign up again.
    """
    with transaction.atomic():
        # As claims lock people, so none of these gets in between. Not ``FOR UPDATE`` yet: whoever writes a row that points
        # here may hold what the apps above are about to change.
        account = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if account.closed_at is not None:
            return
        check_closable(account)
        now = timezone.now()
        if found := hindrances_of(account, at=now):
            raise SomethingOpen(found)
        audit.record("account_closed", by=account, subject=account)
        emails.send_account_closed(account, address=account.email)
        account_closing.send(sender=User, user=account, at=now)
        notifications.forget_person(account)
        refused_addresses.try_again(account.email)
        _forget(account, at=now)
        log.info("account_closed", user_id=str(account.pk))


def check_closable(user: User) -> None:
    """Refuse to close what its owner may not close alone. Raises ``StaffNotClosable`` or ``Suspended``."""
    if user.is_staff:
        raise StaffNotClosable
    if user.suspended_at is not None or not user.is_active:
        raise Suspended(_("Your account is suspended. Write to our support to have it closed."))


def _forget(account: User, *, at: datetime) -> None:
    """Take name, address and every way in off an account.

    Last, because another address needs the row for itself: from here on this transaction waits for nobody.
    """
    with translation.override(settings.LANGUAGE_CODE):
        account.name = gettext("Closed account").replace(" ", NO_BREAK)
    account.email = f"closed-{uuid4().hex}@{NOWHERE}"
    account.set_unusable_password()
    account.time_zone = account.language = account.theme = ""
    account.is_active, account.closed_at = False, at
    account.save()
    EmailAddress.objects.filter(user=account).delete()
    Authenticator.objects.filter(user=account).delete()
    end_sign_ins(account)


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


def ask_support(*, text: str, by: User, whom: str = "", about: User | None = None) -> SupportRequest:
    """Write to support: about a person (``about`` an account, else ``whom`` in words), or about something else.

    The same words again, while the report they were first sent with is open, are that report: a button pressed twice.
    Effects: an audit row, the mail "We have your report" with the reference, a mail to each colleague of support.
    """
    said = {"by": by, "about": about, "whom": "" if about else whom, "text": text}
    try:
        with transaction.atomic():
            lock_writer(by)
            if written := SupportRequest.objects.filter(**said, closed_at=None).first():
                return written
            request = _hand_in(**said)
            emails.send_report_received(request, to=by)
            return request
    except IntegrityError as exc:
        if violated_constraint(exc) != REFERENCE_UNIQUE:
            raise
        return ask_support(text=text, by=by, whom=whom, about=about)  # drawn before, so another is


def ask_support_from_outside(*, text: str, answer_to: str) -> SupportRequest:
    """Write to support without signing in, to be answered at an address that nobody has proven to be theirs.

    The same words for the same address are one report while it is open. Effects: an audit row and a mail to each colleague of
    support, but none to ``answer_to``: nobody can have us write to somebody else.
    """
    said = {"answer_to": answer_to.lower(), "text": text}
    try:
        with transaction.atomic():
            return _hand_in(**said)
    except IntegrityError as exc:
        match violated_constraint(exc):
            case "support_request_of_a_stranger_once":
                return SupportRequest.objects.get(**said, closed_at=None)
            case name if name == REFERENCE_UNIQUE:
                return ask_support_from_outside(text=text, answer_to=answer_to)
        raise


def _hand_in(**said: Any) -> SupportRequest:  # Any: the columns' own values
    request = SupportRequest.objects.create(reference=new_reference(), created_at=timezone.now(), **said)
    audit.record("support_asked", by=request.by, subject=request)
    for colleague in User.objects.filter(is_active=True, is_staff=True, groups__name="support").order_by("pk"):
        emails.send_support_asked(request, to=colleague)
    return request


def lock_writer(user: User) -> None:
    """Let one report of ``user`` be written after the other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def new_reference() -> str:
    """Make a reference such as ``R-7K3M2Q``: nobody can tell another's from their own. One of 480 million."""
    return "R-" + "".join(secrets.choice(REFERENCE_LETTERS) for _letter in range(REFERENCE_LENGTH))


@transaction.atomic
def close_support_request(*, request: SupportRequest, note: str, by: User) -> None:
    """Say that support is done with a report; ``note``: what was done, for colleagues.

    Raises ``SupportRequestClosed``. Effects: an audit row.
    """
    still_open = SupportRequest.objects.filter(pk=request.pk, closed_at=None)
    if not still_open.update(closed_at=timezone.now(), closed_by=by, closing_note=note):
        raise SupportRequestClosed
    audit.record("support_request_closed", by=by, subject=request)
