"""What every operation on a mentor begins and ends with: the lock, and the line in the log."""

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from marketplace.common.errors import AccessDenied, Suspended
from mentors.models import Mentor, MentorEvent


def lock_mentor(mentor: Mentor) -> Mentor:
    """Lock a mentor's row until the transaction ends and read it anew.

    ``FOR NO KEY UPDATE``: bookings that point at the row need not wait. What is judged, submitted and decided all meet
    at this lock, so a decision never names a version that is being changed.
    """
    return Mentor.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=mentor.pk)


def lock_for_writing(mentor: Mentor) -> Mentor:
    """Lock the mentor's own row for a change by its owner. Raises ``Suspended`` (403), whatever was asked, and ``AccessDenied``
    (403) where the account was closed since the guard let its owner in."""
    row = lock_mentor(mentor)
    if row.status == Mentor.Status.SUSPENDED:
        raise Suspended
    if not User.objects.filter(pk=row.pk, closed_at=None).exists():  # not row.user: that was read before the wait
        raise AccessDenied
    return row


def log_event(mentor: Mentor, name: str, *, by: User | None, **data: object) -> MentorEvent:
    """Add a line to the append-only log of the mentor's application. ``data`` holds codes and numbers, no content."""
    return MentorEvent.objects.create(mentor=mentor, name=name, by=by, at=timezone.now(), data=data)


def raise_version(mentor: Mentor) -> None:
    """Count a change to what is judged: decisions that name an earlier version are refused from now on."""
    Mentor.objects.filter(pk=mentor.pk).update(version=F("version") + 1)
    mentor.version += 1
