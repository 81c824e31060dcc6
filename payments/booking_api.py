"""``/api/bookings``: hold, look, extend."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.errors import SlotTaken
from bookings.models import Booking, BookingQuerySet, MoveProposal
from marketplace.common.api import Answer, json_route
from marketplace.common.guards import BOOKING_READERS, STUDENT
from marketplace.common.pagination import page_by_time
from marketplace.common.schemas import Money, Page, PageQuery
from payments.booking_schemas import BookingOut, HoldIn, PaymentOut, PersonOut, ProposalOut, RefundOut
from payments.models import Payment, Refund


def shape(booking: Booking, *, at: datetime) -> BookingOut:
    """Shape one booking. Reads its payments and refunds: fetch them along for lists."""
    payments = sorted(booking.payments.all(), key=lambda p: p.created_at)
    refunds = sorted((r for p in payments for r in p.refunds.all()), key=lambda r: r.created_at)
    status = booking.status_at(at)
    return BookingOut(
        id=booking.pk,
        status=status,
        mentor=booking.mentor.handle,
        student=PersonOut(id=booking.student_id, name=booking.student.name),
        minutes=booking.minutes,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        hold_expires_at=booking.hold_expires_at if status == Booking.Status.HELD else None,
        price=Money(amount_minor=booking.price_minor, currency=booking.currency),
        policy=booking.policy,
        cancelled_by=booking.cancelled_by or None,
        payment=PaymentOut(status=_telling(payments).status) if payments else None,
        refund=_refund(refunds) if refunds else None,
        proposal=_proposal(booking, at=at),
    )


def _telling(payments: list[Payment]) -> Payment:
    """The payment that tells how things stand: the accepted one, else the latest."""
    accepted = [p for p in payments if p.is_accepted]
    return (accepted or payments)[-1]


def _refund(refunds: list[Refund]) -> RefundOut:
    total = sum(r.amount_minor for r in refunds if r.status != Refund.Status.FAILED)
    return RefundOut(status=refunds[-1].status, amount=Money(amount_minor=total, currency=refunds[-1].payment.currency))


def _proposal(booking: Booking, *, at: datetime) -> ProposalOut | None:
    waiting = (p for p in booking.proposals.all() if p.status_at(at) == MoveProposal.Status.OPEN)
    length = booking.ends_at - booking.starts_at
    return next(
        (ProposalOut(starts_at=p.starts_at, ends_at=p.starts_at + length, lapses_at=p.lapses_at) for p in waiting), None
    )


def load_booking(request: HttpRequest, booking_id: UUID) -> Booking:
    visible = Booking.objects.visible_to(cast("User", request.user))
    return get_object_or_404(with_money(visible), pk=booking_id)


def with_money(bookings: BookingQuerySet) -> BookingQuerySet:
    return bookings.select_related("mentor", "student").prefetch_related("payments__refunds__payment", "proposals")


def tell_alternatives(refusal: SlotTaken) -> None:
    """Put the nearest free starts into the refusal's document, shaped as slots."""
    refusal.details["alternatives"] = [
        {
            "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
            "ends_at": slot.ends_at.isoformat().replace("+00:00", "Z"),
            "price": {"amount_minor": slot.price_minor, "currency": settings.CURRENCY},
        }
        for slot in refusal.alternatives
    ]


def remake(request: HttpRequest, made_id: str) -> BookingOut:
    """Answer a repeated request from what the first one did, where a crash kept its answer from being stored."""
    return shape(load_booking(request, UUID(made_id)), at=timezone.now())


@json_route(
    who=STUDENT,
    body=HoldIn,
    answers={201: BookingOut},
    limit="HOLD_TRY",
    idempotent=True,
    remake=lambda request, made_id: Answer(remake(request, made_id), status=201),
)
def create_booking(request: HttpRequest, body: HoldIn) -> Answer:
    try:
        booking = services.hold_slot(
            handle=body.mentor, minutes=body.minutes, starts_at=body.starts_at, by=cast("User", request.user)
        )
    except SlotTaken as refusal:
        tell_alternatives(refusal)
        raise
    return Answer(shape(booking, at=timezone.now()), status=201)


@json_route(who=BOOKING_READERS, query=PageQuery, answers={200: Page[BookingOut]})
def list_bookings(request: HttpRequest, query: PageQuery) -> Page[BookingOut]:
    visible = with_money(Booking.objects.visible_to(cast("User", request.user)))
    rows, cursor = page_by_time(visible, field="starts_at", cursor=query.cursor, parse=datetime.fromisoformat)
    now = timezone.now()
    return Page[BookingOut](items=[shape(row, at=now) for row in rows], next_cursor=cursor)


@json_route(who=BOOKING_READERS, load=load_booking, answers={200: BookingOut})
def get_booking(request: HttpRequest, obj: Booking) -> BookingOut:
    return shape(obj, at=timezone.now())


@json_route(who=STUDENT, load=load_booking, answers={200: BookingOut}, idempotent=True)
def extend_booking(request: HttpRequest, obj: Booking) -> BookingOut:
    services.extend_hold(booking_id=obj.pk, by=cast("User", request.user))
    return shape(load_booking(request, obj.pk), at=timezone.now())
