"""What the student's pay and return pages ask for."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pydantic import SecretStr

from bookings.errors import HoldExpired
from bookings.models import Booking
from bookings.services import lock_with_people
from marketplace.common.errors import RateLimited
from payments.errors import AlreadyPaid, AnswerLost, ProviderUnavailable
from payments.gateways import StripeGateway
from payments.jobs import defer
from payments.models import Payment
from payments.queries import seconds_until_next_try
from payments.services.intents import obtain_intent, record
from payments.services.settlement import settle_payment

# A payment may turn out to be over at the provider before its webhook came: then once more, with a new one.
ROUNDS = 3


@dataclass(frozen=True)
class StartedPayment:
    """What a browser needs to pay. The secret is read from the provider each time and kept nowhere."""

    payment: Payment
    client_secret: SecretStr


def create_intent(*, booking_id: UUID, gateway: StripeGateway) -> StartedPayment:
    """Open the payment of a held booking; asked again, return the same one.

    The row is committed first, the provider is called outside any transaction, its id is stored after. A crash between any
    two of these is healed by the next call.
    Raises ``HoldExpired``, ``AlreadyPaid``, ``RateLimited`` (too many declined cards) or ``ProviderUnavailable``.
    """
    for _round in range(ROUNDS):
        payment = _open_payment(booking_id)
        try:
            intent = obtain_intent(payment=payment, gateway=gateway)
        except AnswerLost:
            continue  # that payment is failed now, its key used up
        if intent.status in {"succeeded", "canceled"}:
            settle_payment(payment_id=payment.pk, gateway=gateway)
            continue
        if intent.client_secret is None:
            break
        payment.refresh_from_db()
        if payment.cancel_requested_at is not None:  # the hold was freed while we called
            raise HoldExpired
        return StartedPayment(payment, intent.client_secret)
    raise ProviderUnavailable


def _open_payment(booking_id: UUID) -> Payment:
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        status = booking.status_at(now)
        if status in {Booking.Status.EXPIRED, Booking.Status.ABANDONED}:
            raise HoldExpired
        if status != Booking.Status.HELD:
            raise AlreadyPaid
        if payment := booking.payments.open().first():
            return payment
        if wait := seconds_until_next_try(booking.student_id, at=now):
            raise RateLimited(retry_after=wait)
        payment = Payment.objects.create(
            booking=booking, amount_minor=booking.price_minor, currency=booking.currency, created_at=now
        )
        record(payment.pk, "created", at=now)
        return payment


def request_reading(*, booking: Booking) -> bool:
    """Have the open payment of a booking read from the provider by a job, while someone waits on the return page.

    At most once in ``RETURN_PAGE_READ_SECONDS``; tells whether a job was written. Everything else is the settlement's.
    """
    with transaction.atomic(durable=True):
        now = timezone.now()
        lately = now - timedelta(seconds=settings.RETURN_PAGE_READ_SECONDS)
        due = booking.payments.open().filter(Q(read_requested_at=None) | Q(read_requested_at__lte=lately))
        for payment_id in due.values_list("pk", flat=True):
            if due.filter(pk=payment_id).update(read_requested_at=now):
                defer("settle_payment", payment_id)
                return True
        return False
