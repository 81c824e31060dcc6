"""Refusals, in the shape that Stripe gives them: https://docs.stripe.com/api/errors."""

from .objects import Json


class ApiError(Exception):
    """A refusal that becomes the answer.

    ``keeps`` says that what was written before it stands, as with a declined card, which leaves a
    failed charge behind. Otherwise the transaction is undone.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps: bool = False,
        **details: Json,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps = keeps
        self.body: dict[str, Json] = {"message": message, "type": kind}
        if code:
            self.body["code"] = code
            self.body["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            self.body["param"] = param
        self.body.update(details)


def invalid(message: str, *, param: str | None = None, code: str | None = None, **details: Json) -> ApiError:
    return ApiError(400, message, param=param, code=code, **details)


def missing(what: str, given: str, *, param: str = "id") -> ApiError:
    """Say that an object isn't there; ``what`` is Stripe's word for it, ``payment_intent``."""
    return ApiError(404, f"No such {what}: '{given}'", code="resource_missing", param=param)


def unexpected_state(message: str, **details: Json) -> ApiError:
    return ApiError(400, message, code="payment_intent_unexpected_state", **details)
