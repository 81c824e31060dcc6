"""The books. Every movement of money is one transaction whose lines sum to zero; nothing is booked twice or changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from bookings.models import Booking
from mentors.models import Mentor
from payments.models import LedgerEntry

Account = LedgerEntry.Account


# One statement, because every movement of money passes here. It waits for whoever books the same at this moment, and leaves
# theirs in place.
POST = """
    WITH booked AS (
        INSERT INTO payments_ledgertransaction (reference, at, booking_id) VALUES (%(reference)s, %(at)s, %(booking)s)
        ON CONFLICT (reference) DO NOTHING RETURNING id
    )
    INSERT INTO payments_ledgerentry (transaction_id, account, amount_minor, currency, mentor_id)
    SELECT booked.id, line.account, line.amount_minor, %(currency)s, line.mentor_id
      FROM booked, unnest(%(accounts)s::text[], %(amounts)s::bigint[], %(mentors)s::uuid[])
        AS line (account, amount_minor, mentor_id)
"""


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
    values: dict[str, Any] = {  # Any: what psycopg adapts
        "reference": reference,
        "at": at,
        "booking": booking.pk if booking else None,
        "currency": currency,
        "accounts": [line.account.value for line in lines],
        "amounts": [line.amount_minor for line in lines],
        "mentors": [line.mentor.pk if line.mentor else None for line in lines],
    }
    with connection.cursor() as cursor:
        cursor.execute(POST, values)
        return bool(cursor.rowcount)


def balance(account: LedgerEntry.Account, *, booking: Booking | None = None, mentor: Mentor | None = None) -> int:
    """Sum an account in minor units: over everything, over one booking, or over one mentor."""
    entries = LedgerEntry.objects.filter(account=account)
    if booking is not None:
        entries = entries.filter(transaction__booking=booking)
    if mentor is not None:
        entries = entries.filter(mentor=mentor)
    return int(entries.aggregate(sum=Sum("amount_minor", default=0))["sum"])
