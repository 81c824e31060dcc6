"""What the demo's past left behind at the payment provider and in the books."""

from collections.abc import Sequence
from datetime import datetime

import urllib3
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bookings.models import Booking
from marketplace.common.money import split
from payments.models import Earning, LedgerEntry, LedgerTransaction, Payment, Receipt, ReceiptCounter, Refund
from payments.services.receipts import receipt_number

UNKNOWN = "pi_seed"  # begins the ids of payments that the provider has not been told of
Account = LedgerEntry.Account


def keep_books(payments: Sequence[Payment]) -> None:
    """Write the earning of each paid booking and every movement that its life has caused so far.

    The mentors of the past have no payout account yet, so what they earned waits for one.
    """
    earnings = [_earning(payment) for payment in payments]
    Earning.objects.bulk_create(earnings)
    _write_receipts(payments)
    movements = [movement for earning in earnings for movement in _movements(earning)]
    transactions = LedgerTransaction.objects.bulk_create(
        LedgerTransaction(reference=reference, at=earning.created_at, booking=earning.booking)
        for reference, earning, _lines in movements
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            transaction=made,
            account=account,
            amount_minor=amount,
            currency=earning.currency,
            mentor=earning.mentor if account == Account.MENTOR_PAYABLE else None,
        )
        for made, (_reference, earning, lines) in zip(transactions, movements, strict=True)
        for account, amount in lines
        if amount
    )


def tell_the_sandbox() -> None:
    """Let the payment sandbox know the demo's payments, so that they can be refunded and disputed. Safe to repeat.

    Where payments go to the provider itself there is nowhere to write history: there the demo's past can only be looked at.
    """
    if not settings.STRIPE_API_BASE:
        return
    unknown = Payment.objects.filter(provider_id__startswith=UNKNOWN).prefetch_related("refunds").order_by("pk")
    payments = list(unknown)
    answer = urllib3.request(
        "POST",
        f"{settings.STRIPE_API_BASE}/_sandbox/history",
        json={"payments": [_as_told(payment) for payment in payments]},
        timeout=60,
    )
    if answer.status != 200:
        raise RuntimeError(f"the payment sandbox refused the demo's history: {answer.status}")
    refunds = []
    with transaction.atomic():
        for payment, known in zip(payments, answer.json()["data"], strict=True):
            payment.provider_id = known["payment_intent"]
            for refund in payment.refunds.all():
                refund.provider_id = known["refund"]
                refunds.append(refund)
            _book_fee(payment, known["fee"])
        Payment.objects.bulk_update(payments, ["provider_id"])
        Refund.objects.bulk_update(refunds, ["provider_id"])


def _write_receipts(payments: Sequence[Payment]) -> None:
    """Number what was paid and sent back, in the order in which it happened."""
    happened: list[tuple[datetime, Payment, Refund | None]] = []
    for payment in payments:
        happened.append((payment.settled_at or payment.created_at, payment, None))
        happened += [(refund.sent_at or refund.created_at, payment, refund) for refund in payment.refunds.all()]
    seller = {"name": settings.SELLER_NAME, "address": settings.SELLER_ADDRESS, "tax_id": settings.SELLER_TAX_ID}
    last = dict(ReceiptCounter.objects.values_list("year", "last"))
    receipts = []
    for at, payment, refund in sorted(happened, key=lambda moment: moment[0]):
        last[at.year] = last.get(at.year, 0) + 1
        receipts.append(
            Receipt(
                number=receipt_number(at.year, last[at.year]),
                payment=payment,
                refund=refund,
                amount_minor=refund.amount_minor if refund else payment.amount_minor,
                currency=payment.currency,
                seller=seller,
                issued_at=at,
            )
        )
    Receipt.objects.bulk_create(receipts)
    for year, number in last.items():
        ReceiptCounter.objects.update_or_create(year=year, defaults={"last": number})


def _earning(payment: Payment) -> Earning:
    booking = payment.booking
    shares = split(
        gross_minor=payment.amount_minor, refund_percent=booking.refund_percent or 0, fee_bps=booking.fee_bps
    )
    is_over = booking.status == Booking.Status.COMPLETED
    status = Earning.Status.BLOCKED if is_over else Earning.Status.PENDING
    return Earning(
        booking=booking,
        mentor=booking.mentor,
        payment=payment,
        status=status if shares.mentor_minor else Earning.Status.VOID,
        found=Earning.Status.RELEASABLE if is_over else "",
        gross_minor=payment.amount_minor,
        refund_minor=shares.refund_minor,
        fee_minor=shares.fee_minor,
        amount_minor=shares.mentor_minor,
        currency=payment.currency,
        clears_at=booking.ends_at if is_over else None,
        released_at=booking.ends_at if is_over else None,
        created_at=payment.settled_at or payment.created_at,
    )


def _movements(earning: Earning) -> list[tuple[str, Earning, list[tuple[LedgerEntry.Account, int]]]]:
    payment = earning.payment
    accepted = [(Account.PROVIDER_BALANCE, payment.amount_minor), (Account.STUDENT_FUNDS, -payment.amount_minor)]
    found = [(f"payment:{payment.pk}:accepted", earning, accepted)]
    for refund in payment.refunds.all():
        amount = refund.amount_minor
        requested = [(Account.STUDENT_FUNDS, amount), (Account.REFUNDS, -amount)]
        out = [(Account.REFUNDS, amount), (Account.PROVIDER_BALANCE, -amount)]
        found += [(f"refund:{refund.pk}:requested", earning, requested), (f"refund:{refund.pk}:out:1", earning, out)]
    if earning.released_at:
        released = [
            (Account.STUDENT_FUNDS, earning.amount_minor + earning.fee_minor),
            (Account.MENTOR_PAYABLE, -earning.amount_minor),
            (Account.PLATFORM_REVENUE, -earning.fee_minor),
        ]
        found.append((f"earning:{earning.pk}:released", earning, released))
    return found


def _as_told(payment: Payment) -> dict[str, object]:
    return {
        "amount": payment.amount_minor,
        "currency": payment.currency,
        "created": int((payment.settled_at or timezone.now()).timestamp()),
        "metadata": {"booking": str(payment.booking_id), "payment": str(payment.pk)},
        "transfer_group": f"booking-{payment.booking_id}",
        "refunded": sum(refund.amount_minor for refund in payment.refunds.all()),
    }


def _book_fee(payment: Payment, fee_minor: int) -> None:
    made = LedgerTransaction.objects.create(
        reference=f"payment:{payment.pk}:fee",
        at=payment.settled_at or payment.created_at,
        booking_id=payment.booking_id,
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=made, account=account, amount_minor=amount, currency=payment.currency)
        for account, amount in ((Account.PROVIDER_FEES, fee_minor), (Account.PROVIDER_BALANCE, -fee_minor))
    )
