"""Who may come in, asked in one order everywhere.

Signed in → role, and where asked second factor and fresh sign-in (403) → the object, looked up through what the user
may see (404) → rule or form (409 or 422). The mixins of pages and the decorator of JSON routes both call ``admit``;
what comes after it is the view's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.mixins import AccessMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from marketplace.common.errors import AccessDenied, FreshSignInRequired, SecondFactorRequired, Suspended

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

NOT_OPEN = _("This page is not open to your account.")
# For who signs in by code alone: neither a password nor a second factor to be asked for.
NOTHING_TO_ASK = _("Log out and sign in again: this needs a sign-in from the last few minutes.")


@dataclass(frozen=True, kw_only=True)
class Who:
    """Which accounts a page or route is for. Empty ``roles``: everyone who is signed in."""

    public: bool = False
    roles: frozenset[str] = frozenset()
    # Which staff: one of these groups. A superuser does not stand in for one; other accounts are not asked.
    groups: frozenset[str] = frozenset()
    fresh: bool = False
    # The same, of staff only: what people do to their own session support does to somebody else's.
    fresh_staff: bool = False
    # Whether a suspended account may write here all the same (its appeal, its own security settings).
    suspended_may_write: bool = False
    refusal: str | Promise = NOT_OPEN


ANYONE = Who(public=True)
SIGNED_IN = Who()
STUDENT = Who(roles=frozenset({"student"}), refusal=_("This page is for students."))
MENTOR = Who(roles=frozenset({"mentor"}), refusal=_("This page is for mentors."))
PARTICIPANT = Who(roles=frozenset({"student", "mentor"}), refusal=_("This page is for students and mentors."))
STAFF = Who(roles=frozenset({"admin"}), refusal=_("This page is for our staff."))
REVIEWER = Who(roles=frozenset({"admin"}), groups=frozenset({"reviewer"}), refusal=_("This page is for reviewers."))
SUPPORT = Who(roles=frozenset({"admin"}), groups=frozenset({"support"}), refusal=_("This page is for support."))
FINANCE = Who(roles=frozenset({"admin"}), groups=frozenset({"finance"}), refusal=_("This page is for finance."))
BOOKING_READERS = Who(
    roles=frozenset({"student", "mentor", "admin"}),
    groups=frozenset({"support", "finance"}),
    refusal=_("This page is for the people of a session."),
)
# Who may cancel a session: its people, and support for them.
CANCELLERS = Who(
    roles=frozenset({"student", "mentor", "admin"}),
    groups=frozenset({"support"}),
    refusal=_("This page is for the people of a session."),
    fresh_staff=True,
)
MONEY_DESK = Who(
    roles=frozenset({"admin"}),
    groups=frozenset({"support", "finance"}),
    refusal=_("This page is for support and finance."),
)


def freshly(who: Who) -> Who:
    """The same people, with a sign-in no older than ten minutes: decisions about people and money."""
    return replace(who, fresh=True)


def owns_second_factor(request: HttpRequest) -> bool:
    """Whether this account has set up a second factor (allauth then asks for it in every sign-in, whichever way)."""
    return bool(is_mfa_enabled(request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this account has a second factor and this very session has shown it.

    The second half matters for a session older than the factor: what was opened with a password alone stays shut.
    """
    if settings.DEMO_SKIP_STAFF_MFA:
        return True
    shown = any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))
    return shown and owns_second_factor(request)


def signed_in_recently(request: HttpRequest) -> bool:
    """Whether the last sign-in or confirmation in this session is younger than ``FRESH_SIGN_IN_SECONDS``."""
    records = get_authentication_records(request, request.user)
    latest = max((record["at"] for record in records), default=0)
    return bool(time.time() - latest < settings.FRESH_SIGN_IN_SECONDS)


def confirm_again(request: HttpRequest, *, with_second_factor: bool = False) -> HttpResponse:
    """Send a page's reader through allauth's "confirm it is you" and back; a form that was posted is done after it.

    ``with_second_factor`` asks for that and not for the password.
    """
    methods = get_adapter().get_reauthentication_methods(request.user)
    urls = [m["url"] for m in methods if not with_second_factor or m["id"].startswith("mfa_reauthenticate")]
    if not urls:  # neither a password nor a second factor, so there is nothing to ask for
        raise FreshSignInRequired(NOTHING_TO_ASK)
    response: HttpResponse = suspend_request(request, urls[0])
    return response


def admit(request: HttpRequest, who: Who) -> None:
    """Let a signed-in account pass, or raise ``AccessDenied`` (403). Strangers were sent away before (302, 401)."""
    if who.public:
        return
    user: Any = request.user  # Any: this floor knows the account's attributes, not its class
    if who.roles and user.role not in who.roles:
        raise AccessDenied(who.refusal)
    if who.groups and user.is_staff and not user.groups.filter(name__in=who.groups).exists():
        raise AccessDenied(who.refusal)
    if user.is_staff and who.roles and not has_second_factor(request):
        raise SecondFactorRequired
    if (who.fresh or (who.fresh_staff and user.is_staff)) and not signed_in_recently(request):
        raise FreshSignInRequired
    if user.suspended_at is not None and request.method not in SAFE_METHODS and not who.suspended_may_write:
        raise Suspended


class GuardMixin(AccessMixin, View):
    """Runs the guards, then ``load`` (the object, 404), then the view's own method."""

    who: ClassVar[Who] = SIGNED_IN

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # Any: Django's own
        """Tell ``SignInMiddleware`` which views are public: it looks at the function, not at the class."""
        view = super().as_view(**initkwargs)
        view.login_required = not cls.who.public  # type: ignore[attr-defined]  # a mark on the function
        return view

    def load(self) -> None:
        """Look the page's object up through what the user may see; ``get_object_or_404`` is the whole refusal."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        if not self.who.public and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            admit(request, self.who)
        except FreshSignInRequired:
            return confirm_again(request)
        except SecondFactorRequired:
            if not owns_second_factor(request):
                return redirect("security")  # where it can be set up, and why is said
            return confirm_again(request, with_second_factor=True)
        self.load()
        return super().dispatch(request, *args, **kwargs)


class PublicMixin(GuardMixin):
    """Open to everyone: sign-in is asked for on every page that does not say this."""

    who = ANYONE


class StudentRequiredMixin(GuardMixin):
    who = STUDENT


class MentorRequiredMixin(GuardMixin):
    who = MENTOR


class ParticipantRequiredMixin(GuardMixin):
    who = PARTICIPANT


class StaffRequiredMixin(GuardMixin):
    who = STAFF


class ReviewerRequiredMixin(GuardMixin):
    who = REVIEWER


class SupportRequiredMixin(GuardMixin):
    who = SUPPORT


class FinanceRequiredMixin(GuardMixin):
    who = FINANCE
