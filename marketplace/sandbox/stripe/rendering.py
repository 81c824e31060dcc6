"""Showing stored objects: expansion, what a browser may see, and facts that depend on the time."""

import json

from .call import Call
from .errors import invalid
from .listing import small
from .objects import Json, StripeObject, visible

KINDS = {
    "pi": "payment_intent", "ch": "charge", "py": "charge", "pm": "payment_method", "cus": "customer",
    "txn": "balance_transaction", "re": "refund", "tr": "transfer", "trr": "transfer_reversal", "po": "payout",
    "du": "dispute", "acct": "account", "ba": "bank_account",
}  # fmt: skip
MAX_EXPAND_DEPTH = 4
BROWSER_FIELDS = frozenset(
    [
        "id",
        "object",
        "amount",
        "amount_details",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "capture_method",
        "client_secret",
        "confirmation_method",
        "created",
        "currency",
        "description",
        "last_payment_error",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_configuration_details",
        "payment_method_types",
        "processing",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "source",
        "status",
    ]
)
"""What Stripe's script sees of an intent: no metadata, no charge, no customer."""


def shown(call: Call, answer: StripeObject) -> StripeObject:
    """Return the answer as the caller may see it, with what ``expand`` asks for in place."""
    body: StripeObject = json.loads(json.dumps(answer))
    for path in call.params.get("expand") or []:
        steps = path.split(".")
        if len(steps) > MAX_EXPAND_DEPTH + (steps[0] == "data"):
            raise invalid(f"You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property.", param="expand")
        expand(call, body, steps, path)
    body = visible(settled(call, body))
    return for_browser(body) if call.publishable else body


def for_browser(body: StripeObject) -> StripeObject:
    if body.get("object") == "payment_intent":
        return {name: value for name, value in body.items() if name in BROWSER_FIELDS}
    return body


def settled(call: Call, value: Json) -> Json:
    """Let balance transactions become available when their time has come."""
    if isinstance(value, list):
        return [settled(call, inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.get("object") == "balance_transaction":
        value["status"] = "available" if value["available_on"] <= call.tx.seconds() else "pending"
    return {name: settled(call, inner) for name, inner in value.items()}


def expand(call: Call, body: Json, steps: list[str], path: str) -> None:
    if isinstance(body, list):
        for inner in body:
            expand(call, inner, steps, path)
        return
    name, *rest = steps
    if not isinstance(body, dict) or (name not in body and name != "refunds"):
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    if name == "refunds" and body.get("object") == "charge":
        found = call.tx.select("refund", where="AND json_extract(body, '$.charge') = ?", values=(body["id"],))
        body[name] = small(found, f"/v1/charges/{body['id']}/refunds")
    value = body.get(name)
    if isinstance(value, int | float):
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(value, str):
        body[name] = value = referred(call, value, path)
    if rest and value is not None:
        expand(call, value, rest, path)


def referred(call: Call, object_id: str, path: str) -> StripeObject:
    kind = KINDS.get(object_id.partition("_")[0])
    found = call.tx.find(object_id, kind, account="*") if kind else None
    if found is None:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    return found
