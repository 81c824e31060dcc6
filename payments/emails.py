"""Mails about money. Each goes out if, and only if, the transaction that caused it commits."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from bookings.models import Booking
from bookings.queries.slots import alternatives_to
from marketplace.common.mailing import send
from mentors.models import Package
from payments.models import Dispute, Earning, Payment, Payout, Receipt, Refund
from payments.words import decline_sentence, payout_failure


def send_payment_failed(*, payment: Payment, booking: Booking, wait_seconds: int) -> None:
    """Tell the student that the session is not booked yet; where too many cards were declined, how long to wait."""
    send(
        "payment_failed",
        to=booking.student,
        context={"booking": booking, "wait_seconds": wait_seconds, "reason": decline_sentence(payment.last_decline)},
    )


def send_slot_gone(*, payment_id: UUID) -> None:
    """Say sorry, once: the money came too late and goes back in full. Offers the three nearest starts. Safe to repeat."""
    payment = Payment.objects.select_related("booking__mentor__user", "booking__student").get(pk=payment_id)
    booking = payment.booking
    package = Package.objects.select_related("mentor").filter(mentor=booking.mentor, minutes=booking.minutes).first()
    context = {
        "booking": booking,
        "payment": payment,
        "was_let_go": payment.rejection == Refund.Reason.HOLD_LET_GO,
        "alternatives": alternatives_to(package, booking.starts_at, student=booking.student) if package else [],
    }
    with transaction.atomic():  # nobody else's: this is a job of its own
        send("slot_gone_refunded", to=booking.student, context=context, once=str(payment.pk))


def send_refund_sent(*, refund: Refund, is_again: bool) -> None:
    """Tell the student that their money is on its way to the card it came from; ``is_again``: their bank had returned it."""
    booking = refund.payment.booking
    send("refund_sent", to=booking.student, context={"booking": booking, "refund": refund, "is_again": is_again})


def send_receipt(*, number: str) -> None:
    """Send the student the receipt of what they have just paid, once. Safe to repeat."""
    receipt = Receipt.objects.select_related("payment__booking__student", "payment__booking__mentor__user").get(
        pk=number
    )
    booking = receipt.payment.booking
    with transaction.atomic():  # as above
        send("receipt", to=booking.student, context={"receipt": receipt, "booking": booking}, once=receipt.pk)


def send_dispute_opened(*, dispute: Dispute, booking: Booking) -> None:
    """Tell finance and the mentor that a bank asks about a payment, or has taken it back; the mentor that their share waits."""
    for reader in _concerned(booking):
        who = {"is_mentor": reader.pk == booking.mentor_id, "is_inquiry": dispute.status == Dispute.Status.INQUIRY}
        send("dispute_opened", to=reader, context={"dispute": dispute, "booking": booking, **who})


def send_dispute_closed(*, dispute: Dispute, booking: Booking) -> None:
    """Tell finance and the mentor what the bank has decided; the mentor that their share goes on either way."""
    for reader in _concerned(booking):
        who = {"is_mentor": reader.pk == booking.mentor_id, "is_won": dispute.status == Dispute.Status.WON}
        send("dispute_closed", to=reader, context={"dispute": dispute, "booking": booking, **who})


def _concerned(booking: Booking) -> tuple[User, ...]:
    """Whom a dispute concerns: finance, and the mentor."""
    finance = User.objects.filter(is_staff=True, is_active=True, groups__name="finance").order_by("pk")
    return (*finance, booking.mentor.user)


def send_payouts_needed(*, earning: Earning, has_account: bool) -> None:
    """Tell a mentor, once, that what they earned waits: payouts are not set up, or the provider wants to know more."""
    send(
        "payouts_needed",
        to=earning.mentor.user,
        context={"earning": earning, "booking": earning.booking, "has_account": has_account},
    )


def send_payout_sent(*, payout: Payout) -> None:
    send("payout_sent", to=payout.mentor.user, context={"payout": payout})


def send_payout_failed(*, payout: Payout) -> None:
    """Tell a mentor that their bank sent the money back. It is safe, and goes out again once the bank details are right."""
    send("payout_failed", to=payout.mentor.user, context={"payout": payout, "reason": payout_failure(payout.failure)})
