"""Where a finished sign-in leads, and the reader's choices that travel in cookies."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from accounts.policies import is_ready
from accounts.signals import sign_in_finished

COOKIE_SECONDS = 365 * 24 * 3600


def where_to(request: HttpRequest, user: User, *, asked_for: str) -> str:
    """Choose the page after a sign-in: the welcome page, what a receiver wants (a held slot), or what was asked for."""
    if not is_ready(user):
        return f"{reverse('welcome')}?{urlencode({'next': asked_for})}"
    for _receiver, url in sign_in_finished.send(sender=User, request=request, user=user):
        if url:
            return str(url)
    return asked_for


def home_of(user: User | AnonymousUser) -> str:
    """Where somebody starts who asked for nothing in particular."""
    if isinstance(user, User) and user.is_staff:
        return reverse("admin:index")
    return "/mentor/" if isinstance(user, User) and user.is_mentor else "/"


def safe_next(request: HttpRequest, default: str) -> str:
    """The ``next`` of a request when it leads to this site, else ``default``."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if is_ours else default


def set_reader_cookies(response: HttpResponse, user: User) -> None:
    """Let the pages of this browser follow the account: language and colours are read from cookies before it is."""
    if user.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            user.language,
            max_age=COOKIE_SECONDS,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            samesite="Lax",
        )
    if user.theme:
        response.set_cookie(
            "theme", user.theme, max_age=COOKIE_SECONDS, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
        )
