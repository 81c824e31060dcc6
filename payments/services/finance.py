"""What finance decides: that money goes back, and that what came back is sent again."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from bookings.errors import WrongState
from bookings.services import lock_with_people
from marketplace.common import audit
from marketplace.common.idempotency import remember_made
from payments.errors import AboveLimit, NothingPaid, SamePerson
from payments.jobs import defer
from payments.models import Payment, Refund, RefundRequest
from payments.services.earnings import request_refund
from payments.services.given_back import follow_refund, left_to_refund
from payments.services.intents import record
from payments.services.refunds import lock_refund


def decide_refund(*, booking_id: UUID, amount_minor: int, reason: str, by: User) -> Refund | RefundRequest:
    """Send money of a paid booking back, or ask a second person to agree. Amount in minor units.

    Up to ``REFUND_TWO_PERSON_MINOR`` one person decides; what they have decided alone about this payment before counts, so
    that nobody gets around the second person by halves. Writes the audit row.
    Raises ``NothingPaid`` or ``AboveLimit`` (more than what is left).
    """
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        payment = Payment.objects.select_for_update(no_key=True).accepted().filter(booking=booking).first()
        if payment is None:
            raise NothingPaid
        payment.booking = booking
        if amount_minor > left_to_refund(payment):
            raise AboveLimit
        decision: Refund | RefundRequest
        if _decided_alone(payment) + amount_minor > settings.REFUND_TWO_PERSON_MINOR:
            decision = RefundRequest.objects.create(
                payment=payment, amount_minor=amount_minor, reason=reason, by=by, created_at=now
            )
            audit.record("refund_asked_for", by=by, subject=decision, amount_minor=amount_minor)
        else:
            decision = _refund(payment, amount_minor, reason, by=by, at=now)
        remember_made(decision.pk)
        return decision


def approve_refund(*, request_id: UUID, by: User) -> Refund:
    """Agree, as a second person, to a refund that a colleague asked for, and send it.

    Raises ``SamePerson``, ``WrongState`` (decided already) or ``AboveLimit`` (less is left by now).
    """
    with transaction.atomic(durable=True):
        request, payment, now = _lock_request(request_id, by=by)
        if request.amount_minor > left_to_refund(payment, besides=request):
            raise AboveLimit
        refund = _refund(payment, request.amount_minor, request.reason, by=request.by, at=now, request=request)
        request.status, request.refund = RefundRequest.Status.APPROVED, refund
        request.decided_by, request.decided_at = by, now
        request.save(update_fields=["status", "refund", "decided_by", "decided_at"])
        audit.record("refund_approved", by=by, subject=request, amount_minor=request.amount_minor)
        return refund


def decline_refund(*, request_id: UUID, by: User) -> RefundRequest:
    """Refuse, as a second person, a refund that a colleague asked for. Raises ``SamePerson`` or ``WrongState``."""
    with transaction.atomic(durable=True):
        request, _payment, now = _lock_request(request_id, by=by)
        request.status, request.decided_by, request.decided_at = RefundRequest.Status.DECLINED, by, now
        request.save(update_fields=["status", "decided_by", "decided_at"])
        audit.record("refund_declined", by=by, subject=request, amount_minor=request.amount_minor)
        return request


def send_refund_again(*, refund_id: UUID, by: User) -> Refund:
    """Put a refund that failed back on its way, under a key of its own. Raises ``WrongState``."""
    with transaction.atomic(durable=True):
        refund, now = lock_refund(refund_id)
        if refund.status != Refund.Status.FAILED:
            raise WrongState
        refund.status, refund.attempt = Refund.Status.REQUESTED, refund.attempt + 1
        refund.provider_id, refund.claimed_at, refund.sent_at, refund.settled_at = "", None, None, None
        refund.save(update_fields=["status", "attempt", "provider_id", "claimed_at", "sent_at", "settled_at"])
        record(refund.payment_id, "refund_sent_again", at=now, refund=str(refund.pk), attempt=refund.attempt)
        audit.record("refund_sent_again", by=by, subject=refund, attempt=refund.attempt)
        defer("send_refund", refund.pk)
        return refund


def _decided_alone(payment: Payment) -> int:
    alone = payment.refunds.filter(reason=Refund.Reason.FINANCE, request=None)
    return int(alone.aggregate(sum=Sum("amount_minor", default=0))["sum"])


def _refund(
    payment: Payment, amount_minor: int, note: str, *, by: User, at: datetime, request: RefundRequest | None = None
) -> Refund:
    refund = request_refund(payment=payment, amount_minor=amount_minor, reason=Refund.Reason.FINANCE, by=by, at=at)
    refund.note = note
    refund.save(update_fields=["note"])
    audit.record("refund_decided", by=by, subject=refund, amount_minor=amount_minor, agreed=request is not None)
    follow_refund(payment=payment, booking=payment.booking, by=by, at=at)
    return refund


def _lock_request(request_id: UUID, *, by: User) -> tuple[RefundRequest, Payment, datetime]:
    """Lock people, booking, payment, then the request: the order in which everything else does."""
    booking_id = RefundRequest.objects.values_list("payment__booking", flat=True).get(pk=request_id)
    booking, now = lock_with_people(booking_id)
    payment = Payment.objects.select_for_update(no_key=True).get(refund_requests=request_id)
    payment.booking = booking
    request = RefundRequest.objects.select_for_update(of=("self",)).select_related("by").get(pk=request_id)
    if request.status != RefundRequest.Status.WAITING:
        raise WrongState
    if request.by_id == by.pk:
        raise SamePerson
    return request, payment, now
