"""Support's own page of what somebody wrote: read with an audit row each time, then closed with a note."""

from typing import Any, cast

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts import services
from accounts.forms import CloseSupportRequestForm
from accounts.models import User
from accounts.queries import support_requests
from marketplace.common.audit import record
from marketplace.common.guards import SupportRequiredMixin
from marketplace.common.views import OperationView


class ReadSupportRequest(SupportRequiredMixin, OperationView):
    """``/admin/accounts/supportrequest/<reference>/read/``."""

    form_class = CloseSupportRequestForm
    template_name = "admin/accounts/support_request.html"

    @property
    def staff(self) -> User:
        return cast("User", self.request.user)

    def load(self) -> None:
        self.report = get_object_or_404(support_requests(), pk=self.kwargs["reference"])

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:  # Any: Django's own
        record("support_request_read", by=self.staff, subject=self.report)
        return super().render_to_response(context, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, report=self.report)

    def form_valid(self, form: Form) -> HttpResponse:
        services.close_support_request(request=self.report, note=form.cleaned_data["note"], by=self.staff)
        messages.success(self.request, _("The report is closed."))
        return redirect("admin:accounts_supportrequest_changelist")
