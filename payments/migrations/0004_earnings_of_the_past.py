"""Write the earnings and the books of payments that were accepted before there were any."""

from django.db import migrations

BATCH = 500
ACCEPTED = ["succeeded", "part_refunded", "refunded"]
OUT = ["sent", "succeeded"]


def write(apps, schema_editor):
    Payment = apps.get_model("payments", "Payment")
    while payments := list(
        Payment.objects.filter(status__in=ACCEPTED, earning=None)
        .select_related("booking")
        .prefetch_related("refunds")
        .order_by("pk")[:BATCH]
    ):
        _write_batch(apps, payments)


def _write_batch(apps, payments):
    Earning = apps.get_model("payments", "Earning")
    Transaction = apps.get_model("payments", "LedgerTransaction")
    Entry = apps.get_model("payments", "LedgerEntry")
    movements = []
    for payment in payments:
        at, amount = payment.settled_at, payment.amount_minor
        movements.append((payment, f"payment:{payment.pk}:accepted", at, "provider_balance", "student_funds", amount))
        for refund in payment.refunds.all():
            back = refund.amount_minor
            movements.append(
                (payment, f"refund:{refund.pk}:requested", refund.created_at, "student_funds", "refunds", back)
            )
            if refund.status in OUT:
                movements.append(
                    (payment, f"refund:{refund.pk}:out:1", refund.sent_at, "refunds", "provider_balance", back)
                )
    made = Transaction.objects.bulk_create(
        Transaction(reference=reference, at=at, booking_id=payment.booking_id)
        for payment, reference, at, *_rest in movements
    )
    Entry.objects.bulk_create(
        Entry(transaction=transaction, account=account, amount_minor=sign * amount, currency=payment.currency)
        for transaction, (payment, _reference, _at, into, out_of, amount) in zip(made, movements, strict=True)
        for account, sign in ((into, 1), (out_of, -1))
    )
    Earning.objects.bulk_create(_earning(Earning, payment) for payment in payments)


def _earning(Earning, payment):
    booking = payment.booking
    given_back = sum(refund.amount_minor for refund in payment.refunds.all())
    kept = payment.amount_minor - given_back
    fee = (2 * kept * booking.fee_bps + 10_000) // 20_000
    return Earning(
        booking_id=booking.pk,
        mentor_id=booking.mentor_id,
        payment=payment,
        status="pending" if kept > fee else "void",
        gross_minor=payment.amount_minor,
        refund_minor=given_back,
        fee_minor=fee,
        amount_minor=kept - fee,
        currency=payment.currency,
        # Nothing was released before; what is completed may go with the next pass.
        clears_at=booking.ends_at if booking.status == "completed" else None,
        created_at=payment.settled_at,
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_refund_note")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop, elidable=True)]
