"""``/account/privacy/``: a copy of one's data, and the way to close the account."""

from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.closing import hindrances_of
from accounts.models import User
from marketplace.common.errors import DomainError
from marketplace.common.guards import SIGNED_IN, GuardMixin, freshly
from marketplace.common.views import OperationView
from uploads import services
from uploads.models import DataExport
from uploads.queries import latest_export
from uploads.views import private_redirect


class Privacy(GuardMixin, OperationView):
    """The page itself; posting asks for a copy. Whoever is suspended may have theirs all the same."""

    who = replace(SIGNED_IN, suspended_may_write=True)
    template_name = "uploads/privacy.html"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        export, ask_at = latest_export(self.user), services.may_ask_at(self.user)
        return super().get_context_data(
            **kwargs,
            account=self.user,
            export=export,
            export_status=export.status_at(now) if export else "",
            next_at=ask_at if ask_at and ask_at > now else None,
            days=settings.EXPORT_DAYS,
            hindrances=[] if self.user.is_staff else hindrances_of(self.user, at=now),
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.request_export(by=self.user)
        messages.success(self.request, _("We are on it. You get a mail when your copy is ready."))
        return redirect("uploads:privacy")


class OpenExport(GuardMixin):
    """Download one's own copy. It holds a whole life here, so a sign-in that somebody left open is not enough."""

    who = freshly(SIGNED_IN)
    http_method_names = ("get",)

    def load(self) -> None:
        assert self.request.user.is_authenticated
        mine = DataExport.objects.owned_by(self.request.user)
        self.export = get_object_or_404(mine, pk=self.kwargs["export_id"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        assert request.user.is_authenticated
        try:
            return private_redirect(services.open_export(export=self.export, by=request.user))
        except DomainError as gone:
            messages.warning(request, str(gone.user_message))
            return redirect("uploads:privacy")
