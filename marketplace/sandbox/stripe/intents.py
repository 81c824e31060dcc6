"""PaymentIntents: https://docs.stripe.com/payments/paymentintents/lifecycle."""

from . import charges, payment_methods
from .call import Call
from .cards import AUTHENTICATION_REQUIRED, Card, Decline
from .errors import ApiError, invalid, unexpected_state
from .objects import Json, StripeObject, make_id, visible
from .payment_methods import card_behind, card_error

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
PLAIN = ("description", "receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix",
         "transfer_group", "setup_future_usage")  # fmt: skip
ATTEMPT = ("payment_method", "payment_method_data", "return_url", "use_stripe_sdk", "off_session",
           "error_on_requires_action", "client_secret", "amount_to_confirm", "key", "is_stripe_sdk",
           "expected_payment_method_type")  # fmt: skip
METHODS = ("allowed_payment_method_types", "excluded_payment_method_types")
IGNORED = ("confirmation_method", "payment_method_options", "mandate_data", "payment_method_configuration",
           "radar_options", "amount_details", "hooks")  # fmt: skip
"""Accepted and without effect: they do not change what is paid, by whom or when."""
AUTHENTICATION_FAILED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this PaymentIntent again."
)


def create(call: Call) -> StripeObject:
    params = call.params
    call.refuse_uncovered("amount", "currency", "automatic_payment_methods", "capture_method", "customer", "confirm",
                          *METHODS, *PLAIN, *ATTEMPT, *IGNORED)  # fmt: skip
    params["currency"] = params["currency"].lower()
    call.check_amount(params["amount"], params["currency"])
    if params.get("capture_method") == "manual":
        raise invalid("The payment sandbox captures at once; it does not cover manual capture.", param="capture_method")
    intent_id = make_id("pi")
    intent: StripeObject = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        **accepted_methods(params),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": make_id(f"{intent_id}_secret", 25),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": call.tx.seconds(),
        "currency": params["currency"],
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    call.copy(intent, *PLAIN)
    set_customer(call, intent)
    choose_method(call, intent)
    call.tx.insert(intent)
    call.emit("payment_intent.created", intent)
    if params.get("confirm"):
        return attempt(call, intent)
    for name in ("off_session", "error_on_requires_action", "return_url"):
        if name in params:
            raise invalid(f"You can only provide `{name}` when `confirm` is `true`.", param=name)
    return intent


def accepted_methods(params: dict[str, Json]) -> StripeObject:
    """Say how it may be paid: what the account takes (cards, Link), less what the request leaves out."""
    allowed, excluded = params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types") or []
    types = [one for one in payment_methods.TYPES if one not in excluded and (allowed is None or one in allowed)]
    if not types:
        raise invalid("The payment sandbox covers cards only, and the request leaves none.",
                      param="allowed_payment_method_types")  # fmt: skip
    automatic = params.get("automatic_payment_methods", {"enabled": allowed is None})
    redirects = automatic.get("allow_redirects", "always")
    return {
        "allowed_payment_method_types": allowed,
        "automatic_payment_methods": {"allow_redirects": redirects, "enabled": True} if automatic["enabled"] else None,
        "excluded_payment_method_types": excluded or None,
        "payment_method_types": types,
    }


def retrieve(call: Call) -> StripeObject:
    intent = call.get("payment_intent")
    check_client_secret(call, intent)
    return intent


def check_client_secret(call: Call, intent: StripeObject) -> None:
    """Hold a browser to the intent whose secret it has; with the secret key the client secret may be left out."""
    given = call.params.get("client_secret")
    if given is None and call.publishable:
        raise invalid("Missing required param: client_secret.", code="parameter_missing", param="client_secret")
    if given is not None and given != intent["client_secret"]:
        raise invalid("The client_secret provided does not match the client_secret associated with this PaymentIntent.",
                      code="payment_intent_invalid_parameter", param="client_secret")  # fmt: skip


def update(call: Call) -> StripeObject:
    params = call.params
    call.refuse_uncovered("amount", "currency", "customer", "payment_method", "payment_method_data",
                          *METHODS, *PLAIN, *IGNORED)  # fmt: skip
    intent = call.get("payment_intent")
    if intent["status"] not in OPEN:
        for name in params.keys() - {"metadata", "description", "transfer_group", "receipt_email"}:
            raise unexpected_state(
                f"This PaymentIntent's {name} could not be updated because it has a status of {intent['status']}. You may "
                f"only update the {name} of a PaymentIntent with one of the following statuses: {', '.join(OPEN)}.",
                payment_intent=visible(intent),
            )
    amount: int = params["amount"] if "amount" in params else intent["amount"]
    currency = (params.get("currency") or intent["currency"]).lower()
    if (amount, currency) != (intent["amount"], intent["currency"]):
        call.check_amount(amount, currency)
        intent["amount"], intent["currency"] = amount, currency
        if intent["status"] == "requires_action":  # what the payer was asked to approve is not what they would pay
            intent |= {"status": "requires_confirmation", "next_action": None}
    call.copy(intent, *PLAIN)
    if any(name in params for name in METHODS):
        kept = {name: intent[name] for name in METHODS if intent[name]}
        kept["automatic_payment_methods"] = intent["automatic_payment_methods"] or {"enabled": False}
        intent |= accepted_methods({**kept, **params})
    set_customer(call, intent)
    choose_method(call, intent)
    return call.tx.save(intent)


