"""Disputes: https://docs.stripe.com/disputes."""

from . import balance
from .call import Call
from .errors import ApiError, invalid
from .objects import Json, StripeObject, make_id

FEE = 1500
"""What a chargeback costs whoever loses or wins it, in minor units."""
EVIDENCE_SECONDS = 7 * 24 * 3600
CLOSED = frozenset({"won", "lost", "warning_closed"})
EVIDENCE_FIELDS = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "enhanced_evidence", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def open_dispute(call: Call, charge: StripeObject, *, reason: str) -> StripeObject:
    """Let the payer's bank dispute a charge; an ``inquiry`` takes no money yet."""
    inquiry = reason == "inquiry"
    dispute: StripeObject = {
        "id": make_id("du"),
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.tx.seconds(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE_FIELDS) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.tx.seconds() + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "fraudulent" if inquiry else reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    call.tx.insert(dispute)
    before = dict(charge)
    charge["disputed"] = True
    call.emit("charge.updated", call.tx.save(charge), before=before)
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        withdraw(call, dispute)
    return dispute


def withdraw(call: Call, dispute: StripeObject) -> None:
    move_money(call, dispute, -dispute["amount"], fee=FEE)
    call.emit("charge.dispute.funds_withdrawn", dispute)


def move_money(call: Call, dispute: StripeObject, amount: int, *, fee: int) -> None:
    dispute["balance_transactions"].append(
        balance.record(call.tx, "adjustment", amount=amount, currency=dispute["currency"], source=dispute["id"], fee=fee,
                       description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}")
    )  # fmt: skip
    call.tx.save(dispute)


def dispute_intent(call: Call, intent: StripeObject, given: dict[str, Json]) -> StripeObject:
    """Open a dispute for a paid intent, or end the one that is open (``outcome``: won or lost)."""
    if intent["status"] != "succeeded":
        raise ApiError(409, f"This PaymentIntent has a status of {intent['status']}: there is nothing to dispute.")
    existing = call.tx.select("dispute", where="AND json_extract(body, '$.payment_intent') = ?", values=(intent["id"],))
    current = next((dispute for dispute in existing if dispute["status"] not in CLOSED), None)
    outcome = given.get("outcome")
    if outcome is not None:
        if current is None:
            raise ApiError(409, "No dispute is open on this PaymentIntent.")
        if outcome == "escalated":
            return escalate(call, current)
        return close_as(call, current, won=outcome == "won")
    if current is not None:
        raise ApiError(409, "A dispute is open on this PaymentIntent already.")
    charge = call.get("charge", intent["latest_charge"])
    return open_dispute(call, charge, reason=given.get("reason") or "fraudulent")


def update(call: Call) -> StripeObject:
    """Take evidence. As at Stripe in test mode, its ``uncategorized_text`` decides: ``winning_evidence``…"""
    dispute = call.get("dispute")
    if dispute["status"] in CLOSED:
        raise invalid("This dispute is already closed.", code="dispute_already_closed")
    before = {**dispute, "evidence_details": dict(dispute["evidence_details"])}
    call.copy(dispute)
    evidence = call.params.get("evidence", {})
    if evidence:
        dispute["evidence"] |= {name: value or None for name, value in evidence.items()}
        dispute["evidence_details"]["has_evidence"] = True
    if not call.params.get("submit", True) or not evidence:
        call.emit("charge.dispute.updated", call.tx.save(dispute), before=before)
        return dispute
    dispute["evidence_details"]["submission_count"] += 1
    dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    call.emit("charge.dispute.updated", call.tx.save(dispute), before=before)
    match evidence.get("uncategorized_text"):
        case "winning_evidence":
            return close_as(call, dispute, won=True)
        case "losing_evidence":
            return close_as(call, dispute, won=False)
        case "escalate_inquiry_evidence" if dispute["status"].startswith("warning_"):
            return escalate(call, dispute)
    return dispute


def close(call: Call) -> StripeObject:
    dispute = call.get("dispute")
    if dispute["status"] in CLOSED:
        raise invalid("This dispute is already closed.", code="dispute_already_closed")
    return close_as(call, dispute, won=False)


def escalate(call: Call, dispute: StripeObject) -> StripeObject:
    """Turn an inquiry into a chargeback."""
    if not dispute["status"].startswith("warning_"):
        raise ApiError(409, "Only an inquiry can be escalated.")
    before = dict(dispute)
    dispute |= {"status": "needs_response", "is_charge_refundable": False}
    call.emit("charge.dispute.updated", call.tx.save(dispute), before=before)
    withdraw(call, dispute)
    return dispute


def close_as(call: Call, dispute: StripeObject, *, won: bool) -> StripeObject:
    inquiry = dispute["status"].startswith("warning_")
    if inquiry and not won:
        dispute["status"] = "lost"
        withdraw(call, dispute)
    else:
        dispute["status"] = "warning_closed" if inquiry else ("won" if won else "lost")
    call.tx.save(dispute)
    call.emit("charge.dispute.closed", dispute)
    if won and not inquiry:
        move_money(call, dispute, dispute["amount"], fee=0)
        call.emit("charge.dispute.funds_reinstated", dispute)
    return dispute
