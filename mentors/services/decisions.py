"""What every decision of a reviewer has in common: who may make it, on what, and how it can be taken back.

A decision is bound to the version of the application that the reviewer read. Its mail waits ``REVIEW_UNDO_SECONDS``, in
which the one who decided may undo it.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from marketplace.common import audit
from marketplace.common.errors import AccessDenied
from marketplace.common.guards import REVIEWER
from mentors.errors import NoteNeeded, StaleVersion, TooLateToUndo
from mentors.models import Mentor, MentorEvent, VerificationDocument
from mentors.services.rows import lock_mentor, log_event

Reason = VerificationDocument.Reason

UNDONE = "decision_undone"


def begin_decision(mentor: Mentor, *, version: int, by: User) -> Mentor:
    """Lock the mentor a decision is about. Raises ``AccessDenied`` or ``StaleVersion``."""
    if mentor.pk == by.pk or not by.groups.filter(name__in=REVIEWER.groups).exists():
        raise AccessDenied(REVIEWER.refusal)
    row = lock_mentor(mentor)
    if row.version != version:
        raise StaleVersion
    return row


def check_reason(code: str, note: str) -> None:
    """ "Something else" says nothing by itself. Raises ``NoteNeeded``."""
    if code == Reason.OTHER and not note.strip():
        raise NoteNeeded


def log_decision(
    mentor: Mentor, name: str, *, by: User, subject: Mentor | VerificationDocument, **data: Any
) -> MentorEvent:  # Any: JSON
    """Write a decision down twice: in the application's own log and in the audit log.

    Effects: a job that tells the mentor once it can't be undone any more.
    """
    event = log_event(mentor, name, by=by, version=mentor.version, **data)
    audit.record(name, by=by, subject=subject, version=mentor.version, mentor=str(mentor.pk), code=data.get("code", ""))
    wait = {"seconds": settings.REVIEW_UNDO_SECONDS}
    app.configure_task("mentors.tasks.tell_decision", schedule_in=wait).defer(event_id=event.pk)
    return event


def begin_undoing(event: MentorEvent, *, by: User) -> Mentor:
    """Lock the mentor and make sure that this decision is the reviewer's own, recent, and not undone.

    Raises ``TooLateToUndo``.
    """
    row = lock_mentor(event.mentor)
    too_old = timezone.now() - event.at > timedelta(seconds=settings.REVIEW_UNDO_SECONDS)
    if event.by_id != by.pk or too_old or is_undone(event):
        raise TooLateToUndo
    return row


def log_undoing(event: MentorEvent, *, by: User, subject: Mentor | VerificationDocument) -> None:
    log_event(event.mentor, UNDONE, by=by, decision=event.pk)
    audit.record(UNDONE, by=by, subject=subject, decision=event.name)


def is_undone(event: MentorEvent) -> bool:
    return MentorEvent.objects.filter(mentor=event.mentor_id, name=UNDONE, data__decision=event.pk).exists()


def last_decision(mentor: Mentor) -> MentorEvent | None:
    """The latest decision about the application as a whole that stands: why it is where it is."""
    names = ("application_approved", "application_rejected", "application_changes_requested")
    events = MentorEvent.objects.filter(mentor=mentor, name__in=names).order_by("-at", "-pk")
    return next((event for event in events if not is_undone(event)), None)
