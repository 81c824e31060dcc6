"""Charges: made when an intent is confirmed, never by themselves."""

from . import balance, disputes
from .call import Call
from .cards import Card, Decline
from .objects import StripeObject, make_id
from .payment_methods import NO_BILLING_DETAILS, card_behind

CARD_SECTIONS = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")


def retrieve(call: Call) -> StripeObject:
    return call.get("charge")


def update(call: Call) -> StripeObject:
    call.refuse_uncovered("description", "receipt_email", "transfer_group")
    charge = call.get("charge")
    before = dict(charge)
    call.copy(charge, "description", "receipt_email", "transfer_group")
    call.emit("charge.updated", call.tx.save(charge), before=before)
    return charge


def charge_intent(
    call: Call, intent: StripeObject, method: StripeObject, *, decline: Decline | None, authenticated: bool
) -> StripeObject:
    """Try the card. Returns the charge, succeeded or failed; emits its event; opens the dispute a test card asks for."""
    card = card_behind(method)
    charge = new_charge(call, intent, method, authenticated=authenticated)
    if decline:
        charge |= {
            "failure_code": decline.code,
            "failure_message": decline.message,
            "outcome": outcome(decline),
            "paid": False,
            "status": "failed",
            "captured": False,
            "amount_captured": 0,
        }
        call.tx.insert(charge)
        call.emit("charge.failed", charge)
        return charge
    charge["balance_transaction"] = balance.record(
        call.tx,
        "charge",
        amount=charge["amount"],
        currency=charge["currency"],
        source=charge["id"],
        fee=balance.fee_for(charge["amount"]),
        at_once=card.available_at_once,
        description=charge["description"],
    )["id"]
    call.tx.insert(charge)
    call.emit("charge.succeeded", charge)
    return charge


def follow_up(call: Call, charge: StripeObject, card: Card) -> None:
    """Do what the test card is for, once the payment has succeeded."""
    if card.dispute:
        disputes.open_dispute(call, charge, reason=card.dispute)


def new_charge(call: Call, intent: StripeObject, method: StripeObject, *, authenticated: bool) -> StripeObject:
    card = {name: method["card"][name] for name in CARD_SECTIONS}
    return {
        "id": make_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"] or NO_BILLING_DETAILS,
        "calculated_statement_descriptor": "SANDBOX",
        "captured": True,
        "created": call.tx.seconds(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": outcome(None),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {
                **card,
                "amount_authorized": intent["amount"],
                "authorization_code": "123456",
                "extended_authorization": {"status": "disabled"},
                "incremental_authorization": {"status": "unavailable"},
                "installments": None,
                "mandate": None,
                "multicapture": {"status": "unavailable"},
                "network": card["brand"],
                "network_token": {"used": False},
                "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
                "three_d_secure": {
                    "authentication_flow": "challenge",
                    "result": "authenticated",
                    "result_reason": None,
                    "version": "2.2.0",
                }
                if authenticated
                else None,
            },
            "type": "card",
        },
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def outcome(decline: Decline | None) -> StripeObject:
    if decline is None:
        message, network, reason, verdict = "Payment complete.", "approved_by_network", None, "authorized"
    elif decline.decline_code == "fraudulent":
        message, network, reason, verdict = (
            "Stripe blocked this payment.",
            "not_sent_to_network",
            "highest_risk_level",
            "blocked",
        )
    else:
        message = "The bank did not return any further details with this decline."
        network, reason, verdict = "declined_by_network", decline.decline_code, "issuer_declined"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "risk_level": "highest" if verdict == "blocked" else "normal",
        "risk_score": 90 if verdict == "blocked" else 12,
        "seller_message": message,
        "type": verdict,
    }
