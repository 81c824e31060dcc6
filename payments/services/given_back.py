"""What follows from money that went back for another reason than the booking's own way: finance, or the provider."""

from datetime import datetime

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Booking
from bookings.services import cancel_booking
from payments.models import Earning, Payment, RefundRequest
from payments.queries import given_back
from payments.services.earnings import restate


def left_to_refund(payment: Payment, *, besides: RefundRequest | None = None) -> int:
    """Say how much of an accepted payment can still be decided about, in minor units.

    Not what went back or will (a refund that failed is still owed), what waits for a second person (``besides``: other than this), nor what a bank took back in
    a dispute, but for the refunds that a lost one stands for: these went back.
    """
    waiting = payment.refund_requests.filter(status=RefundRequest.Status.WAITING)
    if besides is not None:
        waiting = waiting.exclude(pk=besides.pk)
    asked = waiting.aggregate(sum=Sum("amount_minor", default=0))["sum"]
    taken = sum(
        dispute.amount_minor
        - payment.refunds.covered_by(dispute.pk).aggregate(sum=Sum("amount_minor", default=0))["sum"]
        for dispute in payment.disputes.filter(is_withdrawn=True)
    )
    return max(0, payment.amount_minor - given_back(payment.booking) - int(asked) - int(taken))


def follow_refund(*, payment: Payment, booking: Booking, by: User | None, at: datetime) -> None:
    """State the mentor's share anew. A coming session whose whole price went back is cancelled: nobody teaches for nothing.

    People, booking and payment are locked.
    """
    is_coming = booking.status == Booking.Status.CONFIRMED and at < booking.starts_at
    if is_coming and given_back(payment.booking) >= payment.amount_minor:
        cancel_booking(
            booking_id=booking.pk, by=by, side=Booking.Side.ADMIN, reason=_("The whole price was sent back.")
        )
        return
    earning = Earning.objects.select_for_update(no_key=True, of=("self",)).select_related("mentor").get(booking=booking)
    earning.payment, earning.booking = payment, booking
    restate(earning, at=at)
