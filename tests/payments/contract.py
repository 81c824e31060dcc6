"""Who holds a gateway to the contract: the sandbox always, and Stripe itself where a test key is given.

``STRIPE_CONTRACT_KEY=sk_test_… pytest tests/payments -k "test_gateway and stripe" -n0`` runs the same tests there. Those that
need a mentor's account which may receive take it from ``STRIPE_CONTRACT_ACCOUNT=acct_…`` (Express, onboarded by hand in test
mode, of the platform's own country and currency): nobody but a person can fill in Stripe's form.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import stripe
from django.utils import timezone

from payments.connect_schemas import ConnectedAccount, SentTransfer
from payments.gateways import StripeGateway
from payments.schemas import Intent, SentRefund
from tests.payments.provider import DECLINED, GOOD, Provider

REAL_KEY = os.environ.get("STRIPE_CONTRACT_KEY", "")
REAL_ACCOUNT = os.environ.get("STRIPE_CONTRACT_ACCOUNT", "")
PATIENCE_SECONDS = 60


@dataclass
class Side:
    """One provider to hold to the contract: our gateway to it, and its owner's own client."""

    gateway: StripeGateway
    owner: stripe.StripeClient
    # What only a stand-in lets one press; None at Stripe itself.
    sandbox: Provider | None = None

    # Money in

    def intent(self, **changes: object) -> Intent:
        details: dict[str, object] = {
            "payment_id": uuid4(),
            "booking_id": uuid4(),
            "amount_minor": 3_300,
            "currency": "usd",
        }
        return self.gateway.create_intent(**(details | changes))  # type: ignore[arg-type]

    def pay(self, intent: Intent, card: str = GOOD) -> None:
        try:
            self.owner.v1.payment_intents.confirm(intent.id, {"payment_method": card})
        except stripe.CardError:
            assert card == DECLINED

    def paid(self, card: str = GOOD, **changes: object) -> Intent:
        intent = self.intent(**changes)
        self.pay(intent, card)
        return intent

    def refund(self, intent: Intent, amount_minor: int, refund_id: UUID | None = None) -> SentRefund:
        refund_id = refund_id or uuid4()
        key = f"refund-{refund_id}"
        return self.gateway.refund(intent.id, amount_minor, refund_id=refund_id, idempotency_key=key)

    # Mentors' accounts

    def account(self, mentor_id: UUID | None = None) -> ConnectedAccount:
        """A fresh account, its form not filled in."""
        mentor_id = mentor_id or uuid4()
        return self.gateway.connect.create_account(
            mentor_id=mentor_id,
            email="mentor@example.org",
            country="US",
            idempotency_key=f"account-{mentor_id}",
        )

    def ready_account(self) -> str:
        """The id of an account that may receive."""
        if self.sandbox is None:
            if not REAL_ACCOUNT:
                pytest.skip("STRIPE_CONTRACT_ACCOUNT names no onboarded account")
            return REAL_ACCOUNT
        account_id = self.account().id
        self.sandbox.ask(f"accounts/{account_id}/onboard", {})
        return account_id

    def transfer(self, intent: Intent, account_id: str, amount_minor: int = 2_805, **changes: object) -> SentTransfer:
        transfer_id = uuid4()
        details: dict[str, object] = {
            "transfer_id": transfer_id,
            "amount_minor": amount_minor,
            "currency": "usd",
            "account_id": account_id,
            "charge_id": self.gateway.connect.charge_of(intent.id),
            "group": f"booking-{intent.metadata.booking}",
            "idempotency_key": f"transfer-{changes.get('transfer_id', transfer_id)}",
        }
        return self.gateway.connect.transfer(**(details | changes))  # type: ignore[arg-type]


def a_while_ago() -> datetime:
    """Before anything that a test does, though the provider's clock be behind ours."""
    return timezone.now() - timedelta(minutes=1)


def eventually[T](look: Callable[[], T]) -> T:
    """Look until there is something: banks, disputes and lists take their time at Stripe."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.2)
    return found
