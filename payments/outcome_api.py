"""``POST /api/bookings/{id}/outcome``: how was it? Here and not in bookings, because the answer names payment and refund."""

from typing import Literal, cast

from django.http import HttpRequest
from django.utils import timezone
from pydantic import Field

from accounts.models import User
from bookings import services
from bookings.models import Booking
from marketplace.common.api import Answer, json_route
from marketplace.common.guards import PARTICIPANT
from marketplace.common.schemas import In
from payments.booking_api import load_booking, remake, shape
from payments.booking_schemas import BookingOut


class OutcomeIn(In):
    """``fine`` and ``problem`` are the student's words, ``taught`` and ``student_absent`` the mentor's."""

    outcome: Literal["fine", "problem", "taught", "student_absent"]
    note: str = Field(default="", max_length=2_000)


@json_route(
    who=PARTICIPANT,
    load=load_booking,
    body=OutcomeIn,
    answers={200: BookingOut},
    idempotent=True,
    remake=lambda request, made_id: Answer(remake(request, made_id)),
)
def say_outcome(request: HttpRequest, obj: Booking, body: OutcomeIn) -> BookingOut:
    services.say_outcome(booking_id=obj.pk, by=cast("User", request.user), word=body.outcome, note=body.note)
    return shape(load_booking(request, obj.pk), at=timezone.now())
