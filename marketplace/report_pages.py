"""``/help/report/``: to whom somebody turns with a problem. Sessions and conversations have their own reports; the rest goes to support."""

import re
from dataclasses import replace
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.forms import OutsideSupportRequestForm, SupportRequestForm
from accounts.models import SupportRequest, User
from accounts.services import REFERENCE, ask_support, ask_support_from_outside
from bookings.models import Booking
from bookings.queries.after import other_of, reportable_sessions
from chat.models import Thread
from chat.queries import report_rows
from marketplace.common.guards import PARTICIPANT, ParticipantRequiredMixin, PublicMixin
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView, PageView

SHOWN = 100  # sessions of two weeks, people of a life here


class ReportPageMixin(ParticipantRequiredMixin):
    @property
    def user(self) -> User:
        return cast("User", self.request.user)


class Report(ReportPageMixin, PageView):
    """``/help/report/``: what is it about?"""

    template_name = "help/report.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        if self.user.suspended_at is not None:  # who can't send any of the other reports
            return redirect("help-report-other")
        return super().get(request, *args, **kwargs)


class ReportSession(ReportPageMixin, PageView):
    """``/help/report/session/``: the sessions about which a problem can still be reported."""

    template_name = "help/report_session.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        found = reportable_sessions(self.user, at=timezone.now())[:SHOWN]
        rows = [{"booking": booking, "other": other_of(booking, self.user)} for booking in found]
        return super().get_context_data(**kwargs, rows=rows)


class ReportConversation(ReportPageMixin, PageView):
    """``/help/report/conversation/``: whom somebody writes with."""

    template_name = "help/report_conversation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, rows=report_rows(self.user))


class ReportOther(ReportPageMixin, OperationView):
    """``/help/report/other/``: a person, or something else, in one's own words. Suspended people have this way too."""

    who = replace(PARTICIPANT, suspended_may_write=True)
    form_class = SupportRequestForm
    template_name = "help/report_other.html"

    def get_form_kwargs(self) -> dict[str, Any]:  # Any: the form's own
        return {**super().get_form_kwargs(), "people": list(people_met(self.user)[:SHOWN])}

    def form_valid(self, form: SupportRequestForm) -> HttpResponse:  # type: ignore[override]  # our form_class
        check_rate(self.request, "SUPPORT_REQUEST")
        data = form.cleaned_data
        request = ask_support(text=data["text"], whom=data["whom"], about=form.person(), by=self.user)
        return redirect("help-report-sent", request.pk)


class WriteFromOutside(PublicMixin, OperationView):
    """``/help/write/``: for those who can't sign in. Who is signed in has the other way, where we know whom to answer."""

    form_class = OutsideSupportRequestForm
    template_name = "help/write.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        if request.user.is_authenticated:
            return redirect("help-report")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: OutsideSupportRequestForm) -> HttpResponse:  # type: ignore[override]  # our form_class
        check_rate(self.request, "SUPPORT_REQUEST")
        request = ask_support_from_outside(**form.cleaned_data)
        return redirect("help-written", request.pk)


class Written(PublicMixin, PageView):
    """``/help/write/<reference>/``: says the reference back. It looks nothing up, so it tells nothing about anybody's report."""

    template_name = "help/written.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        if not re.fullmatch(REFERENCE, self.kwargs["reference"]):
            raise Http404
        return super().get_context_data(**kwargs)


class ReportSent(ReportPageMixin, PageView):
    """``/help/report/<reference>/``: what somebody wrote, its reference, and whether we are done with it."""

    template_name = "help/report_sent.html"

    def load(self) -> None:
        mine = SupportRequest.objects.visible_to(self.user).select_related("about")
        self.report = get_object_or_404(mine, pk=self.kwargs["reference"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, report=self.report)


def people_met(user: User) -> QuerySet[User]:
    """Those with whom somebody has had a session or a conversation, by name."""
    other = "mentor" if user.is_student else "student"
    sessions = Booking.objects.of(user).exclude(confirmed_at=None).values(other)
    threads = Thread.objects.visible_to(user).values(other)
    return User.objects.filter(Q(pk__in=sessions) | Q(pk__in=threads), closed_at=None).order_by("name", "pk")
