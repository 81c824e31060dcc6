"""Bookings as JSON: in upward direction they name their payment and refund, so they stand here and not in bookings."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.common.schemas import In, Moment, Money, Out


class HoldIn(In):
    mentor: str
    minutes: Literal[15, 45, 90]
    starts_at: Moment


class PersonOut(Out):
    id: UUID
    name: str


class PaymentOut(Out):
    status: str


class RefundOut(Out):
    status: str
    amount: Money


class ProposalOut(Out):
    """A time that the mentor suggests; its student answers until ``lapses_at``."""

    starts_at: Moment
    ends_at: Moment
    lapses_at: Moment


class BookingOut(Out):
    id: UUID
    status: str
    mentor: str
    student: PersonOut
    minutes: int
    starts_at: Moment
    ends_at: Moment
    hold_expires_at: Moment | None
    price: Money
    policy: str
    cancelled_by: str | None
    payment: PaymentOut | None
    refund: RefundOut | None
    proposal: ProposalOut | None


class CancelIn(In):
    """``expected_refund_minor`` is the sum that was shown; absent: cancel whatever comes back."""

    reason: Annotated[str, Field(max_length=500)] = ""
    expected_refund_minor: int | None = None


class RefundPreviewOut(Out):
    """What cancelling now gives back; ``next_change_at`` is the last moment at which it is that much."""

    refund: Money
    percent: int
    next_change_at: Moment | None


class MoveIn(In):
    starts_at: Moment


class AnswerIn(In):
    """``starts_at`` names the suggestion that is answered: should there be another by now, nothing happens."""

    starts_at: Moment | None = None
