"""Balances, and the balance transactions that they are the sum of."""

from .call import Call
from .objects import StripeObject, make_id
from .store import Transaction

PENDING_SECONDS = 2 * 24 * 3600
FEE_BPS = 290
FEE_FIXED = 30
REPORTING = {"payment": "charge", "transfer": "transfer", "adjustment": "dispute", "payment_refund": "refund",
             "transfer_refund": "transfer_reversal", "payout_failure": "payout_reversal",
             "refund_failure": "refund_failure"}  # fmt: skip


def record(
    tx: Transaction,
    movement: str,
    *,
    amount: int,
    currency: str,
    source: str,
    fee: int = 0,
    at_once: bool = True,
    description: str | None = None,
) -> StripeObject:
    """Write one movement of an account's money, in minor units; negative when it leaves."""
    return tx.insert(
        {
            "id": make_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": tx.seconds() + (0 if at_once else PENDING_SECONDS),
            "balance_type": "payments",
            "created": tx.seconds(),
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {
                    "amount": fee,
                    "application": None,
                    "currency": currency,
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ]
            if fee
            else [],
            "net": amount - fee,
            "reporting_category": REPORTING.get(movement, movement),
            "source": source,
            "status": "available" if at_once else "pending",
            "type": movement,
        }
    )


def fee_for(amount: int) -> int:
    """Return what Stripe takes for a card: 2.9 % rounded half up, plus 30 minor units."""
    return (amount * FEE_BPS + 5000) // 10000 + FEE_FIXED


def pay_out(tx: Transaction, payout_id: str, currency: str) -> None:
    """Note in which payout of the schedule all went that was available and in none yet; it can be listed by that."""
    waiting = tx.select(
        "balance_transaction",
        where="AND json_extract(body, '$._payout') IS NULL AND json_extract(body, '$.currency') = ? "
        "AND json_extract(body, '$.available_on') <= ?",
        values=(currency, tx.seconds()),
    )
    for movement in waiting:
        tx.save({**movement, "_payout": payout_id})


def sums(tx: Transaction, account: str, *, available: bool) -> dict[str, int]:
    comparison = "<=" if available else ">"
    rows = tx.connection.execute(
        "SELECT json_extract(body, '$.currency'), SUM(json_extract(body, '$.net')) FROM objects "
        f"WHERE account = ? AND kind = 'balance_transaction' AND json_extract(body, '$.available_on') {comparison} ? "
        "GROUP BY 1",
        (account, tx.seconds()),
    )
    return dict(rows.fetchall())


def available(tx: Transaction, account: str, currency: str) -> int:
    return sums(tx, account, available=True).get(currency, 0)


def owned(tx: Transaction, account: str, currency: str) -> int:
    """Return all that an account has, what is still on its way included."""
    return available(tx, account, currency) + sums(tx, account, available=False).get(currency, 0)


def retrieve(call: Call) -> StripeObject:
    now = sums(call.tx, call.tx.account, available=True)
    coming = sums(call.tx, call.tx.account, available=False)
    currencies = sorted({*now, *coming}) or ["usd"]
    return {
        "object": "balance",
        "available": [
            {"amount": now.get(c, 0), "currency": c, "source_types": {"card": now.get(c, 0)}} for c in currencies
        ],
        "livemode": False,
        "pending": [
            {"amount": coming.get(c, 0), "currency": c, "source_types": {"card": coming.get(c, 0)}} for c in currencies
        ],
    }
