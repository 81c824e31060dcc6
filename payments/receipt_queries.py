"""What receipts and the payment history show."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.models import Booking
from payments.models import ACCEPTED_STATUSES, Payment, Receipt, Refund
from payments.services.receipts import OUT

PAID, PART, WHOLE = _("Paid"), _("Refunded in part"), _("Refunded")


@dataclass(frozen=True)
class CreditNote:
    paper: Receipt
    refund: Refund

    @property
    def is_out(self) -> bool:
        return self.refund.status in OUT

    @property
    def came_back(self) -> bool:
        return self.refund.status == Refund.Status.FAILED


@dataclass(frozen=True)
class Bill:
    """A receipt with the credit notes that followed it. They stand, also while their money has to be sent once more."""

    receipt: Receipt
    credit_notes: tuple[CreditNote, ...]

    @property
    def kept_minor(self) -> int:
        return self.receipt.amount_minor - sum(note.paper.amount_minor for note in self.credit_notes)

    @property
    def is_settled(self) -> bool:
        return all(note.is_out for note in self.credit_notes)

    @property
    def standing(self) -> Promise:
        if not self.credit_notes:
            return PAID
        return PART if self.kept_minor else WHOLE


def bill_of(booking: Booking) -> Bill | None:
    """Read the receipt of a booking's payment; None where nothing was paid. One query."""
    rows = Receipt.objects.filter(payment__booking=booking, payment__status__in=ACCEPTED_STATUSES)
    receipts = list(rows.select_related("refund").order_by("number"))
    first = next((receipt for receipt in receipts if receipt.refund_id is None), None)
    if first is None:
        return None
    return Bill(first, tuple(CreditNote(paper, paper.refund) for paper in receipts if paper.refund is not None))


def history_of(student: User) -> QuerySet[Payment]:
    """Everything that money of this student's did, newest first: what was paid, sent back, or declined."""
    told = Q(status__in=[*ACCEPTED_STATUSES, Payment.Status.REJECTED]) | ~Q(last_decline="")
    refunds = Prefetch("refunds", Refund.objects.order_by("created_at", "pk"), to_attr="sent_back")
    receipts = Prefetch("receipts", Receipt.objects.filter(refund=None), to_attr="papers")
    payments = Payment.objects.filter(told, booking__student=student).select_related("booking__mentor__user")
    return payments.prefetch_related(refunds, receipts).order_by("-created_at", "-pk")


REFUND_WORDS: dict[str, Promise] = {
    Refund.Status.REQUESTED: _("Being sent back"),
    Refund.Status.SENDING: _("Being sent back"),
    Refund.Status.SENT: _("Sent back"),
    Refund.Status.SUCCEEDED: _("Sent back"),
    # Theirs to wait for, not to mend: finance sends it again.
    Refund.Status.FAILED: _("The bank returned it. We are sending it again"),
}


def history_row(payment: Payment) -> dict[str, Any]:  # Any: template data
    """Say one payment in words. Reads nothing: fetch it by ``history_of``."""
    refunds: list[Refund] = payment.sent_back  # type: ignore[attr-defined]  # prefetched
    amount = payment.amount_minor if payment.received_minor is None else payment.received_minor
    return {
        "payment": payment,
        "booking": payment.booking,
        "amount_minor": amount,
        "currency": payment.received_currency or payment.currency,
        "is_accepted": payment.is_accepted,
        "is_charged": payment.is_accepted or payment.status == Payment.Status.REJECTED,
        "has_receipt": bool(payment.papers),  # type: ignore[attr-defined]  # prefetched
        "refunds": [{"refund": refund, "words": REFUND_WORDS[refund.status]} for refund in refunds],
    }
