"""The stock Django admin, behind the product's own sign-in: a second factor for everyone who may enter."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import AccessDenied
from marketplace.common.guards import STAFF, confirm_again, has_second_factor, owns_second_factor


class MarketplaceAdminSite(admin.AdminSite):
    site_header = _("Lantern staff")
    site_title = _("Lantern staff")
    index_title = _("What needs you")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show those who decide the way to their desks, which are no lists of Django's."""
        groups = set(request.user.groups.values_list("name", flat=True))
        desks = {f"is_{desk}": desk in groups for desk in ("reviewer", "support", "finance")}
        return super().index(request, {**(extra_context or {}), **desks})

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Take over from Django's own form, which knows no limits, codes or second factors: lead to what is missing."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            wanted = "admin:index"
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not super().has_permission(request):
            raise AccessDenied(STAFF.refusal)
        if has_second_factor(request):
            return redirect(wanted)
        if owns_second_factor(request):
            return confirm_again(request, with_second_factor=True)
        return redirect("security")

    def password_change(  # type: ignore[override]  # a redirect, to where passwords are changed
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")
