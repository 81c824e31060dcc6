"""Stripe, as far as we use it: one small class over its SDK.

Every call has a timeout, every exception of the SDK becomes one of ours, every answer a narrow model. Nothing beside the
modules of this package imports ``stripe``.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import stripe
from pydantic import ValidationError

from payments.errors import AlreadySucceeded, BadEvent, BadSignature, ProviderRefused
from payments.gateways.calls import ours
from payments.gateways.connect import ConnectGateway
from payments.schemas import Charge, Event, Intent, Movement, SentDispute, SentRefund

CONNECT_SECONDS, READ_SECONDS = 3, 10
# Of the SDK, for one call: connection faults, 409, 5xx, each again under the same idempotency key. More is up to our jobs.
RETRIES = 1
# Those that settle at once. Wallets (Apple Pay, Google Pay) come with "card".
METHODS: Sequence[str] = ("card", "link")
# A student is stopped long before; a page is more than any intent's tries.
CHARGES_LOOKED_AT = 100
# Of a list, at once: as many as the provider gives.
PAGE = 100


class StripeGateway:
    def __init__(self, *, secret_key: str, api_base: str = "", read_seconds: float = READ_SECONDS) -> None:
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, read_seconds)),
        )
        # The same provider's other half: mentors' accounts.
        self.connect = ConnectGateway(self._client)

    def create_intent(self, *, payment_id: UUID, booking_id: UUID, amount_minor: int, currency: str) -> Intent:
        """Create the intent of a payment, under the payment's own idempotency key. Amount in minor units.

        Safe to repeat: the same payment gets the same intent (for 24 hours,
        https://docs.stripe.com/api/idempotent_requests). Raises ``ProviderUnavailable``, ``AnswerLost`` or
        ``ProviderRefused``.
        """
        with ours():
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
        with ours():
            return Intent.model_validate(self._client.v1.payment_intents.retrieve(intent_id).to_dict())

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel an intent, so that it can't be paid; return it as it then stands.

        One that is cancelled already is no error, and one that is ``processing`` may be beyond cancelling: look at the
        status. Raises ``AlreadySucceeded``, ``ProviderUnavailable`` or ``UnknownObject``.
        """
        try:
            with ours():
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
        with ours():
            page = self._client.v1.charges.list({"payment_intent": intent_id, "limit": CHARGES_LOOKED_AT})
        charges = [Charge.model_validate(charge.to_dict()) for charge in page.data]
        return [charge for charge in charges if charge.status == "failed"]

    def refund(
        self, intent_id: str, amount_minor: int, *, refund_id: UUID, idempotency_key: str, attempt: int = 1
    ) -> SentRefund:
        """Send money back to the card it came from. Amount in minor units, in the currency of the payment.

        Safe to repeat under the same key. Raises ``ProviderUnavailable``, ``AnswerLost`` or ``ProviderRefused``.
        """
        with ours():
            refund = self._client.v1.refunds.create(
                {
                    "payment_intent": intent_id,
                    "amount": amount_minor,
                    "metadata": {"refund": str(refund_id), "attempt": str(attempt)},
                },
                {"idempotency_key": idempotency_key},
            )
        return SentRefund.model_validate(refund.to_dict())

    def retrieve_refund(self, provider_id: str) -> SentRefund:
        """Read a refund. Raises ``ProviderUnavailable`` or ``UnknownObject``."""
        with ours():
            return SentRefund.model_validate(self._client.v1.refunds.retrieve(provider_id).to_dict())

    def refunds_of(self, intent_id: str) -> list[SentRefund]:
        """List what went back of an intent, newest first, whoever sent it. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.refunds.list({"payment_intent": intent_id, "limit": PAGE})
            return [SentRefund.model_validate(refund.to_dict()) for refund in page.auto_paging_iter()]

    def find_refund(self, intent_id: str, *, refund_id: UUID) -> SentRefund | None:
        """Look for the refund that carries our id, where the answer to sending it was lost.

        One that came back is not it: who sends a returned refund again means another.
        """
        ours = (refund for refund in self.refunds_of(intent_id) if refund.metadata.refund == str(refund_id))
        return next((refund for refund in ours if refund.status not in {"failed", "canceled"}), None)

    def refunds_since(self, since: datetime) -> list[SentRefund]:
        """List every refund made since then, in the provider's console too. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.refunds.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            return [SentRefund.model_validate(refund.to_dict()) for refund in page.auto_paging_iter()]

    def retrieve_dispute(self, provider_id: str) -> SentDispute:
        """Read a dispute with the money it moved. Raises ``ProviderUnavailable`` or ``UnknownObject``."""
        with ours():
            return SentDispute.model_validate(self._client.v1.disputes.retrieve(provider_id).to_dict())

    def disputes_since(self, since: datetime) -> list[SentDispute]:
        """List every dispute opened since then. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.disputes.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            return [SentDispute.model_validate(dispute.to_dict()) for dispute in page.auto_paging_iter()]

    def intents_since(self, since: datetime) -> list[Intent]:
        """List every intent made since then. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.payment_intents.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            return [Intent.model_validate(intent.to_dict()) for intent in page.auto_paging_iter()]

    def events_between(self, since: datetime, until: datetime) -> list[Event]:
        """List what the provider had to tell in that time, newest first, whether or not a webhook brought it.

        It keeps them for 30 days (https://docs.stripe.com/api/events). Raises ``ProviderUnavailable``.
        """
        with ours():
            page = self._client.v1.events.list(
                {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())}, "limit": PAGE}
            )
            return [Event.model_validate(event.to_dict()) for event in page.auto_paging_iter()]

    def read_movement(self, intent_id: str) -> Movement | None:
        """Read what an intent's charge brought our balance, and the fee kept of it, in minor units.

        None while the provider has not booked it yet
        (https://docs.stripe.com/payments/payment-intents/asynchronous-capture).
        Raises ``ProviderUnavailable`` or ``UnknownObject``.
        """
        expand = "latest_charge.balance_transaction"
        with ours():
            intent = self._client.v1.payment_intents.retrieve(intent_id, {"expand": [expand]}).to_dict()
        booked = (intent.get("latest_charge") or {}).get("balance_transaction")
        return Movement.model_validate(booked) if booked else None

    def movements_since(self, since: datetime) -> list[Movement]:
        """List what moved our balance since then, newest first. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.balance_transactions.list(
                {"created": {"gte": int(since.timestamp())}, "limit": PAGE, "expand": ["data.source"]}
            )
            return [Movement.model_validate(movement.to_dict()) for movement in page.auto_paging_iter()]

    def movements_of(self, object_id: str) -> list[Movement]:
        """List everything that one object (of an intent: its charge) moved. Raises ``ProviderUnavailable``."""
        with ours():
            source = object_id
            if object_id.startswith("pi_"):
                source = self._client.v1.payment_intents.retrieve(object_id).to_dict().get("latest_charge") or object_id
            page = self._client.v1.balance_transactions.list({"source": source, "limit": PAGE})
            return [Movement.model_validate(movement.to_dict()) for movement in page.auto_paging_iter()]


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
