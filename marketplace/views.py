"""Pages and routes that span apps, and what answers when nothing else does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from marketplace.common.middleware import wants_json
from marketplace.common.problems import problem


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a write whose CSRF token is missing or wrong."""
    if wants_json(request):
        return problem("csrf_failed", _("Fetch a token from /api/csrf and send it as X-CSRFToken."))
    return render(request, "csrf.html", status=403)
