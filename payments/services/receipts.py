"""Receipts and credit notes, numbered without a gap: the number is taken in the transaction that needs it."""

from datetime import datetime

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from payments.jobs import defer
from payments.models import Payment, Receipt, Refund

# The money has left the provider's balance.
OUT = (Refund.Status.SENT, Refund.Status.SUCCEEDED)
# One statement, so that the row is locked from here to the commit and no longer: take the number last.
NEXT = """
    INSERT INTO payments_receiptcounter (year, last) VALUES (%s, 1)
    ON CONFLICT (year) DO UPDATE SET last = payments_receiptcounter.last + 1 RETURNING last
"""


def receipt_number(year: int, number: int) -> str:
    return f"{year}-{number:06d}"


def issue_receipt(*, payment: Payment, at: datetime) -> Receipt:
    """Write the receipt of a payment that was just accepted. The payment is locked.

    A job mails it: the number stays locked until the commit, and rendering takes longer than all that is left to do here.
    """
    receipt = _issue(payment, None, payment.amount_minor, payment.currency, at=at)
    defer("mail_receipt", receipt.pk)
    return receipt


def issue_missing() -> int:
    """Write the receipts of payments that a server of an earlier release accepted, without a mail; tell how many.

    Dated today: a receipt is never dated back. Safe to repeat.
    """
    missing = Payment.objects.accepted().exclude(pk__in=Receipt.objects.filter(refund=None).values("payment"))
    issued = 0
    for payment_id in missing.order_by("settled_at", "pk").values_list("pk", flat=True).iterator():
        with transaction.atomic(durable=True):
            payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
            if not payment.receipts.filter(refund=None).exists():
                _issue(payment, None, payment.amount_minor, payment.currency, at=timezone.now())
                issued += 1
            for refund in payment.refunds.filter(status__in=OUT, receipt=None).order_by("created_at", "pk"):
                refund.payment = payment
                issue_credit_note(refund=refund, at=timezone.now())
    return issued


def issue_credit_note(*, refund: Refund, at: datetime) -> Receipt | None:
    """Write the credit note of a refund that was just sent; None where the payment never had a receipt.

    One a refund, however often it was sent: the note says that the price is lower, and a bank that returns the money does
    not raise it. So where another refund takes the place of one that came back, only what is beyond that one's note is
    noted. Refund and payment are locked.
    """
    papers = refund.payment.receipts
    if papers.filter(refund=refund).exists() or not papers.filter(refund=None).exists():
        return None
    amount = min(refund.amount_minor, _sum(refund.payment.refunds) - _sum(papers.exclude(refund=None)))
    return _issue(refund.payment, refund, amount, refund.currency, at=at) if amount > 0 else None


def _sum(rows: models.Manager[Refund] | models.QuerySet[Receipt]) -> int:
    return int(rows.aggregate(sum=models.Sum("amount_minor", default=0))["sum"])


def _issue(payment: Payment, refund: Refund | None, amount_minor: int, currency: str, *, at: datetime) -> Receipt:
    return Receipt.objects.create(
        number=_next_number(at),
        payment=payment,
        refund=refund,
        amount_minor=amount_minor,
        currency=currency,
        seller={"name": settings.SELLER_NAME, "address": settings.SELLER_ADDRESS, "tax_id": settings.SELLER_TAX_ID},
        issued_at=at,
    )


def _next_number(at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [at.year])
        [last] = cursor.fetchone()
    return receipt_number(at.year, last)
