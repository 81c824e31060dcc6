"""Mails about money. Each goes out if, and only if, the transaction that caused it commits."""

from uuid import UUID

from bookings.models import Booking
from bookings.queries.slots import alternatives_to
from marketplace.common.mailing import send
from mentors.models import Package
from payments.models import Payment, Refund
from payments.words import decline_sentence


def send_payment_failed(*, payment: Payment, booking: Booking, wait_seconds: int) -> None:
    """Tell the student that the session is not booked yet; where too many cards were declined, how long to wait."""
    send(
        "payment_failed",
        to=booking.student,
        context={"booking": booking, "wait_seconds": wait_seconds, "reason": decline_sentence(payment.last_decline)},
    )


def send_slot_gone(*, payment_id: UUID) -> None:
    """Say sorry, once: the money came too late and goes back in full. Offers the three nearest starts."""
    payment = Payment.objects.select_related("booking__mentor__user", "booking__student").get(pk=payment_id)
    booking = payment.booking
    package = Package.objects.select_related("mentor").filter(mentor=booking.mentor, minutes=booking.minutes).first()
    send(
        "slot_gone_refunded",
        to=booking.student,
        context={
            "booking": booking,
            "payment": payment,
            "was_let_go": payment.rejection == Refund.Reason.HOLD_LET_GO,
            "alternatives": alternatives_to(package, booking.starts_at, student=booking.student) if package else [],
        },
    )


def send_refund_sent(*, refund: Refund) -> None:
    """Tell the student that their money is on its way to the card it came from."""
    booking = refund.payment.booking
    send("refund_sent", to=booking.student, context={"booking": booking, "refund": refund})
