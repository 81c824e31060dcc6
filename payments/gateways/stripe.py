"""Stripe, as far as we use it: one small class over its SDK.

Every call has a timeout, every exception of the SDK becomes one of ours, every answer a narrow model. The only module of
the product that imports ``stripe``.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import stripe
from pydantic import ValidationError

from marketplace.common.logging import get_logger
from payments.errors import (
    AlreadySucceeded,
    AnswerLost,
    BadEvent,
    BadSignature,
    ProviderRefused,
    ProviderUnavailable,
    UnknownObject,
)
from payments.schemas import Charge, Event, Intent, SentRefund

log = get_logger(__name__)

CONNECT_SECONDS, READ_SECONDS = 3, 10
# Of the SDK, for one call: connection faults, 409, 5xx, each again under the same idempotency key. More is up to our jobs.
RETRIES = 1
# Those that settle at once. Wallets (Apple Pay, Google Pay) come with "card".
METHODS: Sequence[str] = ("card", "link")
# A student is stopped long before; a page is more than any intent's tries.
CHARGES_LOOKED_AT = 100


class StripeGateway:
    def __init__(self, *, secret_key: str, api_base: str = "", read_seconds: float = READ_SECONDS) -> None:
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, read_seconds)),
        )

    def create_intent(self, *, payment_id: UUID, booking_id: UUID, amount_minor: int, currency: str) -> Intent:
        """Create the intent of a payment, under the payment's own idempotency key. Amount in minor units.

        Safe to repeat: the same payment gets the same intent (for 24 hours,
        https://docs.stripe.com/api/idempotent_requests). Raises ``ProviderUnavailable``, ``AnswerLost`` or
        ``ProviderRefused``.
        """
        with _ours():
            intent = self._client.v1.payment_intents.create(
                {
                    "amount": amount_minor,
                    "currency": currency,
                    "allowed_payment_method_types": list(METHODS),
                    "metadata": {"booking": str(booking_id), "payment": str(payment_id)},
                    # Ties the charge to the transfer of the mentor's share (separate charges and transfers).
                    "transfer_group": f"booking-{booking_id}",
                },
                {"idempotency_key": f"payment-{payment_id}"},
            )
        return Intent.model_validate(intent.to_dict())

    def retrieve_intent(self, intent_id: str) -> Intent:
        """Read an intent. Raises ``ProviderUnavailable`` or ``UnknownObject``."""
        with _ours():
            return Intent.model_validate(self._client.v1.payment_intents.retrieve(intent_id).to_dict())

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel an intent, so that it can't be paid; return it as it then stands.

        One that is cancelled already is no error, and one that is ``processing`` may be beyond cancelling: look at the
        status. Raises ``AlreadySucceeded``, ``ProviderUnavailable`` or ``UnknownObject``.
        """
        try:
            with _ours():
                canceled = self._client.v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"})
            return Intent.model_validate(canceled.to_dict())
        except ProviderRefused as refusal:
            if refusal.code != "payment_intent_unexpected_state":
                raise
            intent = self.retrieve_intent(intent_id)
            if intent.status == "succeeded":
                raise AlreadySucceeded from refusal
            return intent

    def failed_charges(self, intent_id: str) -> list[Charge]:
        """List the tries at this intent that a bank declined, newest first. Raises ``ProviderUnavailable``."""
        with _ours():
            page = self._client.v1.charges.list({"payment_intent": intent_id, "limit": CHARGES_LOOKED_AT})
        charges = [Charge.model_validate(charge.to_dict()) for charge in page.data]
        return [charge for charge in charges if charge.status == "failed"]

    def refund(self, intent_id: str, amount_minor: int, *, refund_id: UUID, idempotency_key: str) -> SentRefund:
        """Send money back to the card it came from. Amount in minor units, in the currency of the payment.

        Safe to repeat under the same key. Raises ``ProviderUnavailable``, ``AnswerLost`` or ``ProviderRefused``.
        """
        with _ours():
            refund = self._client.v1.refunds.create(
                {"payment_intent": intent_id, "amount": amount_minor, "metadata": {"refund": str(refund_id)}},
                {"idempotency_key": idempotency_key},
            )
        return SentRefund.model_validate(refund.to_dict())

    def retrieve_refund(self, provider_id: str) -> SentRefund:
        """Read a refund. Raises ``ProviderUnavailable`` or ``UnknownObject``."""
        with _ours():
            return SentRefund.model_validate(self._client.v1.refunds.retrieve(provider_id).to_dict())

    def find_refund(self, intent_id: str, *, refund_id: UUID) -> SentRefund | None:
        """Look for the refund that carries our id, where the answer to sending it was lost."""
        with _ours():
            page = self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        refunds = (SentRefund.model_validate(refund.to_dict()) for refund in page.data)
        return next((refund for refund in refunds if refund.metadata.refund == str(refund_id)), None)


def read_event(payload: bytes, signature: str, *, secrets: Sequence[str], tolerance: int) -> Event:
    """Check that the provider signed this body with one of our secrets within ``tolerance`` seconds, and read it.

    The SDK accepts events dated ahead and lets all sorts of exceptions through on hostile input, so both are seen to here
    (https://docs.stripe.com/webhooks#verify-manually). Raises ``BadSignature``, or ``BadEvent`` when what was signed is
    no event.
    """
    if not any(_is_signed(payload, signature, secret, tolerance) for secret in secrets):
        raise BadSignature
    try:
        return Event.model_validate_json(payload)
    except (ValidationError, RecursionError) as exc:
        raise BadEvent from exc


def _is_signed(payload: bytes, signature: str, secret: str, tolerance: int) -> bool:
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, tolerance)
        # Its own reading of the header: the first "t" counts.
        timestamp = int(next(item for item in signature.split(",") if item.startswith("t=")).removeprefix("t="))
    except Exception:  # noqa: BLE001  # whatever a forged header or body makes the SDK raise, it is not signed
        return False
    return timestamp <= time.time() + tolerance


@contextmanager
def _ours() -> Iterator[None]:
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
