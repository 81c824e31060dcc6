"""Suspending a mentor and ending that (reviewers), and the mentor's appeal."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.common.guards import MENTOR, REVIEWER, freshly
from marketplace.common.views import OperationView
from mentors import desk, services
from mentors.forms.suspension import KEEP, AppealForm, ReasonForm, SuspendForm
from mentors.models import Mentor
from mentors.queries import coming_sessions
from mentors.views.base import MentorOperation
from mentors.views.review import DeskMixin


class SuspensionOperation(DeskMixin, OperationView):
    """A decision about a mentor who is in, on a page that says what it does."""

    who = freshly(REVIEWER)
    form_class = ReasonForm
    template_name = "admin/mentors/review/suspension.html"
    title = text = label = done = testid = ""
    danger = False

    def load(self) -> None:
        self.mentor = get_object_or_404(desk.applications(), handle=self.kwargs["handle"])

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"version": self.mentor.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **self.desk_context(timezone.now()),
            mentor=self.mentor,
            appeal=desk.open_appeal(self.mentor),
            coming=coming_sessions(self.mentor, at=timezone.now()),
            title=self.title,
            text=self.text,
            label=self.label,
            testid=self.testid,
            danger=self.danger,
            back=reverse("mentors:review-application", args=[self.mentor.handle]),
            **kwargs,
        )

    def run(self, form: Form) -> None:
        raise NotImplementedError

    def form_valid(self, form: Form) -> HttpResponse:
        self.run(form)
        messages.success(self.request, self.done)
        return redirect("mentors:review-application", self.mentor.handle)


class Suspend(SuspensionOperation):
    form_class = SuspendForm
    testid = "suspend-mentor"
    danger = True

    def load(self) -> None:
        super().load()
        self.title = _("Suspend this mentor")
        self.text = _(
            "Nobody finds or books them from now on. Times that students hold with them are let go at once. They can sign in and read, and appeal."
        )
        self.label = _("Suspend the mentor")
        self.done = _("The mentor is suspended.")

    def run(self, form: Form) -> None:
        services.suspend_mentor(
            mentor=self.mentor,
            version=form.cleaned_data["version"],
            by=self.reviewer,
            reason=form.cleaned_data["reason"],
            keep_sessions=form.cleaned_data["sessions"] == KEEP,
        )


class Reinstate(SuspensionOperation):
    testid = "reinstate-mentor"

    def load(self) -> None:
        super().load()
        self.title = _("End the suspension")
        self.text = _("Students find and book them again. Sessions that were cancelled stay cancelled.")
        self.label = _("End the suspension")
        self.done = _("The mentor is in again.")

    def run(self, form: Form) -> None:
        data = form.cleaned_data
        services.reinstate_mentor(mentor=self.mentor, version=data["version"], by=self.reviewer, reason=data["reason"])


class DeclineAppeal(SuspensionOperation):
    testid = "decline-appeal"

    def load(self) -> None:
        super().load()
        self.title = _("Let the suspension stand")
        self.text = _("The appeal is closed, and the mentor stays suspended. They can’t appeal again.")
        self.label = _("Let it stand")
        self.done = _("The suspension stands.")

    def run(self, form: Form) -> None:
        data = form.cleaned_data
        services.decline_appeal(mentor=self.mentor, version=data["version"], by=self.reviewer, reason=data["reason"])


class Appeal(MentorOperation):
    """``/mentor/appeal/``: the one thing that a suspended mentor may still write."""

    who = replace(MENTOR, suspended_may_write=True)
    form_class = AppealForm
    template_name = "mentors/appeal.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        is_suspended = self.mentor.status == Mentor.Status.SUSPENDED
        return super().get_context_data(
            is_suspended=is_suspended, may_appeal=is_suspended and services.may_appeal(self.mentor), **kwargs
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.appeal_suspension(mentor=self.mentor, by=self.mentor.user, text=form.cleaned_data["appeal"])
        messages.success(self.request, _("We have your appeal. A reviewer reads it and writes to you."))
        return redirect("mentors:overview")
