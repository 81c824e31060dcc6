"""What the provider tells us of mentors' accounts (Stripe Connect), read narrowly. Amounts in minor units."""

from typing import Literal

from pydantic import Field, field_validator

from payments.schemas import Answer


class Marks(Answer):
    """What we write on the provider's objects, to find our rows again where an answer was lost on the way."""

    mentor: str = ""
    transfer: str = ""
    reversal: str = ""


class Marked(Answer):
    metadata: Marks = Marks()

    @field_validator("metadata", mode="before")
    @classmethod
    def _none_is_empty(cls, value: object) -> object:
        return value or {}


class Requirements(Answer):
    """What the provider still wants to know: https://docs.stripe.com/connect/handling-api-verification."""

    currently_due: tuple[str, ...] = ()
    past_due: tuple[str, ...] = ()
    pending_verification: tuple[str, ...] = ()
    disabled_reason: str | None = None


class ConnectedAccount(Marked):
    """A mentor's account: https://docs.stripe.com/api/accounts/object."""

    id: str
    country: str | None = None
    details_submitted: bool = False
    payouts_enabled: bool = False
    # By name; "active" is the one state in which it works.
    capabilities: dict[str, str] = Field(default_factory=dict)
    requirements: Requirements = Requirements()

    @field_validator("requirements", mode="before")
    @classmethod
    def _nothing_is_required(cls, value: object) -> object:
        return value or {}

    @property
    def may_receive(self) -> bool:
        return self.capabilities.get("transfers") == "active"

    @property
    def missing(self) -> list[str]:
        """The names of what its holder has to give, each once; what is being checked is not theirs to give."""
        wanted = (*self.requirements.past_due, *self.requirements.currently_due)
        return [name for name in dict.fromkeys(wanted) if name not in self.requirements.pending_verification]


class SentTransfer(Marked):
    """Money moved to a mentor's account: https://docs.stripe.com/api/transfers/object."""

    id: str
    amount: int
    amount_reversed: int = 0
    currency: str
    destination: str
    # What it became on the mentor's account.
    destination_payment: str | None = None


class SentReversal(Marked):
    """Money pulled back from a mentor's account: https://docs.stripe.com/api/transfer_reversals/object."""

    id: str
    amount: int
    transfer: str


class BankPayout(Answer):
    """Money on its way from a mentor's account to their bank: https://docs.stripe.com/api/payouts/object."""

    id: str
    status: Literal["pending", "in_transit", "paid", "failed", "canceled"]
    amount: int
    currency: str
    created: int
    arrival_date: int | None = None
    failure_code: str | None = None


class PaidOut(Answer):
    """One movement that a payout is made of; ``source`` is what moved: a payment, a refund of one, an earlier payout."""

    id: str
    type: str
    source: str | None = None
