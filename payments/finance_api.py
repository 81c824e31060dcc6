"""``/api/admin/refunds``: finance sends money back."""

from typing import Annotated, cast
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field

from accounts.models import User
from bookings.models import Booking
from marketplace.common.api import Answer, json_route
from marketplace.common.guards import FINANCE, freshly
from marketplace.common.schemas import In, Money, Out
from payments import desk, services
from payments.models import Refund, RefundRequest


class RefundIn(In):
    booking_id: UUID
    amount_minor: Annotated[int, Field(gt=0, le=2_147_483_647)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class RefundDecisionOut(Out):
    """``status`` is that of the refund, or ``waiting`` while a second person has yet to agree."""

    id: UUID
    booking_id: UUID
    status: str
    amount: Money


def _answer(decision: Refund | RefundRequest) -> Answer:
    payment = decision.payment
    body = RefundDecisionOut(
        id=decision.pk,
        booking_id=payment.booking_id,
        status=decision.status,
        amount=Money(amount_minor=decision.amount_minor, currency=payment.currency),
    )
    return Answer(body, status=201 if isinstance(decision, Refund) else 202)


def _again(request: HttpRequest, made_id: str) -> Answer:
    refund = desk.refunds().filter(pk=made_id).first()
    return _answer(refund or get_object_or_404(desk.requests(), pk=made_id))


@json_route(
    who=freshly(FINANCE),
    body=RefundIn,
    answers={201: RefundDecisionOut, 202: RefundDecisionOut},
    idempotent=True,
    remake=_again,
)
def create_refund(request: HttpRequest, body: RefundIn) -> Answer:
    """Send money of a booking back; 202 where a second person of finance must agree."""
    user = cast("User", request.user)
    if not Booking.objects.visible_to(user).filter(pk=body.booking_id).exists():
        raise Http404
    return _answer(
        services.decide_refund(booking_id=body.booking_id, amount_minor=body.amount_minor, reason=body.reason, by=user)
    )
