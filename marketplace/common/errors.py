"""Why something was refused, in words for people and codes for programs.

``CODES`` is the closed list of contract.md: what an outside program may meet, with its status.
"""

from collections.abc import Mapping

import psycopg
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.common.formatting import duration

CODES: Mapping[str, int] = {
    "malformed": 400,
    "bad_signature": 400,
    "not_authenticated": 401,
    "bad_credentials": 401,
    "email_unverified": 401,
    "mfa_required": 401,
    "forbidden": 403,
    "csrf_failed": 403,
    "reauth_required": 403,
    "suspended": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "slot_taken": 409,
    "student_busy": 409,
    "hold_limit": 409,
    "hold_expired": 409,
    "already_extended": 409,
    "already_paid": 409,
    "refund_changed": 409,
    "wrong_state": 409,
    "stale_version": 409,
    "not_uploaded": 409,
    "in_flight": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid": 422,
    "unknown_field": 422,
    "not_bookable": 422,
    "too_late": 422,
    "above_limit": 422,
    "rejected_content": 422,
    "bad_code": 422,
    "idempotency_mismatch": 422,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}


class DomainError(Exception):
    """A request that was understood and refused by a rule. Each app derives its own, named for what is wrong.

    ``user_message`` says what happened and what to do next; ``field`` names the form field it belongs to, if any.
    Expected, so never reported to the error tracker.
    """

    code: str = "invalid"
    user_message: str | Promise = _("Check what you entered and try again.")
    field: str | None = None

    def __init__(
        self, user_message: str | Promise | None = None, *, field: str | None = None, **details: object
    ) -> None:
        if user_message is not None:
            self.user_message = user_message
        if field is not None:
            self.field = field
        # Members that the problem document carries beside the standard ones ("alternatives").
        self.details = details
        super().__init__(self.code)

    @property
    def status(self) -> int:
        return CODES[self.code]


class RateLimited(DomainError):
    """Too much of something; ``retry_after`` in seconds, also said in words."""

    code = "rate_limited"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = max(1, retry_after)
        self.user_message = gettext("That was a lot at once. Try again in %(wait)s.") % {
            "wait": duration(self.retry_after)
        }


class Unavailable(DomainError):
    """A part we depend on does not answer; asking again later is right."""

    code = "unavailable"
    user_message = _("Something we depend on does not answer right now. Try again in a moment.")
    retry_after = 5


class NotFound(DomainError):
    code = "not_found"
    user_message = _("There is nothing here, or it is not yours to see.")


class AccessDenied(PermissionDenied):
    """Signed in, and still not allowed. ``code`` tells which guard refused."""

    code = "forbidden"
    user_message: str | Promise = _("This page is not open to your account.")

    def __init__(self, user_message: str | Promise | None = None) -> None:
        if user_message is not None:
            self.user_message = user_message
        super().__init__(self.code)


class SecondFactorRequired(AccessDenied):
    user_message = _("Set up a second factor first. Every admin needs one.")


class FreshSignInRequired(AccessDenied):
    code = "reauth_required"
    user_message = _("Confirm that it is you: this needs a sign-in from the last few minutes.")


class Suspended(AccessDenied):
    code = "suspended"
    user_message = _("Your account is suspended. You can read, but not change anything.")


def violated_constraint(error: IntegrityError) -> str:
    """Name the constraint (or trigger) that refused a write, or ``""``."""
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""
