"""The stock Django admin, behind the product's own sign-in: a second factor for everyone who may enter."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.common.guards import has_second_factor


class MarketplaceAdminSite(admin.AdminSite):
    site_header = _("Lantern staff")
    site_title = _("Lantern staff")
    index_title = _("What needs you")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request)


MarketplaceAdminSite.login = secure_admin_login(MarketplaceAdminSite.login)  # type: ignore[method-assign]  # as allauth documents it
