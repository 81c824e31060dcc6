"""What mentors and reviewers are told by the clock: certificates that expire, weeks without hours, a queue that is late."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone

from accounts.models import User
from marketplace.common.passes import run_each
from mentors import emails
from mentors.desk import waiting
from mentors.models import Mentor, MentorSubject
from mentors.queries import hours_of_many
from mentors.windows import Hours, windows_between

ONE_WEEK = timedelta(weeks=1)


def send_notices() -> None:
    """One pass of the periodic job. Safe to repeat: each notice is told once."""
    now = timezone.now()
    run_each("document_expires", tell_document_expires, list(expiring_marks(on=now.date())))
    tell_queue_late(at=now)


def tell_of_weeks_without_hours() -> None:
    """One pass of the periodic job of Thursdays: early enough to open some hours. Safe to repeat."""
    run_each("no_hours", tell_no_hours, without_hours_next_week(at=timezone.now()))


def expiring_marks(*, on: date) -> list[int]:
    """Marks of listed mentors that are lost before long."""
    until = on + timedelta(days=max(settings.DOCUMENT_EXPIRES_DAYS))
    marks = MentorSubject.objects.filter(
        mentor__status=Mentor.Status.APPROVED, verified_until__gte=on, verified_until__lte=until
    )
    return list(marks.order_by("verified_until", "pk").values_list("pk", flat=True))


def tell_document_expires(mark_id: int) -> None:
    """Tell a mentor how long a certificate is good for: 30 days before, and again 7."""
    with transaction.atomic(durable=True):
        mark = MentorSubject.objects.select_related("mentor__user", "subject").get(pk=mark_id)
        if mark.verified_until is None:
            return
        left = (mark.verified_until - timezone.now().date()).days
        reached = [days for days in settings.DOCUMENT_EXPIRES_DAYS if left <= days]
        if left >= 0 and reached:
            emails.send_document_expires(mark, days=min(reached))


def without_hours_next_week(*, at: datetime) -> list[UUID]:
    """Mentors who can be booked this week and not in the next. Who had no hours before was told then, or never opened."""
    mentors = list(Mentor.objects.listed().order_by("pk"))
    return [pk for pk, hours in hours_of_many(mentors).items() if _closes(hours, at=at)]


def tell_no_hours(mentor_id: UUID) -> None:
    with transaction.atomic(durable=True):
        mentor = Mentor.objects.select_related("user").get(pk=mentor_id)
        monday = _monday(timezone.now().astimezone(hours_of_many([mentor])[mentor.pk].zone).date()) + ONE_WEEK
        emails.send_no_hours(mentor, monday=monday)


def tell_queue_late(*, at: datetime) -> None:
    """Tell each reviewer, once a day, of documents that have waited for over ``QUEUE_LATE_HOURS``."""
    before = at - timedelta(hours=settings.QUEUE_LATE_HOURS)
    late = waiting().filter(sent_at__lt=before).order_by().aggregate(count=Count("pk"), oldest_at=Min("sent_at"))
    if not late["count"]:
        return
    reviewers = User.objects.filter(is_active=True, is_staff=True, groups__name="reviewer").order_by("pk")
    with transaction.atomic(durable=True):
        for reviewer in reviewers:
            emails.send_queue_late(to=reviewer, on=at.date(), **late)


def _closes(hours: Hours, *, at: datetime) -> bool:
    monday = _monday(at.astimezone(hours.zone).date())
    this, following = (_has_hours(hours, monday + ONE_WEEK * weeks) for weeks in (0, 1))
    return this and not following


def _has_hours(hours: Hours, monday: date) -> bool:
    """Whether a window starts in the week, on the wall clock of the hours."""
    starts_at, ends_at = (
        datetime.combine(day, time(0), hours.zone).astimezone(UTC) for day in (monday, monday + ONE_WEEK)
    )
    return any(starts_at <= window.starts_at < ends_at for window in windows_between(hours, starts_at, ends_at))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
