"""What answers when nothing else does."""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from marketplace.common.middleware import unavailable, wants_json
from marketplace.common.problems import problem


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a write whose CSRF token is missing or wrong."""
    if wants_json(request):
        return problem("csrf_failed", _("Fetch a token from /api/csrf and send it as X-CSRFToken."))
    return render(request, "csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return problem("malformed", _("The request could not be read."))
    return render(request, "error.html", {"sentence": _("The request could not be read.")}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return problem("forbidden", _("This is not open to your account."))
    return render(request, "403.html", {"sentence": _("This page is not open to your account.")}, status=403)


def page_not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    if wants_json(request):
        return problem("not_found", _("There is nothing here, or it is not yours to see."))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say sorry with a reference; ask nothing of the database, the session or context processors.

    What a view raises has been told apart before (``ErrorMiddleware``). A database missed elsewhere, such as by who asks
    whether someone is signed in, ends here: Django turns what a middleware raises into this answer at once.
    """
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        return unavailable(request)
    if wants_json(request):
        return problem("internal", _("Something broke on our side. It was not you, and we have been told."))
    reference = structlog.contextvars.get_contextvars().get("request_id") or request.META.get("HTTP_X_REQUEST_ID", "")
    return HttpResponse(render_to_string("500.html", {"reference": reference}), status=500)
