"""What every request passes through that Django and its libraries do not bring."""

import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.common.errors import AccessDenied, DomainError, Unavailable
from marketplace.common.pages import error_page
from marketplace.common.problems import problem, problem_of

GetResponse = Callable[[HttpRequest], HttpResponse]


def wants_json(request: HttpRequest) -> bool:
    return request.path_info.startswith(("/api/", "/events/"))


class RequestIdMiddleware:
    """Give each request an id: the caller's where it is a UUID, else a new one. It is echoed, logged and shown."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = self.read(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.META["HTTP_X_REQUEST_ID"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response

    @staticmethod
    def read(value: str) -> str:
        try:
            return str(uuid.UUID(value))
        except ValueError:
            return str(uuid.uuid4())


class IsolationHeadersMiddleware:
    """Keep other origins out of our windows and our answers (COOP is Django's own; CORP stands here)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Ask for a sign-in on every URL whose view does not say that it is public: 302 for pages, 401 for JSON."""

    def handle_no_permission(  # type: ignore[override]  # the base only redirects; JSON needs a 401
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],  # Any: views
    ) -> HttpResponseBase:
        if wants_json(request):
            return problem("not_authenticated", _("Sign in first."))
        response: HttpResponseBase = super().handle_no_permission(request, view_func)
        return response


class ViewerZoneMiddleware:
    """Show times in the reader's own zone: the profile's, else the validated ``tz`` cookie's, else UTC."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # JSON is UTC throughout: the profile need not be read for it.
        if wants_json(request):
            return self.get_response(request)
        with timezone.override(viewer_zone(request)):
            return self.get_response(request)


ZONE_COOKIE = "tz"


def viewer_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    user: Any = getattr(request, "user", AnonymousUser())  # Any: this floor does not know the account's class
    for name in (getattr(user, "time_zone", ""), request.COOKIES.get(ZONE_COOKIE, "")):
        if name in known_zones():
            return zoneinfo.ZoneInfo(name)
    return zoneinfo.ZoneInfo("UTC")


_zones: frozenset[str] = frozenset()


def known_zones() -> frozenset[str]:
    """The IANA names that may be chosen; reading them touches the disk, so once."""
    global _zones  # noqa: PLW0603  # a cache of something that can't change while we run
    if not _zones:
        _zones = frozenset(name for name in zoneinfo.available_timezones() if name not in {"localtime", "Factory"})
    return _zones


class ErrorMiddleware:
    """Turn what views raise into the answer both kinds of caller understand: a page, or a problem document."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return problem_of(exception) if wants_json(request) else error_page(request, exception)
        if isinstance(exception, (OperationalError, InterfaceError)):
            structlog.get_logger(__name__).error("database_unavailable", exc_info=exception)
            return unavailable(request)
        if isinstance(exception, AccessDenied):
            if wants_json(request):
                return problem(exception.code, exception.user_message)
            return error_page(request, exception)
        if not wants_json(request):
            return None
        if isinstance(exception, Http404):
            return problem("not_found", _("There is nothing here, or it is not yours to see."))
        if isinstance(exception, PermissionDenied):
            return problem("forbidden", _("This is not open to your account."))
        if isinstance(exception, BadRequest):
            return problem("malformed", _("The request could not be read."))
        return None


def unavailable(request: HttpRequest) -> HttpResponse:
    """Ask to come again: a database that does not answer, or a lock waited for too long."""
    if wants_json(request):
        return problem_of(Unavailable())
    context = {"path": request.get_full_path(), "is_sent": request.method == "POST"}
    response = HttpResponse(render_to_string("503.html", context), status=503)
    response["Retry-After"] = str(Unavailable.retry_after)
    return response
