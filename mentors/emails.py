"""One function per mail. Each is queued in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from accounts.models import User
from marketplace.common.mailing import render, send, speaking_to
from mentors.models import CalendarImport, Mentor, MentorEvent, MentorSubject, VerificationDocument
from mentors.reasons import ABOUT_AN_APPLICATION, ADVICE, Reason


@dataclass(frozen=True)
class Mail:
    """A mail that can be read before it is sent."""

    name: str
    to: User
    context: Mapping[str, Any]  # Any: template data

    def send(self, *, once: str = "") -> None:
        send(self.name, to=self.to, context=self.context, once=once)

    def preview(self) -> dict[str, str]:
        """Render it as its reader will get it: ``subject``, ``text``, ``html``."""
        with speaking_to(self.to):
            return render(self.name, {"recipient": self.to, "address": self.to.email, **self.context})


def send_application_received(mentor: Mentor) -> None:
    send("application_received", to=mentor.user, context={"mentor": mentor})


def send_suspended(mentor: Mentor, *, reason: str, keeps_sessions: bool) -> None:
    send("mentor_suspended", to=mentor.user, context={"reason": reason, "keeps_sessions": keeps_sessions})


def send_reinstated(mentor: Mentor, *, reason: str) -> None:
    send("mentor_reinstated", to=mentor.user, context={"reason": reason})


def send_suspension_stands(mentor: Mentor, *, reason: str) -> None:
    send("suspension_stands", to=mentor.user, context={"reason": reason})


def send_document_expires(mark: MentorSubject, *, days: int) -> bool:
    """Tell a mentor that the certificate behind a mark is about to expire: once for each of ``DOCUMENT_EXPIRES_DAYS``."""
    return send(
        "document_expires",
        to=mark.mentor.user,
        context={"subject": mark.subject, "expires_on": mark.verified_until},
        once=f"{mark.pk} {mark.verified_until} {days}",
    )


def send_no_hours(mentor: Mentor, *, monday: date) -> bool:
    """Tell a mentor that nobody can book them in the week from ``monday`` on; once a week."""
    return send("no_hours", to=mentor.user, context={"monday": monday}, once=f"{monday}")


def send_queue_late(*, to: User, count: int, oldest_at: datetime, on: date) -> bool:
    """Tell a reviewer how many documents have waited for too long; once a day."""
    context = {"count": count, "oldest_at": oldest_at, "hours": settings.QUEUE_LATE_HOURS}
    return send("queue_late", to=to, context=context, once=f"{on}")


def send_calendar_unreadable(calendar: CalendarImport) -> None:
    """Tell a mentor that one of their calendars can't be read, and what that means. Names its host, not its address."""
    send("calendar_unreadable", to=calendar.mentor.user, context={"calendar": calendar})


def better_copy_needed(document: VerificationDocument, *, code: str, note: str) -> Mail:
    context = {"document": document, "advice": ADVICE[Reason(code)], "note": note}
    return Mail("better_copy_needed", document.mentor.user, context)


def application_approved(mentor: Mentor) -> Mail:
    return Mail("application_approved", mentor.user, {"mentor": mentor})


def application_refused(mentor: Mentor, *, code: str, note: str) -> Mail:
    return Mail("application_refused", mentor.user, {"advice": ABOUT_AN_APPLICATION[Reason(code)], "note": note})


def application_changes_requested(mentor: Mentor, *, code: str, note: str) -> Mail:
    context = {"advice": ABOUT_AN_APPLICATION[Reason(code)], "note": note}
    return Mail("application_changes_requested", mentor.user, context)


def mail_about(event: MentorEvent) -> Mail | None:
    """The mail that tells a mentor of a decision; that one document was accepted is not worth one."""
    code, note = event.data.get("code", ""), event.data.get("note", "")
    match event.name:
        case "document_refused":
            document = VerificationDocument.objects.select_related("mentor__user", "subject").get(
                pk=event.data["document"]
            )
            return better_copy_needed(document, code=document.reason, note=document.note)
        case "application_approved":
            return application_approved(event.mentor)
        case "application_rejected":
            return application_refused(event.mentor, code=code, note=note)
        case "application_changes_requested":
            return application_changes_requested(event.mentor, code=code, note=note)
        case _:
            return None
