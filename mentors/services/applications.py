"""The application: begun with the role, sent to the reviewers."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from marketplace.common.analytics import track
from marketplace.common.errors import violated_constraint
from mentors import emails
from mentors.errors import ApplicationIncomplete, WrongState
from mentors.handles import handle_candidates
from mentors.models import Mentor, Package
from mentors.queries import missing_parts
from mentors.services.rows import lock_for_writing, log_event
from mentors.signals import status_changed

SENDABLE = (Mentor.Status.DRAFT, Mentor.Status.CHANGES_REQUESTED)
# The constraints a second start or a handle in use would break.
ROW_EXISTS = "mentors_mentor_pkey"
HANDLE_TAKEN = "mentors_mentor_handle_key"


def start_application(*, by: User) -> Mentor:
    """Give an account with the role its mentor row, with all three lengths offered. Safe to repeat: returns the row."""
    mentor = Mentor.objects.filter(user=by).first()
    if mentor is not None:
        return mentor
    for handle in handle_candidates(by.name):
        if Mentor.objects.filter(handle=handle).exists():
            continue
        try:
            with transaction.atomic():
                mentor = Mentor.objects.create(user=by, handle=handle)
                Package.objects.bulk_create(
                    Package(mentor=mentor, minutes=minutes) for minutes in settings.SESSION_MINUTES
                )
                log_event(mentor, "started", by=by)
                return mentor
        except IntegrityError as exc:
            constraint = violated_constraint(exc)
            if constraint == ROW_EXISTS:  # the same person's other request was first
                return Mentor.objects.get(user=by)
            if constraint != HANDLE_TAKEN:
                raise
    raise AssertionError("handles never run out")


def submit_application(*, mentor: Mentor, by: User) -> Mentor:
    """Send an application to the reviewers.

    Raises ``WrongState`` when it is with them already or was decided, ``ApplicationIncomplete`` with what is missing.
    Effects: a new version, an event, the mail "We have your documents".
    """
    with transaction.atomic():
        row = lock_for_writing(mentor)
        if row.status not in SENDABLE:
            raise WrongState
        if missing := missing_parts(row):
            raise ApplicationIncomplete(missing)
        before, now = row.status, timezone.now()
        moved = Mentor.objects.filter(pk=row.pk, status=before).update(
            status=Mentor.Status.SUBMITTED, version=F("version") + 1, submitted_at=now
        )
        if not moved:
            raise WrongState
        row.refresh_from_db(fields=["status", "version", "submitted_at"])
        log_event(row, "submitted", by=by, before=before, version=row.version)
        track("mentor_submitted", user_id=by.pk, again=before == Mentor.Status.CHANGES_REQUESTED)
        emails.send_application_received(row)
        status_changed.send(sender=Mentor, mentor=row, before=before)
        return row
