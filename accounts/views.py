"""Pages of the account: welcome, profile, security. Signing in itself is allauth's, under ``/accounts/``."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services
from accounts.forms import AccountForm, WelcomeForm, ZoneForm
from accounts.landing import home_of, safe_next, set_reader_cookies, where_to
from accounts.middleware import wait_of
from accounts.models import User
from accounts.policies import is_ready
from accounts.queries import pending_email, security_of
from marketplace.common.errors import RateLimited
from marketplace.common.guards import SIGNED_IN, GuardMixin, freshly, has_second_factor, owns_second_factor
from marketplace.common.middleware import ZONE_COOKIE, known_zones, wants_json
from marketplace.common.pages import error_page
from marketplace.common.problems import problem_of
from marketplace.common.refused_addresses import refusal_of
from marketplace.common.views import OperationView, PageView

PICKED_SLOT = "picked_slot"


class AccountPage(GuardMixin):
    """For everyone signed in; ``user`` is their account."""

    user: User

    def load(self) -> None:
        assert isinstance(self.request.user, User)
        self.user = self.request.user


class Welcome(AccountPage, OperationView):
    """What an account still lacks after its first sign-in: role, name, zone."""

    template_name = "accounts/welcome.html"
    form_class = WelcomeForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: Django's own
        if is_ready(self.user):
            return redirect(safe_next(request, home_of(self.user)))
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: Django's own
        if self.user.is_staff:
            return redirect(home_of(self.user))
        return super().post(request, *args, **kwargs)

    @property
    def has_picked_slot(self) -> bool:
        return PICKED_SLOT in self.request.session

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"ask_role": not self.user.role and not self.has_picked_slot}

    def get_initial(self) -> dict[str, Any]:
        guess = self.request.COOKIES.get(ZONE_COOKIE, "")
        return {"name": self.user.name, "time_zone": self.user.time_zone or (guess if guess in known_zones() else "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **kwargs, next=safe_next(self.request, ""), has_picked_slot=self.has_picked_slot
        )

    def form_valid(self, form: Form) -> HttpResponse:
        name, time_zone = form.cleaned_data["name"], form.cleaned_data["time_zone"]
        if self.user.role:
            services.update_account(user=self.user, name=name, time_zone=time_zone)
        else:
            role = form.cleaned_data.get("role") or User.Role.STUDENT
            services.choose_role(user=self.user, role=role, name=name, time_zone=time_zone)
        asked_for = safe_next(self.request, "/")
        if asked_for == "/":  # nothing in particular, and only now it is known who they are
            asked_for = home_of(self.user)
        return HttpResponseRedirect(where_to(self.request, self.user, asked_for=asked_for))


class Account(AccountPage, OperationView):
    template_name = "accounts/account.html"
    form_class = AccountForm

    def get_initial(self) -> dict[str, Any]:
        offered = self.request.GET.get("time_zone", "")  # the browser's, when it is another than the account's
        return {
            "name": self.user.name,
            "time_zone": offered if offered in known_zones() else self.user.time_zone,
            "language": self.user.language or self.request.LANGUAGE_CODE,
            "theme": self.user.theme,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        next_url = safe_next(self.request, "")  # whoever came to change their zone goes on where they were
        return super().get_context_data(
            **kwargs,
            account=self.user,
            pending_email=pending_email(self.user),
            refusal=refusal_of(self.user.email),
            next=next_url,
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.update_account(user=self.user, **form.cleaned_data)
        messages.success(self.request, _("Saved."))
        response = redirect(safe_next(self.request, reverse("account")))
        set_reader_cookies(response, self.user)
        if not self.user.theme:
            response.delete_cookie("theme")
        return response


class ChangeZone(AccountPage, OperationView):
    """The offer "Show times in Madrid?", accepted; without script the account page does the same."""

    http_method_names = ["post"]
    form_class = ZoneForm

    def form_valid(self, form: Form) -> HttpResponse:
        services.change_zone(user=self.user, time_zone=form.cleaned_data["time_zone"])
        return redirect(safe_next(self.request, reverse("account")))

    def form_invalid(self, form: Form) -> HttpResponse:
        context = {"form": AccountForm({**self.request.POST.dict(), "name": self.user.name}), "account": self.user}
        return render(self.request, "accounts/account.html", context, status=422)


class Confirmed(AccountPage):
    """Whether the sign-in is recent enough for a decision, asked by the page before it sends one: 204, else on to "confirm it
    is you" and back here. It admits nobody: the decision itself is guarded by its own view."""

    who = freshly(SIGNED_IN)
    http_method_names = ("get",)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: Django's own
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


class Security(AccountPage, PageView):
    """How this account is protected, with a way to each of allauth's pages."""

    template_name = "accounts/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        needs_factor = self.user.is_staff and not has_second_factor(self.request)
        return super().get_context_data(
            **kwargs,
            account=self.user,
            security=security_of(self.user),
            needs_factor=needs_factor and not owns_second_factor(self.request),
            now=timezone.now(),
        )


# The pages of allauth that ask for more than a code or a password.
FORM_PAGES = frozenset({"account_login", "account_signup", "account_request_login_code", "account_reset_password"})


def too_many_requests(request: HttpRequest) -> HttpResponseBase:
    """Answer for allauth when one of its limits is used up; it looks for this as the URLconf's ``handler429``."""
    error = RateLimited(retry_after=wait_of(request))
    if wants_json(request):
        return problem_of(error)
    match = request.resolver_match
    if request.method == "POST" and match is not None and match.url_name in FORM_PAGES:
        return form_again(request, match.func, error)
    return error_page(request, error)


def form_again(request: HttpRequest, page: Any, error: RateLimited) -> HttpResponse:  # Any: a class's ``as_view()``
    """Show the form that came too often as it was typed, but for passwords. It is not validated: for a sign-in that
    would be the very try that the limit forbids."""
    view = page.view_class(**page.view_initkwargs)
    view.setup(request)
    kwargs = view.get_form_kwargs() | {"data": None, "files": None, "initial": request.POST.dict()}
    form = view.get_form_class()(**kwargs)
    form.cleaned_data = {}  # an unvalidated form has none, and adding an error looks there
    form.add_error(None, str(error.user_message))
    response: HttpResponse = view.render_to_response(view.get_context_data(form=form), status=error.status)
    response["Retry-After"] = str(error.retry_after)
    return response
