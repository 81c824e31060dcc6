"""Payments of the past, for demonstrations and tests that start in the middle of things. They make no events."""

from dataclasses import dataclass

from . import intents, refunds
from .call import Call
from .errors import ApiError
from .objects import Json, StripeObject

MOST = 5000


@dataclass
class QuietCall(Call):
    """A request whose events nobody hears: what happened then was heard of then."""

    def emit(self, event_type: str, body: StripeObject, *, before: StripeObject | None = None) -> None:
        pass


def write(call: Call, given: Json) -> list[Json]:
    """Make each payment as it was made at its ``created``; ``refunded`` of it went back at once.

    Takes ``{"amount", "currency", "created", "metadata"?, "transfer_group"?, "refunded"?}``; answers
    ``{"payment_intent", "charge", "fee", "refund"}`` in the same order. Amounts are in minor units, ``created`` in seconds.
    """
    if not isinstance(given, list) or len(given) > MOST or not all(isinstance(one, dict) for one in given):
        raise ApiError(400, f"Not understood: payments is a list of at most {MOST} objects.", param="payments")
    return [_write_one(call, one) for one in given]


def _write_one(call: Call, given: dict[str, Json]) -> Json:
    for name in ("amount", "created", "refunded"):
        if not isinstance(given.get(name, 0), int) or isinstance(given.get(name), bool):
            raise ApiError(400, f"Not understood: {name} is a whole number.", param=name)
    now, call.tx.now = call.tx.now, min(call.tx.now, float(given.get("created", call.tx.now)))
    quiet = QuietCall(call.tx, call.config, call.base_url)
    quiet.params = {
        "amount": given.get("amount", 0),
        "currency": str(given.get("currency", "usd")),
        "confirm": True,
        "payment_method": "pm_card_visa",
        "metadata": given.get("metadata") or {},
        "transfer_group": given.get("transfer_group") or "",
    }
    try:
        intent = intents.create(quiet)
        charge = call.tx.find(intent["latest_charge"], "charge")
        moved = call.tx.find(charge["balance_transaction"], "balance_transaction") if charge else None
        refund = None
        if refunded := given.get("refunded"):
            quiet.params = {"payment_intent": intent["id"], "amount": refunded}
            refund = refunds.create(quiet)["id"]
    finally:
        call.tx.now = now
    return {
        "payment_intent": intent["id"],
        "charge": intent["latest_charge"],
        "fee": moved["fee"] if moved else 0,
        "refund": refund,
    }
