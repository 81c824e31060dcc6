"""The books. Every movement of money is one transaction whose lines sum to zero; nothing is booked twice or changed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from bookings.models import Booking
from mentors.models import Mentor
from payments.models import LedgerEntry, LedgerTransaction

Account = LedgerEntry.Account


@dataclass(frozen=True)
class Line:
    """What goes into an account (positive) or out of it (negative), in minor units."""

    account: LedgerEntry.Account
    amount_minor: int
    mentor: Mentor | None = None


def post(reference: str, *lines: Line, currency: str, at: datetime, booking: Booking | None = None) -> bool:
    """Book one movement, in the caller's transaction; False when ``reference`` is booked already.

    ``reference`` names the row that moved and the step ("payment:<id>:accepted"). Lines of nothing are left out. That the rest
    sum to zero is refused or not by the database, when the transaction commits.
    """
    lines = tuple(line for line in lines if line.amount_minor)
    if not lines:
        return False
    # Waits for whoever books the same at this moment, and leaves theirs in place.
    LedgerTransaction.objects.bulk_create(
        [LedgerTransaction(reference=reference, at=at, booking=booking)], ignore_conflicts=True
    )
    transaction = LedgerTransaction.objects.filter(reference=reference, entries=None).first()
    if transaction is None:
        return False
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            transaction=transaction,
            account=line.account,
            amount_minor=line.amount_minor,
            currency=currency,
            mentor=line.mentor,
        )
        for line in lines
    )
    return True


def balance(account: LedgerEntry.Account, *, booking: Booking | None = None, mentor: Mentor | None = None) -> int:
    """Sum an account in minor units: over everything, over one booking, or over one mentor."""
    entries = LedgerEntry.objects.filter(account=account)
    if booking is not None:
        entries = entries.filter(transaction__booking=booking)
    if mentor is not None:
        entries = entries.filter(mentor=mentor)
    return int(entries.aggregate(sum=Sum("amount_minor", default=0))["sum"])
