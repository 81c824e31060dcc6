"""Overview, the task list of an application, and sending it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.common.formatting import money
from marketplace.common.limits import check_rate
from mentors import services
from mentors.languages import language_name
from mentors.models import VerificationDocument
from mentors.overview import glimpse_of, sessions_on, todos_of
from mentors.preview import NEAR, preview, room_sentence, week_of
from mentors.queries import (
    application_of,
    busy_between,
    expiring_documents,
    hours_of,
    payouts_of,
    sessions_between,
    unreadable_calendars,
)
from mentors.tasklist import progress_of, tasks_of
from mentors.views.base import MentorOperation, MentorPage

# A certificate that expires within so many days is shown.
DOCUMENT_NOTICE_DAYS = 30


def document_label(document: VerificationDocument) -> str:
    subject = document.subject
    name = _("Certificate for %(subject)s") % {"subject": subject.name} if subject else _("Photo ID")
    return f"{name}: {document.get_status_display()}"


class Overview(MentorPage):
    """The first page of the workspace: what is next, and what wants doing."""

    template_name = "mentors/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        if self.mentor.status != self.mentor.Status.APPROVED:
            tasks = tasks_of(application_of(self.mentor))
            return super().get_context_data(tasks=tasks, progress=progress_of(tasks), **kwargs)
        hours = hours_of(self.mentor)
        # From the week's beginning on, whose sessions the preview shows.
        sessions = sessions_between(self.mentor, now - NEAR, now + timedelta(days=settings.HORIZON_DAYS_MAX))
        coming = [session for session in sessions if session.ends_at > now]
        week = week_of(hours, at=now, sessions=sessions, busy=busy_between(self.mentor, now - NEAR, now + NEAR))
        todos = todos_of(
            self.mentor,
            hours=hours,
            payouts=payouts_of(self.mentor),
            expiring=expiring_documents(self.mentor, by=now.date() + timedelta(days=DOCUMENT_NOTICE_DAYS)),
            unreadable=unreadable_calendars(self.mentor),
            at=now,
        )
        return super().get_context_data(
            public_url=reverse("bookings:mentor", args=[self.mentor.handle]),
            next_session=coming[0] if coming else None,
            session_count=len(coming),
            today_count=len(sessions_on(now.astimezone(hours.zone).date(), coming, hours)),
            week=preview(week),
            room=room_sentence(week, minutes=settings.SESSION_MINUTES[1], break_minutes=self.mentor.break_minutes),
            todos=todos,
            glimpse=glimpse_of(self.mentor, at=now),
            is_new=not coming and not self.mentor.session_count,
            **kwargs,
        )


class Start(MentorPage):
    """The application as a list of tasks, in any order, each saved by itself."""

    template_name = "mentors/start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        tasks = tasks_of(application_of(self.mentor))
        return super().get_context_data(tasks=tasks, progress=progress_of(tasks), **kwargs)


class CheckAndSend(MentorOperation):
    """Everything that will be judged, on one page, with one button."""

    template_name = "mentors/check.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        application = application_of(self.mentor)
        return super().get_context_data(
            application=application,
            can_send=self.mentor.status in services.SENDABLE,
            languages=", ".join(map(language_name, self.mentor.languages)),
            subjects=", ".join(each.subject.name for each in application.subjects),
            rate=money(self.mentor.hourly_rate_minor, settings.CURRENCY) if self.mentor.hourly_rate_minor else "",
            documents=", ".join(document_label(document) for document in application.documents),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        check_rate(request, "ONBOARDING_SUBMIT")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        services.submit_application(mentor=self.mentor, by=self.mentor.user)
        messages.success(self.request, _("Sent. We write to you as soon as it is decided."))
        return redirect("mentors:start")
