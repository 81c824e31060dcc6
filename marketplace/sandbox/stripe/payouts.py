"""Payouts from a balance to a bank; for a connected account with the ``Stripe-Account`` header."""

from . import balance
from .call import Call
from .errors import ApiError, invalid
from .objects import StripeObject, make_id
from .store import PLATFORM

FAILURE = "The bank account has been closed."
FAILING_LAST4 = "1116"


def create(call: Call) -> StripeObject:
    call.refuse_uncovered("amount", "currency", "description", "statement_descriptor", "method", "source_type",
                          "destination")  # fmt: skip
    currency = call.params["currency"].lower()
    return send(call, call.params["amount"], currency, automatic=False)


def send(call: Call, amount: int, currency: str, *, automatic: bool) -> StripeObject:
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > balance.available(call.tx, call.tx.account, currency):
        raise invalid("You have insufficient funds in your Stripe account for this transfer.", code="balance_insufficient",
                      param="amount")  # fmt: skip
    bank = bank_of(call)
    payout: StripeObject = {
        "id": make_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": call.tx.seconds() + 2 * 24 * 3600,
        "automatic": automatic,
        "balance_transaction": None,
        "created": call.tx.seconds(),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": bank["id"] if bank else None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
    call.copy(payout, "description", "statement_descriptor", "method")
    payout["balance_transaction"] = balance.record(
        call.tx, "payout", amount=-amount, currency=currency, source=payout["id"], description="STRIPE PAYOUT"
    )["id"]
    call.tx.insert(payout)
    if automatic:
        balance.pay_out(call.tx, payout["id"], currency)
    call.emit("payout.created", payout)
    fails = bank is not None and bank["last4"] == FAILING_LAST4
    call.tx.later("payout_fails" if fails else "payout_arrives", payout["id"], seconds=call.config.bank_seconds)
    return payout


def bank_of(call: Call) -> StripeObject | None:
    if call.tx.account == PLATFORM:
        return None
    account = call.get("account", call.tx.account, account=PLATFORM)
    if not account["payouts_enabled"]:
        raise invalid("Cannot create payouts: this account has requirements that need to be collected.",
                      code="payouts_not_allowed")  # fmt: skip
    bank: StripeObject = account["external_accounts"]["data"][0]
    return bank


def update(call: Call) -> StripeObject:
    payout = call.get("payout")
    before = dict(payout)
    call.copy(payout)
    call.emit("payout.updated", call.tx.save(payout), before=before)
    return payout


def cancel(call: Call) -> StripeObject:
    payout = call.get("payout")
    if payout["status"] != "pending":
        raise invalid(f"Payouts can be canceled while they are pending; this one is {payout['status']}.")
    payout["status"] = "canceled"
    give_back(call, payout, "payout_cancel")
    call.emit("payout.canceled", call.tx.save(payout))
    return payout


def give_back(call: Call, payout: StripeObject, movement: str) -> None:
    payout["failure_balance_transaction"] = balance.record(
        call.tx, movement, amount=payout["amount"], currency=payout["currency"], source=payout["id"]
    )["id"]


def arrives(call: Call, payout_id: str) -> None:
    payout = call.get("payout", payout_id)
    if payout["status"] == "pending":
        payout |= {"status": "paid", "arrival_date": call.tx.seconds()}
        call.emit("payout.paid", call.tx.save(payout))


def fails(call: Call, payout_id: str) -> None:
    payout = call.get("payout", payout_id)
    if payout["status"] in {"pending", "paid"}:
        payout |= {"status": "failed", "failure_code": "account_closed", "failure_message": FAILURE}
        give_back(call, payout, "payout_failure")
        call.emit("payout.failed", call.tx.save(payout))


def pay_out_everything(call: Call, account_id: str) -> list[StripeObject]:
    """Do what the daily schedule would: pay out all that is available to a connected account."""
    if call.tx.find(account_id, "account", account=PLATFORM) is None:
        raise ApiError(404, f"No such account: '{account_id[:40]}'", code="resource_missing")
    call.tx.account = account_id
    sums = balance.sums(call.tx, account_id, available=True)
    return [send(call, amount, currency, automatic=True) for currency, amount in sorted(sums.items()) if amount > 0]
