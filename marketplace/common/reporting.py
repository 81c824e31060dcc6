"""The error tracker: unexpected errors only, and nothing personal in them."""

from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.types import Event, Hint

from marketplace.common.errors import AccessDenied, DomainError
from marketplace.common.logging import mask

# What a rule refused is an answer, not an error.
EXPECTED = (DomainError, AccessDenied)
# Parts of an event that may quote what somebody typed or who they are.
DROPPED_REQUEST_PARTS = ("data", "cookies", "env")


def start_reporting(dsn: str, *, environment: str) -> None:
    """Send unexpected errors to the tracker behind ``dsn``, scrubbed."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        integrations=[DjangoIntegration(transaction_style="url")],
        send_default_pii=False,
        include_local_variables=False,  # locals hold names, messages and card answers
        max_request_body_size="never",
        traces_sample_rate=0.0,
        before_send=scrub,
        before_breadcrumb=lambda crumb, _hint: cast("dict[str, Any]", mask(crumb)),
    )


def scrub(event: Event, hint: Hint) -> Event | None:
    """Drop what was expected, and mask addresses, tokens and signed links in the rest. The user stays an id."""
    exc_info = hint.get("exc_info")
    if exc_info and isinstance(exc_info[1], EXPECTED):
        return None
    request = event.get("request")
    if request:
        for part in DROPPED_REQUEST_PARTS:
            request.pop(part, None)
        headers = cast("dict[str, str]", request.get("headers", {}))
        request["headers"] = {name: headers[name] for name in ("User-Agent", "X-Request-Id") if name in headers}
    user = event.get("user")
    if user:
        event["user"] = {"id": user["id"]} if user.get("id") else {}
    return cast("Event", mask(event))
