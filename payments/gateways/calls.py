"""What every call to the provider shares: patience, and the turning of the SDK's exceptions into ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from marketplace.common.logging import get_logger
from payments.errors import AnswerLost, ProviderRefused, ProviderUnavailable, UnknownObject

log = get_logger(__name__)


@contextmanager
def ours() -> Iterator[None]:
    """Turn the SDK's exceptions into ours: https://docs.stripe.com/error-handling."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as exc:
        raise ProviderUnavailable from exc
    except stripe.AuthenticationError as exc:
        log.error("provider_refused_our_key", status=exc.http_status)  # noqa: TRY400  # a traceback would show the key
        raise ProviderUnavailable from exc
    except stripe.APIError as exc:  # 5xx, and 409 where another request is at the same object or key
        replayed = (exc.headers or {}).get("Idempotent-Replayed") == "true"
        raise (AnswerLost if replayed else ProviderUnavailable) from exc
    except stripe.InvalidRequestError as exc:
        raise (UnknownObject if exc.code == "resource_missing" else ProviderRefused)(exc.code or "invalid") from exc
    except stripe.StripeError as exc:
        raise ProviderRefused(exc.code or type(exc).__name__) from exc
