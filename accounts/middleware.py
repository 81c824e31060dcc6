"""Gives allauth's pages the statuses that every page of this product has."""

from collections.abc import Iterator
from typing import Any

from allauth.account.internal.stagekit import unstash_login
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.limits import LIMITED_CODES, seconds_to_wait
from marketplace.common.cache import cache_errors
from marketplace.common.errors import RateLimited
from marketplace.common.middleware import GetResponse, unavailable

PREFIX = "/accounts/"
CODE_PAGES = frozenset(
    {
        "account_email_verification_sent",
        "account_confirm_login_code",
        "account_confirm_password_reset_code",
        "account_complete_password_reset",
    }
)
STARTS = ("account_login", "account_request_login_code", "account_reset_password")


class SignInAnswersMiddleware:
    """422 for a form that was refused, 429 for one that came too often, 503 without the limits' cache, and a word about
    a code that has expired.

    allauth answers each accepted POST with a redirect, so one that is answered by a page was refused.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_turned_away(request, response) and not len(messages.get_messages(request)):
            messages.warning(request, _("That code has expired. Ask for another one."))
        return response

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        if request.method == "POST" and request.path.startswith(PREFIX) and response.status_code == 200:
            forms = [form for form in (response.context_data or {}).values() if isinstance(form, BaseForm)]
            if limited := [error for form in forms for error in _errors(form) if error.code in LIMITED_CODES]:
                refusal = RateLimited(retry_after=wait_of(request))
                for error in limited:
                    error.message = str(refusal.user_message)  # allauth's own does not say how long
                response.status_code = 429
                response["Retry-After"] = str(refusal.retry_after)
            else:
                response.status_code = 422
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable(request) if isinstance(exception, cache_errors()) else None


def is_turned_away(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether a page that takes a code has led back to the start, because there is no code to take any more."""
    match = request.resolver_match
    if response.status_code != 302 or match is None or match.url_name not in CODE_PAGES:
        return False
    return response["Location"].split("?")[0] in {reverse(name) for name in STARTS}


def wait_of(request: HttpRequest, email: str = "") -> int:
    """How long the caller of a sign-in page has to wait, whichever limit it was."""
    user: Any = request.user if request.user.is_authenticated else _half_signed_in(request)  # Any: or none
    typed = email or request.POST.get("login") or request.POST.get("email") or getattr(user, "email", "")
    return seconds_to_wait(request, email=typed or "", user=user)


def _half_signed_in(request: HttpRequest) -> AbstractBaseUser | None:
    """Whoever has shown a password and still owes the second factor."""
    login = unstash_login(request, peek=True)
    return login.user if login else None


def _errors(form: BaseForm) -> Iterator[ValidationError]:
    for errors in form.errors.as_data().values():
        yield from errors
