"""The other side of the payment: what a student's browser, their bank and the provider's console do.

Talks to the payment sandbox over its own sockets, with the vendor's SDK and the keys a browser and an owner have.
"""

import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

from marketplace.sandbox.payments import PaymentSandbox

GOOD, DECLINED, ASKS_THE_BANK = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"
REFUND_WAITS, REFUND_FAILS = "pm_card_pendingRefund", "pm_card_refundFail"


@dataclass
class Provider:
    server: PaymentSandbox

    @property
    def owner(self) -> stripe.StripeClient:
        return self._client(self.server.keys.secret)

    @property
    def browser(self) -> stripe.StripeClient:
        return self._client(self.server.keys.publishable)

    def _client(self, key: str) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.server.url}, max_network_retries=0)

    def pay(self, intent_id: str, card: str = GOOD) -> str:
        """Confirm an intent as its owner may; a declined card raises nothing here. Returns the intent's status."""
        try:
            return self.owner.v1.payment_intents.confirm(intent_id, {"payment_method": card}).status
        except stripe.CardError:
            return "declined"

    def end_bank_step(self, intent_id: str, *, succeeds: bool) -> None:
        self.ask("authenticate", {"payment_intent": intent_id, "outcome": "succeed" if succeeds else "fail"})

    def hurry_banks(self) -> None:
        """What waits for a bank, refunds and payouts, arrives or fails at once."""
        self.ask("banks/hurry", {})

    def change(self, intent_id: str, **values: Any) -> None:  # Any: the vendor's parameters
        self.owner.v1.payment_intents.update(intent_id, values)  # type: ignore[arg-type]

    def status_of(self, intent_id: str) -> str:
        return self.owner.v1.payment_intents.retrieve(intent_id).status

    def intents(self) -> list[stripe.PaymentIntent]:
        return self.owner.v1.payment_intents.list({"limit": 100}).data

    def refunds(self) -> list[stripe.Refund]:
        return self.owner.v1.refunds.list({"limit": 100}).data

    def events(self, kind: str = "") -> list[dict[str, Any]]:  # Any: JSON
        """Everything that happened, oldest first, whether or not a webhook went out."""
        found: list[dict[str, Any]] = self.ask("events")["data"]
        return [event for event in reversed(found) if event["type"].startswith(kind)]

    def fail(self, match: str, *, status: int = 500, **fault: Any) -> None:  # Any: JSON
        self.ask("faults", {"api": {"match": match, "status": status, "times": 1, "after_commit": False, **fault}})

    def webhooks(self, **rules: Any) -> None:  # Any: JSON
        self.ask("faults", {"webhooks": rules})

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:  # Any: JSON
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.server.url}/_sandbox/{path}", data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def signed(body: bytes | str, *, secret: str | None = None, at: float | None = None) -> dict[str, str]:
    """The signature header for a body, as the provider would send it."""
    text = body.decode() if isinstance(body, bytes) else body
    secret = secret or settings.STRIPE_WEBHOOK_SECRETS[0]
    moment = round(time.time() if at is None else at)
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(text, secret, moment)}
