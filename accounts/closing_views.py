"""Closing one's own account: what it does, said before it is done, and where it ends."""

from typing import Any, cast

from django.contrib.auth import logout
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts import services
from accounts.closing import hindrances_of
from accounts.errors import SomethingOpen
from accounts.forms import CloseForm
from accounts.models import User
from marketplace.common.errors import DomainError
from marketplace.common.guards import SIGNED_IN, GuardMixin, PublicMixin, freshly
from marketplace.common.views import OperationView, PageView


class CloseAccount(GuardMixin, OperationView):
    """``/account/privacy/close/``: what stands in the way, or what goes and what stays, and the button."""

    who = freshly(SIGNED_IN)
    template_name = "accounts/close.html"
    form_class = CloseForm

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        refusal = kwargs.get("refusal")
        if isinstance(refusal, SomethingOpen):
            found = refusal.hindrances
        else:
            found = [] if self.user.is_staff else hindrances_of(self.user, at=timezone.now())
        return super().get_context_data(**kwargs, account=self.user, hindrances=found)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        """Nothing in the form was wrong: the page says by itself what is."""
        return self.render_to_response(self.get_context_data(form=form, refusal=error), status=error.status)

    def form_valid(self, form: Form) -> HttpResponse:
        services.close_account(user=self.user)
        logout(self.request)
        return redirect("account-closed")


class AccountClosed(PublicMixin, PageView):
    """Where closing ends: for who is nobody here by then."""

    template_name = "accounts/closed.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: Django's own
        if request.user.is_authenticated:
            return redirect("uploads:privacy")
        return super().get(request, *args, **kwargs)
