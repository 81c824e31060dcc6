"""What the provider tells us, read narrowly, and the JSON of this app's own routes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from marketplace.common.schemas import In, Out


class Answer(BaseModel):
    """Something the provider sent: only the fields we use, the rest dropped unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Metadata(Answer):
    """What we write on the provider's objects, to find our rows again where an id of theirs was lost on the way."""

    booking: str = ""
    payment: str = ""
    refund: str = ""
    attempt: str = ""


class PaymentMethod(Answer):
    id: str


class AttemptError(Answer):
    """Why the last try to pay came to nothing. ``charge`` is missing where the bank's step failed before the card was
    tried."""

    code: str = ""
    decline_code: str = ""
    charge: str = ""
    payment_method: PaymentMethod | None = None

    @property
    def reason(self) -> str:
        return self.decline_code or self.code


class Intent(Answer):
    """A PaymentIntent: https://docs.stripe.com/api/payment_intents/object. Amounts in minor units."""

    id: str
    status: str
    amount: int
    amount_received: int
    currency: str
    # Lets a browser pay: handed to the student's page, never stored, never logged.
    client_secret: SecretStr | None = None
    metadata: Metadata = Metadata()
    last_payment_error: AttemptError | None = None


class Charge(Answer):
    """One try at a card: https://docs.stripe.com/api/charges/object."""

    id: str
    status: str
    failure_code: str | None = None
    # Filled with the bank's reason where the charge failed.
    outcome: "ChargeOutcome | None" = None
    created: int

    @property
    def reason(self) -> str:
        return (self.outcome and self.outcome.reason) or self.failure_code or ""


class ChargeOutcome(Answer):
    reason: str | None = None


class SentRefund(Answer):
    """A refund as the provider has it: https://docs.stripe.com/api/refunds/object. Amount in minor units."""

    id: str
    status: Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
    amount: int
    payment_intent: str | None = None
    metadata: Metadata = Metadata()

    @field_validator("metadata", mode="before")
    @classmethod
    def _none_is_empty(cls, value: object) -> object:
        return value or {}


class Movement(Answer):
    """A balance transaction: https://docs.stripe.com/api/balance_transactions/object. ``net`` is ``amount − fee``.

    ``source`` is the object that moved the money; of a charge, where the whole of it was asked for, the intent it belongs to.
    """

    id: str
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    created: int
    source: str | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _name(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return (value.get("payment_intent") if value.get("object") == "charge" else None) or value.get("id")


class EvidenceDetails(Answer):
    due_by: int | None = None


class SentDispute(Answer):
    """A dispute as the provider has it: https://docs.stripe.com/api/disputes/object. Amount in minor units.

    What was taken from our balance for it, and given back, stands in ``balance_transactions``.
    """

    id: str
    status: str
    reason: str = ""
    amount: int
    currency: str
    payment_intent: str | None = None
    created: int
    evidence_details: EvidenceDetails = EvidenceDetails()
    balance_transactions: tuple[Movement, ...] = ()


StoredText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]


class Event(Answer):
    """An event from the webhook. ``object_id`` is what it is about; of a charge, the intent that it belongs to."""

    id: StoredText
    type: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]+$")]
    created: Annotated[int, Field(ge=0, le=253_402_300_799)] | None = None
    object_id: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] = ""
    # The connected account that it happened on; empty: our own.
    account: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _object(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        data = value.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        if not isinstance(subject, dict):
            return {**value, "object_id": ""}
        name = "payment_intent" if subject.get("object") == "charge" else "id"
        return {**value, "object_id": subject.get(name) or ""}


class CreateIntentIn(In):
    booking_id: UUID


class CreateIntentOut(Out):
    client_secret: str
    publishable_key: str
    amount_minor: int
    currency: str
