"""The support desk: problem reports and appeals against strikes. Pages of the staff under ``/admin/``."""

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import desk, services
from bookings.after_forms import DecisionForm, StrikeDecisionForm
from bookings.models import ProblemReport
from marketplace.common.guards import SUPPORT, SupportRequiredMixin, freshly
from marketplace.common.views import OperationView, PageView

PER_PAGE = 50


class DeskMixin(SupportRequiredMixin):
    """What every page of the desk shows: how many reports wait."""

    def desk_context(self) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        return {"now": now, "waiting_count": desk.waiting(at=now).count()}


class Queue(DeskMixin, PageView):
    """What waits for support, those that can be decided first."""

    template_name = "admin/bookings/desk/queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        page = Paginator(desk.waiting(at=timezone.now()), PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **self.desk_context(), page=page, appeals=list(desk.appeals()[:PER_PAGE]), **kwargs
        )


class Decide(DeskMixin, OperationView):
    """Reading needs a sign-in, deciding a fresh one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        self.who = freshly(SUPPORT) if request.method == "POST" else SUPPORT  # type: ignore[misc]  # of this request
        return super().dispatch(request, *args, **kwargs)

    @property
    def staff(self) -> User:
        return cast("User", self.request.user)


class DecideReport(Decide):
    """One report: both sides, who was there, and the decision. The exact sums are read before it counts."""

    form_class = DecisionForm
    template_name = "admin/bookings/desk/report.html"

    def load(self) -> None:
        self.report = get_object_or_404(desk.reports(), pk=self.kwargs["problem_id"])

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"finding": ProblemReport.Finding.NONE, "percent": self.report.found_percent or None}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **self.desk_context(), dossier=desk.dossier_of(self.report, at=timezone.now()), **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        if "edit" in request.POST:  # back from the sums, with all that was typed
            return self.render_to_response(self.get_context_data(form=self.get_form()))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        data = form.cleaned_data
        if not data["confirmed"]:
            services.check_decision(self.report, percent=data["percent"], at=timezone.now())
            sums = desk.sums_of(self.report, percent=data["percent"])
            return self.render_to_response(self.get_context_data(form=form, sums=sums))
        services.decide_report(
            report_id=self.report.pk,
            by=self.staff,
            percent=data["percent"],
            reason=data["reason"],
            finding=data["finding"],
        )
        messages.success(self.request, _("Decided. Both sides are told."))
        return redirect("bookings:desk")


class DecideStrike(Decide):
    """One strike: what it was for, the mentor's appeal, and whether it counts on."""

    form_class = StrikeDecisionForm
    template_name = "admin/bookings/desk/strike.html"

    def load(self) -> None:
        self.strike = get_object_or_404(desk.strikes(), pk=self.kwargs["strike_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**self.desk_context(), strike=self.strike, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        services.decide_appeal(
            strike=self.strike,
            by=self.staff,
            waive=form.cleaned_data["decision"] == "waive",
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, _("Decided. The mentor is told."))
        return redirect("bookings:desk")
