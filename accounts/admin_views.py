"""Operations on accounts in Django admin: locking (support) and staff (superusers)."""

from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import services
from accounts.forms import DesksForm, LockForm, StaffForm, UnlockForm
from accounts.models import User
from marketplace.common.errors import AccessDenied
from marketplace.common.guards import STAFF, SUPPORT, GuardMixin, freshly
from marketplace.common.views import OperationView


class AccountOperation(GuardMixin, OperationView):
    """One operation on one account, on a page in the look of the admin that says what it will do."""

    template_name = "admin/accounts/user/operation.html"
    title = text = label = done = ""

    @property
    def staff(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def load(self) -> None:
        self.account = get_object_or_404(User, pk=self.kwargs["account_id"])

    def back(self) -> str:
        return reverse("admin:accounts_user_change", args=[self.account.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **admin.site.each_context(self.request),
            **kwargs,
            title=self.title,
            text=self.text,
            label=self.label,
            account=getattr(self, "account", None),
            back=self.back(),
        )

    def run(self, form: Form) -> None:
        raise NotImplementedError

    def form_valid(self, form: Form) -> HttpResponse:
        self.run(form)
        messages.success(self.request, self.done)
        return redirect(self.back())


class LockAccount(AccountOperation):
    who = freshly(SUPPORT)
    form_class = LockForm

    def load(self) -> None:
        super().load()
        self.title = _("Lock this account")
        self.text = _(
            "Every sign-in of this person ends at once, and none works until the account is unlocked. Times they hold are let go at once."
        )
        self.label = _("Lock the account")
        self.done = _("The account is locked.")

    def run(self, form: Form) -> None:
        data = form.cleaned_data
        services.lock_account(
            account=self.account, by=self.staff, reason=data["reason"], keep_sessions=data["keep_sessions"]
        )


class UnlockAccount(AccountOperation):
    who = freshly(SUPPORT)
    form_class = UnlockForm

    def load(self) -> None:
        super().load()
        self.title = _("Unlock this account")
        self.text = _("This person can sign in again. What was let go or cancelled while it was locked stays so.")
        self.label = _("Unlock the account")
        self.done = _("The account is unlocked.")

    def run(self, form: Form) -> None:
        services.unlock_account(account=self.account, by=self.staff, reason=form.cleaned_data["reason"])


class SuperuserOperation(AccountOperation):
    """Admins are made by a superuser only."""

    who = freshly(STAFF)

    def check_superuser(self) -> None:
        if not self.staff.is_superuser:
            raise AccessDenied(_("This page is for superusers."))


class AddStaff(SuperuserOperation):
    form_class = StaffForm

    def load(self) -> None:
        self.check_superuser()
        self.title = _("Add a colleague")
        self.text = _("They sign in with a code by e-mail and set up a second factor before anything else.")
        self.label = _("Add the colleague")
        self.done = _("The account is made.")

    def back(self) -> str:
        return reverse("admin:accounts_user_changelist")

    def run(self, form: Form) -> None:
        data = form.cleaned_data
        services.make_staff(email=data["email"], name=data["name"], groups=data["groups"], by=self.staff)


class SetDesks(SuperuserOperation):
    form_class = DesksForm

    def load(self) -> None:
        self.check_superuser()
        self.account = get_object_or_404(User, pk=self.kwargs["account_id"], is_staff=True)
        self.title = _("Choose the desks of a colleague")
        self.text = _("Each desk decides its own things only; a superuser does not stand in for one.")
        self.label = _("Save")
        self.done = _("The desks are saved.")

    def get_initial(self) -> dict[str, Any]:
        return {"groups": list(self.account.groups.order_by("name").values_list("name", flat=True))}

    def run(self, form: Form) -> None:
        services.set_groups(account=self.account, groups=form.cleaned_data["groups"], by=self.staff)
