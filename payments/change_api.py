"""``/api/bookings/{id}``: cancel, move, and answer a suggested move. The booking's JSON is that of ``booking_api``."""

from dataclasses import replace
from typing import cast

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.errors import SlotTaken
from bookings.models import Booking
from bookings.policies import acting_side
from bookings.queries.changes import refund_preview
from marketplace.common.api import Answer, json_route
from marketplace.common.guards import CANCELLERS, PARTICIPANT, STUDENT
from marketplace.common.schemas import Money
from payments.booking_api import load_booking, remake, shape, tell_alternatives
from payments.booking_schemas import AnswerIn, BookingOut, CancelIn, MoveIn, RefundPreviewOut


def _again(request: HttpRequest, made_id: str) -> Answer:
    return Answer(remake(request, made_id))


def _answer(request: HttpRequest, booking: Booking) -> BookingOut:
    return shape(load_booking(request, booking.pk), at=timezone.now())


@json_route(who=replace(CANCELLERS, fresh_staff=False), load=load_booking, answers={200: RefundPreviewOut})
def preview_refund(request: HttpRequest, obj: Booking) -> RefundPreviewOut:
    """What would come back. 409 ``wrong_state`` and 422 ``too_late`` as for the cancelling itself."""
    now = timezone.now()
    services.check_cancellable(obj, at=now)
    preview = refund_preview(obj, side=acting_side(cast("User", request.user), obj), at=now)
    return RefundPreviewOut(
        refund=Money(amount_minor=preview.refund_minor, currency=obj.currency),
        percent=preview.percent,
        next_change_at=preview.next_change_at,
    )


@json_route(who=CANCELLERS, load=load_booking, body=CancelIn, answers={200: BookingOut}, idempotent=True, remake=_again)
def cancel_booking(request: HttpRequest, obj: Booking, body: CancelIn) -> BookingOut:
    """Cancel a session, or let a hold go. Mentors and support say why."""
    user = cast("User", request.user)
    booking = services.cancel_booking(
        booking_id=obj.pk,
        by=user,
        side=acting_side(user, obj),
        reason=body.reason,
        expected_refund_minor=body.expected_refund_minor,
    )
    return _answer(request, booking)


@json_route(
    who=PARTICIPANT,
    load=load_booking,
    body=MoveIn,
    answers={200: BookingOut},
    limit="HOLD_TRY",
    idempotent=True,
    remake=_again,
)
def move_booking(request: HttpRequest, obj: Booking, body: MoveIn) -> BookingOut:
    """Move a session (student), or suggest another time (mentor)."""
    user = cast("User", request.user)
    move = services.move_booking if user.pk == obj.student_id else services.propose_move
    try:
        booking = move(booking_id=obj.pk, starts_at=body.starts_at, by=user)
    except SlotTaken as refusal:
        tell_alternatives(refusal)
        raise
    return _answer(request, booking)


@json_route(who=STUDENT, load=load_booking, body=AnswerIn, answers={200: BookingOut}, idempotent=True, remake=_again)
def accept_proposal(request: HttpRequest, obj: Booking, body: AnswerIn) -> BookingOut:
    """Take the time that the mentor suggests; only now it is claimed."""
    try:
        booking = services.accept_proposal(booking_id=obj.pk, by=cast("User", request.user), starts_at=body.starts_at)
    except SlotTaken as refusal:
        tell_alternatives(refusal)
        raise
    return _answer(request, booking)


@json_route(who=STUDENT, load=load_booking, body=AnswerIn, answers={200: BookingOut}, idempotent=True, remake=_again)
def decline_proposal(request: HttpRequest, obj: Booking, body: AnswerIn) -> BookingOut:
    """Keep the session where it is."""
    booking = services.decline_proposal(booking_id=obj.pk, by=cast("User", request.user), starts_at=body.starts_at)
    return _answer(request, booking)
