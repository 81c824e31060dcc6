"""Bookings as JSON: in upward direction they name their payment and refund, so they stand here and not in bookings."""

from typing import Literal
from uuid import UUID

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
    proposal: None = None


class CancelIn(In):
    reason: str = ""
    expected_refund_minor: int | None = None
