"""Suspending a mentor, ending that again, and what they may say against it.

The account is locked before the mentor's row: whoever claims time with them waits at the account, and finds them suspended.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import lift_suspension, suspend_account
from marketplace.common import audit
from marketplace.common.errors import violated_constraint
from mentors import emails
from mentors.errors import AlreadyDecided, AppealMade, LockedBySupport
from mentors.models import Mentor, MentorEvent, SuspensionAppeal
from mentors.services.decisions import begin_decision
from mentors.services.rows import lock_mentor, log_event
from mentors.signals import mentor_suspended, status_changed

State = Mentor.Status


def suspend_mentor(*, mentor: Mentor, version: int, by: User, reason: str, keep_sessions: bool) -> MentorEvent:
    """Take a mentor out of search and booking; they can sign in and read. Their holds go, and unless ``keep_sessions`` their
    coming sessions are cancelled with everything back. ``reason`` is what the mentor is told.

    Raises ``AccessDenied``, ``StaleVersion`` or ``WrongState``. Effects: an audit row, ``status_changed``,
    ``mentor_suspended``, the mail "Students cannot book you for now".
    """
    with transaction.atomic():
        suspend_account(account=mentor.user, at=timezone.now())
        row = begin_decision(mentor, version=version, by=by)
        event = _move(row, State.SUSPENDED, "suspended", leaving=State.APPROVED, by=by, keep_sessions=keep_sessions)
        mentor_suspended.send(sender=Mentor, mentor=row, by=by, keep_sessions=keep_sessions)
        emails.send_suspended(row, reason=reason, keeps_sessions=keep_sessions)
        return event


def reinstate_mentor(*, mentor: Mentor, version: int, by: User, reason: str) -> MentorEvent:
    """End a suspension: students find and book the mentor again. What was cancelled stays so. Grants an open appeal.

    Raises ``AccessDenied``, ``StaleVersion``, ``WrongState`` or ``LockedBySupport``. Effects: an audit row, ``status_changed``,
    the mail "Students can book you again".
    """
    with transaction.atomic():
        lift_suspension(account=mentor.user)
        row = begin_decision(mentor, version=version, by=by)
        if not row.user.is_active:
            raise LockedBySupport
        row.appeals.open().update(decided_at=timezone.now(), decided_by=by, is_granted=True)
        event = _move(row, State.APPROVED, "reinstated", leaving=State.SUSPENDED, by=by)
        emails.send_reinstated(row, reason=reason)
        return event


def appeal_suspension(*, mentor: Mentor, by: User, text: str) -> SuspensionAppeal:
    """Say why a suspension is mistaken, once. Raises ``WrongState`` or ``AppealMade``."""
    try:
        with transaction.atomic():
            row = lock_mentor(mentor)
            if row.status != State.SUSPENDED:
                raise AlreadyDecided
            if not may_appeal(row):
                raise AppealMade
            appeal = SuspensionAppeal.objects.create(mentor=row, text=text, created_at=timezone.now())
            log_event(row, "appealed", by=by, appeal=appeal.pk)
            return appeal
    except IntegrityError as exc:
        if violated_constraint(exc) == "suspension_appeal_one_open_per_mentor":
            raise AppealMade from exc
        raise


def decline_appeal(*, mentor: Mentor, version: int, by: User, reason: str) -> SuspensionAppeal:
    """Let a suspension stand. Raises ``AccessDenied``, ``StaleVersion`` or ``WrongState``.

    Effects: an audit row, the mail "Your appeal is decided".
    """
    with transaction.atomic():
        row = begin_decision(mentor, version=version, by=by)
        appeal = row.appeals.open().first()
        if appeal is None:
            raise AlreadyDecided
        appeal.decided_at, appeal.decided_by = timezone.now(), by
        appeal.save(update_fields=["decided_at", "decided_by"])
        log_event(row, "appeal_declined", by=by, appeal=appeal.pk)
        audit.record("appeal_declined", by=by, subject=row, appeal=appeal.pk)
        emails.send_suspension_stands(row, reason=reason)
        return appeal


def may_appeal(mentor: Mentor) -> bool:
    """Whether a suspended mentor has not yet appealed against this suspension."""
    since = MentorEvent.objects.filter(mentor=mentor, name="suspended").order_by("-at", "-pk").first()
    appeals = mentor.appeals.all() if since is None else mentor.appeals.filter(created_at__gte=since.at)
    return mentor.status == State.SUSPENDED and not appeals.exists()


def close_for_lock(*, user: User, by: User) -> None:
    """Take a mentor out of search and booking whose account support has locked. The account's row is locked."""
    row = _row_of(user)
    if row is not None and row.status == State.APPROVED:
        _move(row, State.SUSPENDED, "locked", leaving=State.APPROVED, by=by)


def open_after_lock(*, user: User, by: User) -> None:
    """Let a mentor in again whose account is unlocked, unless a reviewer had suspended them."""
    row = _row_of(user)
    if row is not None and row.status == State.SUSPENDED and row.user.suspended_at is None:
        _move(row, State.APPROVED, "unlocked", leaving=State.SUSPENDED, by=by)


def _row_of(user: User) -> Mentor | None:
    mentor = Mentor.objects.filter(pk=user.pk).first()
    return lock_mentor(mentor) if mentor else None


def _move(mentor: Mentor, to: str, name: str, *, leaving: str, by: User, **data: object) -> MentorEvent:
    if not Mentor.objects.filter(pk=mentor.pk, status=leaving).update(status=to):
        raise AlreadyDecided
    mentor.status = to
    status_changed.send(sender=Mentor, mentor=mentor, before=leaving)
    audit.record(f"mentor_{name}", by=by, subject=mentor, **data)
    return log_event(mentor, name, by=by, version=mentor.version, **data)
