"""Error pages, with the sentence of the error that led to them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.common.errors import AccessDenied, DomainError

TEMPLATES = {403: "403.html", 404: "404.html", 429: "429.html"}


def error_page(request: HttpRequest, error: DomainError | AccessDenied) -> HttpResponse:
    """Render the page for an error that no form caught."""
    status = 403 if isinstance(error, AccessDenied) else error.status
    retry_after = getattr(error, "retry_after", None)
    response = render(
        request,
        TEMPLATES.get(status, "error.html"),
        {"sentence": error.user_message, "code": error.code, "retry_after": retry_after},
        status=status,
    )
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
