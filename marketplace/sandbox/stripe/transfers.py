"""Transfers from the platform to connected accounts, and their reversals."""

from . import balance, listing
from .call import Call
from .errors import ApiError, invalid, missing
from .objects import StripeObject, make_id
from .store import PLATFORM


def create(call: Call) -> StripeObject:
    params = call.params
    call.refuse_uncovered("amount", "currency", "destination", "source_transaction", "transfer_group", "description",
                          "source_type")  # fmt: skip
    if "amount" not in params:
        raise invalid("Missing required param: amount.", code="parameter_missing", param="amount")
    if params["amount"] < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    account = receiving_account(call)
    currency = params["currency"].lower()
    charge = source_charge(call, currency) if "source_transaction" in params else None
    if charge is None and params["amount"] > balance.available(call.tx, PLATFORM, currency):
        raise invalid("You have insufficient available funds in your Stripe account. Try adding funds directly to your "
                      "available balance by creating Charges using the 4000000000000077 test card. See: "
                      "https://stripe.com/docs/testing#available-balance", code="balance_insufficient")  # fmt: skip
    transfer: StripeObject = {
        "id": make_id("tr"),
        "object": "transfer",
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": call.tx.seconds(),
        "currency": currency,
        "description": None,
        "destination": account["id"],
        "destination_payment": None,
        "livemode": False,
        "metadata": {},
        "reversals": None,
        "reversed": False,
        "source_transaction": charge["id"] if charge else None,
        "source_type": params.get("source_type", "card"),
        "transfer_group": charge["transfer_group"] if charge else None,
    }
    transfer["reversals"] = listing.small([], f"/v1/transfers/{transfer['id']}/reversals")
    call.copy(transfer, "description", "transfer_group")
    at_once = charge is None or charge_is_available(call, charge)
    transfer["balance_transaction"] = balance.record(
        call.tx, "transfer", amount=-transfer["amount"], currency=currency, source=transfer["id"], at_once=at_once
    )["id"]
    transfer["destination_payment"] = destination_payment(call, transfer, at_once=at_once)["id"]
    call.tx.insert(transfer)
    call.emit("transfer.created", transfer)
    return transfer


def receiving_account(call: Call) -> StripeObject:
    account = call.tx.find(call.params["destination"], "account")
    if account is None:
        raise ApiError(400, f"No such destination: '{call.params['destination'][:40]}'", code="resource_missing",
                       param="destination")  # fmt: skip
    if account["capabilities"].get("transfers") != "active":
        raise invalid("Your destination account needs to have at least one of the following capabilities enabled: "
                      "transfers, crypto_transfers, legacy_payments", code="insufficient_capabilities_for_transfer",
                      param="destination")  # fmt: skip
    return account


def source_charge(call: Call, currency: str) -> StripeObject:
    """Return the charge that a transfer draws on; what was drawn on it before counts."""
    charge = call.tx.find(call.params["source_transaction"], "charge")
    if charge is None or charge["status"] != "succeeded":
        raise invalid(f"No such charge: '{call.params['source_transaction'][:40]}'", code="resource_missing",
                      param="source_transaction")  # fmt: skip
    if charge["currency"] != currency:
        raise invalid(f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same "
                      f"as the transfer currency ({currency})", param="currency")  # fmt: skip
    drawn = call.tx.select(
        "transfer", where="AND json_extract(body, '$.source_transaction') = ?", values=(charge["id"],)
    )
    left = charge["amount"] - charge["amount_refunded"] - sum(t["amount"] - t["amount_reversed"] for t in drawn)
    if call.params["amount"] > left:
        raise invalid(
            f"The transfer amount ({call.params['amount']}) is more than what is left of the source charge ({left}), "
            "in minor units.", code="transfer_source_balance_parameters_mismatch", param="amount",
        )  # fmt: skip
    return charge


def charge_is_available(call: Call, charge: StripeObject) -> bool:
    movement = call.get("balance_transaction", charge["balance_transaction"])
    return bool(movement["available_on"] <= call.tx.seconds())


def destination_payment(call: Call, transfer: StripeObject, *, at_once: bool) -> StripeObject:
    """Write the payment that the connected account sees."""
    payment: StripeObject = {
        "id": make_id("py"),
        "object": "charge",
        "amount": transfer["amount"],
        "amount_captured": transfer["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": True,
        "created": call.tx.seconds(),
        "currency": transfer["currency"],
        "description": transfer["description"],
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": None,
        "refunded": False,
        "source_transfer": transfer["id"],
        "status": "succeeded",
        "transfer_group": transfer["transfer_group"],
    }
    own, call.tx.account = call.tx.account, transfer["destination"]
    payment["balance_transaction"] = balance.record(
        call.tx,
        "payment",
        amount=payment["amount"],
        currency=payment["currency"],
        source=payment["id"],
        at_once=at_once,
    )["id"]
    call.tx.insert(payment)
    call.emit("payment.created", payment)
    call.tx.account = own
    return payment


def update(call: Call) -> StripeObject:
    call.refuse_uncovered("description")
    transfer = call.get("transfer")
    before = dict(transfer)
    call.copy(transfer, "description")
    call.emit("transfer.updated", call.tx.save(transfer), before=before)
    return transfer


def reverse(call: Call) -> StripeObject:
    """Take a transfer back, in whole or in part; refused when the connected account no longer has the money."""
    call.refuse_uncovered("amount", "description")
    transfer = call.get("transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.get("amount", left)
    if amount < 1 or amount > left:
        raise invalid(f"Reversal amount ({amount}) must be from 1 to the unreversed amount of the transfer ({left}), in "
                      "minor units.", param="amount")  # fmt: skip
    if amount > balance.owned(call.tx, transfer["destination"], transfer["currency"]):
        raise invalid(
            "Insufficient funds in the connected account to reverse this transfer.", code="balance_insufficient"
        )
    reversal: StripeObject = {
        "id": make_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": call.tx.seconds(),
        "currency": transfer["currency"],
        "destination_payment_refund": make_id("pyr"),
        "metadata": {},
        "source_refund": None,
        "transfer": transfer["id"],
    }
    call.copy(reversal)
    reversal["balance_transaction"] = balance.record(
        call.tx, "transfer_refund", amount=amount, currency=transfer["currency"], source=reversal["id"]
    )["id"]
    call.tx.insert(reversal)
    own, call.tx.account = call.tx.account, transfer["destination"]
    balance.record(
        call.tx, "payment_refund", amount=-amount, currency=transfer["currency"],
        source=reversal["destination_payment_refund"],
    )  # fmt: skip
    call.tx.account = own
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"] = listing.small([reversal, *transfer["reversals"]["data"]], transfer["reversals"]["url"])
    call.emit("transfer.reversed", call.tx.save(transfer))
    return reversal


def list_reversals(call: Call) -> StripeObject:
    transfer = call.get("transfer")
    return listing.objects(
        call, "transfer_reversal", f"/v1/transfers/{transfer['id']}/reversals", transfer=transfer["id"]
    )


def retrieve_reversal(call: Call) -> StripeObject:
    reversal = call.get("transfer_reversal")
    if reversal["transfer"] != call.ids["transfer"]:
        raise missing("transfer_reversal", reversal["id"])
    return reversal