def confirm(call: Call) -> StripeObject:
    call.refuse_uncovered(*PLAIN, *ATTEMPT, *IGNORED, "capture_method")
    intent = call.get("payment_intent")
    check_client_secret(call, intent)
    if intent["status"] == "succeeded":
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
            payment_intent=visible(intent),
        )
    if intent["status"] not in OPEN:
        raise unexpected_state(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            "with one of the following statuses may be confirmed: requires_confirmation, requires_action.",
            payment_intent=visible(intent),
        )
    if call.params.get("amount_to_confirm", intent["amount"]) != intent["amount"]:
        raise invalid(f"The amount to confirm is not the PaymentIntent's amount ({intent['amount']}).",
                      param="amount_to_confirm")  # fmt: skip
    call.copy(intent, *PLAIN)
    choose_method(call, intent)
    return attempt(call, intent)


def pay_by_hand(call: Call) -> StripeObject:
    """Confirm as the payer's browser would. Returns the intent, whether it was paid or declined."""
    try:
        return confirm(call)
    except ApiError as declined:
        if not declined.keeps:
            raise
        return call.get("payment_intent")


def cancel(call: Call) -> StripeObject:
    intent = call.get("payment_intent")
    if intent["status"] not in (*OPEN, "processing", "requires_capture"):
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent with "
            "one of the following statuses may be canceled: requires_payment_method, requires_capture, "
            "requires_confirmation, requires_action, processing.",
            payment_intent=visible(intent),
        )
    intent |= {
        "status": "canceled",
        "canceled_at": call.tx.seconds(),
        "cancellation_reason": call.params.get("cancellation_reason"),
        "next_action": None,
    }
    call.emit("payment_intent.canceled", call.tx.save(intent))
    return intent


def set_customer(call: Call, intent: StripeObject) -> None:
    if call.params.get("customer"):
        intent["customer"] = call.get("customer", call.params["customer"], param="customer")["id"]


def choose_method(call: Call, intent: StripeObject) -> None:
    """Take the payment method that the request names or describes, if it does."""
    if call.params.get("payment_method"):
        method = payment_methods.resolve(call, call.params["payment_method"])
        if method["customer"] and method["customer"] != intent["customer"]:
            raise invalid(
                "The payment method you provided is attached to a customer; give the PaymentIntent that customer.",
                param="payment_method",
            )
    elif call.params.get("payment_method_data"):
        method = payment_methods.make(call, call.params["payment_method_data"])
    else:
        return
    intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}


def attempt(call: Call, intent: StripeObject) -> StripeObject:
    """Pay with the intent's method, or ask the bank's step of the payer. Raises a 402 that stands when declined."""
    if intent["payment_method"] is None:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment "
            "method or ConfirmationToken.",
            payment_intent=visible(intent),
        )
    method = call.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    intent["last_payment_error"] = None
    if not asks_the_payer(call, card_behind(method), method):
        return pay(call, intent, method)
    if call.params.get("off_session") or call.params.get("error_on_requires_action"):
        return pay(call, intent, method, decline=AUTHENTICATION_REQUIRED)
    intent |= {"status": "requires_action", "next_action": next_action(call, intent)}
    call.emit("payment_intent.requires_action", call.tx.save(intent))
    return intent


def asks_the_payer(call: Call, card: Card, method: StripeObject) -> bool:
    if card.authentication == "unless_set_up":
        return not (call.params.get("off_session") and method["customer"])
    return card.authentication == "always"


def next_action(call: Call, intent: StripeObject) -> StripeObject:
    """Say where the bank's step is done: in Stripe's script, or on a page that leads back to ``return_url``."""
    page = f"{call.base_url}/v3/authenticate/{intent['id']}?client_secret={intent['client_secret']}"
    return_url = call.params.get("return_url")
    if return_url and not call.params.get("use_stripe_sdk"):
        intent["_return_url"] = return_url
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": page}}
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page, "source": make_id("src")},
    }


def pay(
    call: Call,
    intent: StripeObject,
    method: StripeObject,
    *,
    decline: Decline | None = None,
    authenticated: bool = False,
) -> StripeObject:
    card = card_behind(method)
    decline = decline or card.decline
    charge = charges.charge_intent(call, intent, method, decline=decline, authenticated=authenticated)
    intent["latest_charge"] = charge["id"]
    if decline:
        error = card_error(decline, keeps=True, charge=charge["id"], payment_method=visible(method))
        fail(call, intent, error)
        raise error
    if intent["setup_future_usage"] and intent["customer"]:
        method["customer"] = intent["customer"]
        call.emit("payment_method.attached", call.tx.save(method))
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "next_action": None}
    call.emit("payment_intent.succeeded", call.tx.save(intent))
    charges.follow_up(call, charge, card)
    return intent


def fail(call: Call, intent: StripeObject, error: ApiError) -> None:
    """Set the intent back to where another method may be tried, and put it into the error, as Stripe does."""
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": dict(error.body),
        "payment_method": None,
        "next_action": None,
    }
    call.emit("payment_intent.payment_failed", call.tx.save(intent))
    error.body["payment_intent"] = visible(intent)


def authenticate(call: Call, intent: StripeObject, *, succeeds: bool) -> StripeObject:
    """End the bank's step. Returns the intent, whatever came of it; 409 when no step is open."""
    if intent["status"] != "requires_action":
        raise ApiError(409, f"This PaymentIntent has a status of {intent['status']}: no bank is asking.",
                       code="payment_intent_unexpected_state")  # fmt: skip
    method = call.get("payment_method", intent["payment_method"])
    if not succeeds:
        fail(
            call,
            intent,
            ApiError(
                402, AUTHENTICATION_FAILED, code="payment_intent_authentication_failure", payment_method=visible(method)
            ),
        )
        return intent
    try:
        return pay(call, intent, method, authenticated=True)
    except ApiError as declined:
        if not declined.keeps:
            raise
        return intent
