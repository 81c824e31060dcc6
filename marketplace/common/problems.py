"""``application/problem+json`` (RFC 9457) with this product's members ``code`` and ``request_id``."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.utils.functional import Promise

from marketplace.common.errors import CODES, DomainError


def problem(
    code: str,
    detail: str | Promise = "",
    *,
    errors: Sequence[dict[str, str]] | None = None,
    retry_after: int | None = None,
    **members: Any,  # Any: JSON
) -> HttpResponse:
    """Answer with a problem document. ``code`` is one of ``errors.CODES`` and brings its status."""
    status = HTTPStatus(CODES[code])
    body: dict[str, Any] = {
        "type": f"about:blank#{code}",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": str(detail),
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **members,
    }
    if errors:
        body["errors"] = list(errors)
    response = HttpResponse(
        json.dumps(body, cls=DjangoJSONEncoder), content_type="application/problem+json", status=status.value
    )
    response["Cache-Control"] = "no-store"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def problem_of(error: DomainError) -> HttpResponse:
    retry_after = getattr(error, "retry_after", None)
    members = {name: value for name, value in error.details.items() if name != "retry_after"}
    errors: Any = members.pop("errors", None)  # Any: a refusal with several faults lists them as the document does
    if errors is None and error.field:
        errors = [{"field": error.field, "message": str(error.user_message)}]
    return problem(error.code, error.user_message, errors=errors, retry_after=retry_after, **members)
