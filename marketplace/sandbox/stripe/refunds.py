"""Refunds: https://docs.stripe.com/refunds."""

from . import balance
from .call import Call
from .cards import BY_NUMBER, Card
from .errors import ApiError, invalid
from .objects import StripeObject, make_id


def create(call: Call) -> StripeObject:
    call.refuse_uncovered("amount", "charge", "payment_intent", "reason", "instructions_email")
    charge = refunded_charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = call.params.get("amount", left)
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > left:
        whole = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise invalid(f"Refund amount ({amount}) is greater than {whole} ({left}), in minor units.", param="amount",
                      code="amount_too_large")  # fmt: skip
    if charge["disputed"] and any(d["status"] not in {"won", "warning_closed"} for d in disputes_of(call, charge)):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    return send(call, charge, amount)


def refunded_charge(call: Call) -> StripeObject:
    charge_id, intent_id = call.params.get("charge"), call.params.get("payment_intent")
    if intent_id:
        intent = call.get("payment_intent", intent_id, param="payment_intent")
        if charge_id and charge_id != intent["latest_charge"]:
            raise invalid(f"The charge {charge_id} does not belong to {intent_id}.", param="charge")
        charge_id = intent["latest_charge"] if intent["status"] == "succeeded" else None
        if charge_id is None:
            raise invalid(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                          code="payment_intent_unexpected_state", param="payment_intent")  # fmt: skip
    if not charge_id:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.",
                      code="parameter_missing", param="payment_intent")  # fmt: skip
    charge = call.get("charge", charge_id, param="charge")
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge_id} did not succeed, so there is nothing to refund.", param="charge")
    return charge


def disputes_of(call: Call, charge: StripeObject) -> list[StripeObject]:
    return call.tx.select("dispute", where="AND json_extract(body, '$.charge') = ?", values=(charge["id"],))


def send(call: Call, charge: StripeObject, amount: int) -> StripeObject:
    card = card_of(call, charge)
    refund: StripeObject = {
        "id": make_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.tx.seconds(),
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference": None, "reference_status": "pending", "reference_type": "acquirer_reference_number",
                     "type": "refund"},
            "type": "card",
        },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if card.refund == "waits" else "succeeded",
        "transfer_reversal": None,
    }  # fmt: skip
    call.copy(refund, "reason", "instructions_email")
    refund["balance_transaction"] = balance.record(
        call.tx, "refund", amount=-amount, currency=refund["currency"], source=refund["id"],
        description="REFUND FOR CHARGE",
    )["id"]  # fmt: skip
    call.tx.insert(refund)
    set_refunded(call, charge, charge["amount_refunded"] + amount)
    call.emit("refund.created", refund)
    if card.refund != "succeeds":
        call.tx.later(f"refund_{card.refund}", refund["id"], seconds=call.config.bank_seconds)
    return refund


def card_of(call: Call, charge: StripeObject) -> Card:
    return BY_NUMBER[call.get("payment_method", charge["payment_method"])["_number"]]


def set_refunded(call: Call, charge: StripeObject, amount: int) -> None:
    before = dict(charge)
    grows = amount > charge["amount_refunded"]
    charge |= {"amount_refunded": amount, "refunded": amount == charge["amount_captured"]}
    call.emit("charge.refunded" if grows else "charge.updated", call.tx.save(charge), before=before)


def update(call: Call) -> StripeObject:
    refund = call.get("refund")
    before = dict(refund)
    call.copy(refund)
    announce(call, call.tx.save(refund), before)
    return refund


def cancel(call: Call) -> StripeObject:
    refund = call.get("refund")
    raise ApiError(400, f"The refund {refund['id']} can't be canceled: only those that wait for the payer can.",
                   code="refund_not_cancelable", param="id")  # fmt: skip


def announce(call: Call, refund: StripeObject, before: StripeObject) -> None:
    call.emit("refund.updated", refund, before=before)
    call.emit("charge.refund.updated", refund, before=before)


def fails(call: Call, refund_id: str) -> None:
    """Let the bank give a refund back, as it does when the card is closed; the money returns to the balance."""
    refund = call.get("refund", refund_id)
    if refund["status"] == "failed":
        return
    before = dict(refund)
    back = balance.record(
        call.tx, "refund_failure", amount=refund["amount"], currency=refund["currency"], source=refund["id"],
        description="REFUND FAILURE",
    )  # fmt: skip
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": back["id"],
    }
    call.tx.save(refund)
    charge = call.get("charge", refund["charge"])
    set_refunded(call, charge, charge["amount_refunded"] - refund["amount"])
    announce(call, refund, before)
    call.emit("refund.failed", refund)


def arrives(call: Call, refund_id: str) -> None:
    refund = call.get("refund", refund_id)
    if refund["status"] == "pending":
        before = dict(refund)
        refund["status"] = "succeeded"
        announce(call, call.tx.save(refund), before)
