"""The chapters about a mentor: profile, hours, documents, and how the application went."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.personal_data import Chapter, Row, Rows, amount, each
from mentors.models import Mentor, MentorEvent, SuspensionAppeal, VerificationDocument


def chapters_of(user: User) -> list[Chapter]:
    mentor = Mentor.objects.filter(pk=user.pk).first()
    if mentor is None:
        return []
    documents = mentor.documents.select_related("subject").order_by("created_at", "pk")
    return [
        Chapter("mentor", _("Your profile, rates, hours and calendars."), lambda: _profile(mentor)),
        Chapter("documents", _("The documents you sent, and what was decided."), each(documents, _document)),
        Chapter("application", _("Each step of your application."), each(mentor.events.order_by("at", "pk"), _step)),
        Chapter(
            "appeals",
            _("What you said against a suspension."),
            each(mentor.appeals.order_by("created_at", "pk"), _appeal),
        ),
    ]


def _profile(mentor: Mentor) -> Rows:
    rate = amount(mentor.hourly_rate_minor, settings.CURRENCY)
    yield {
        "handle": mentor.handle,
        "status": mentor.get_status_display(),
        "headline": mentor.headline,
        "about": mentor.bio,
        "languages": mentor.languages,
        "levels": mentor.levels,
        "subjects": [
            {"name": row.subject.name, "verified_at": row.verified_at, "verified_until": row.verified_until}
            for row in mentor.mentor_subjects.select_related("subject").order_by("pk")
        ],
        "hourly_rate": rate,
        "lengths": [
            {"minutes": package.minutes, "own_price": amount(package.price_minor, settings.CURRENCY)}
            for package in mentor.packages.order_by("minutes")
        ],
        "time_zone": mentor.time_zone,
        "weekly_hours": [
            {"weekday": rule.weekday, "from": rule.start, "to": rule.end}  # Monday is 0
            for rule in mentor.availability_rules.order_by("weekday", "start")
        ],
        "dates": [
            {"date": row.date, "kind": row.get_kind_display(), "yearly": row.yearly, "windows": row.windows}
            for row in mentor.availability_exceptions.order_by("date", "pk")
        ],
        "calendars": [
            {"at": calendar.host, "added_at": calendar.added_at, "read_at": calendar.read_at}
            for calendar in mentor.calendars.order_by("place")
        ],
        "busy_times": [
            {"from": busy.starts_at, "to": busy.ends_at} for busy in mentor.busy_times.order_by("starts_at", "pk")
        ],
        "notice_hours": mentor.notice_hours,
        "break_minutes": mentor.break_minutes,
        "horizon_days": mentor.horizon_days,
        "day_cap": mentor.day_cap,
        "cancellation_policy": mentor.get_policy_display(),
        "meeting_link": mentor.meeting_url,
        "begun_at": mentor.created_at,
        "sent_at": mentor.submitted_at,
        "approved_at": mentor.approved_at,
        "paused_at": mentor.paused_at,
        "hidden_until": mentor.hidden_until,
        "reviews": mentor.review_count,
        "rating_sum": mentor.rating_sum,
        "sessions": mentor.session_count,
    }


def _document(document: VerificationDocument) -> Row:
    return {
        "kind": document.get_kind_display(),
        "subject": document.subject.name if document.subject else None,
        "file": document.upload_id,
        "status": document.get_status_display(),
        "sent_at": document.sent_at,
        "decided_at": document.decided_at,
        "expires_on": document.expires_on,
        # What the mentor was told with a refusal; both stand in its mail.
        "reason": document.get_reason_display(),
        "note": document.note,
    }


def _step(event: MentorEvent) -> Row:
    return {"at": event.at, "what": event.name, "by_you": event.by_id == event.mentor_id}


def _appeal(appeal: SuspensionAppeal) -> Row:
    return {
        "at": appeal.created_at,
        "text": appeal.text,
        "decided_at": appeal.decided_at,
        "was_granted": appeal.is_granted,
    }
