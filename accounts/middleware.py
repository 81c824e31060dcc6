"""Gives allauth's pages the statuses that every page of this product has."""

from collections.abc import Iterator
from typing import Any

import redis.exceptions
from allauth.account.internal.stagekit import unstash_login
from django.contrib.auth.models import AbstractBaseUser
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.limits import LIMITED_CODES, seconds_to_wait
from marketplace.common.middleware import GetResponse, unavailable

PREFIX = "/accounts/"


class SignInAnswersMiddleware:
    """422 for a form that was refused, 429 for one that came too often, 503 without the limits' cache.

    allauth answers each accepted POST with a redirect, so one that is answered by a page was refused.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        if request.method == "POST" and request.path.startswith(PREFIX) and response.status_code == 200:
            forms = [form for form in (response.context_data or {}).values() if isinstance(form, BaseForm)]
            if any(code in LIMITED_CODES for form in forms for code in _codes(form)):
                response.status_code = 429
                response["Retry-After"] = str(wait_of(request))
            else:
                response.status_code = 422
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable(request) if isinstance(exception, redis.exceptions.RedisError) else None


def wait_of(request: HttpRequest, email: str = "") -> int:
    """How long the caller of a sign-in page has to wait, whichever limit it was."""
    user: Any = request.user if request.user.is_authenticated else _half_signed_in(request)  # Any: or none
    typed = email or request.POST.get("login") or request.POST.get("email") or getattr(user, "email", "")
    return seconds_to_wait(request, email=typed or "", user=user)


def _half_signed_in(request: HttpRequest) -> AbstractBaseUser | None:
    """Whoever has shown a password and still owes the second factor."""
    login = unstash_login(request, peek=True)
    return login.user if login else None


def _codes(form: BaseForm) -> Iterator[str]:
    for errors in form.errors.as_data().values():
        yield from (error.code or "" for error in errors)
