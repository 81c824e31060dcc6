"""Accounts in Django admin: to be looked up, never edited. Each change is an operation with its own page."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.admin_views import AddStaff, LockAccount, SetDesks, UnlockAccount
from accounts.models import SupportRequest, User
from marketplace.common.admin import ReadOnlyAdmin

# Their stock pages would be ways around the operations (verified addresses, second factors, the rights of the desks),
# or show what no colleague may read: a waiting mail job holds somebody's one-time code.
for model in (EmailAddress, Authenticator, UserSession, Group, ProcrastinateJob):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    list_display = ("email", "name", "role", "is_active", "suspended_at", "closed_at", "date_joined")
    list_filter = ("role", "is_active", ("closed_at", admin.EmptyFieldListFilter), "groups")
    search_fields = ("email", "name")
    ordering = ("-date_joined", "pk")
    show_full_result_count = False
    fields = (
        *("name", "email", "role", "time_zone", "language", "is_active", "suspended_at", "closed_at"),
        *("groups", "is_superuser", "date_joined", "last_login"),
    )
    change_form_template = "admin/accounts/user/change_form.html"
    change_list_template = "admin/accounts/user/change_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("staff/", AddStaff.as_view(), name="accounts_user_staff"),
            path("<uuid:account_id>/desks/", SetDesks.as_view(), name="accounts_user_desks"),
            path("<uuid:account_id>/lock/", LockAccount.as_view(), name="accounts_user_lock"),
            path("<uuid:account_id>/unlock/", UnlockAccount.as_view(), name="accounts_user_unlock"),
        ]
        return [*own, *super().get_urls()]


@admin.register(SupportRequest)
class SupportRequestAdmin(ReadOnlyAdmin[SupportRequest]):
    """What people wrote to support, the open ones first, the oldest of them on top. The words stand on the page that is logged."""

    list_display = ("reference", "created_at", "closed_at", "read_link")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    search_fields = ("reference",)
    show_full_result_count = False
    ordering = ("-closed_at", "created_at", "pk")  # going down, PostgreSQL begins with those that have no date
    fields = ("reference", "created_at", "closed_at", "closed_by", "closing_note", "read_link")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("report"))
    def read_link(self, report: SupportRequest) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse("support-request", args=[report.pk]), _("Read it (is logged)")
        )
