"""Payment methods: cards only, made of Stripe's test numbers, ``pm_card_…`` and ``tok_…``."""

from datetime import UTC, datetime

from .call import Call
from .cards import BY_NAME, BY_NUMBER, EXPIRED, INCORRECT_CVC, INCORRECT_NUMBER, LIVE_CARD, Card, Decline, passes_luhn
from .errors import ApiError, invalid
from .objects import Json, StripeObject, make_id, merged_metadata

NO_BILLING_DETAILS: StripeObject = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
EMPTY_ADDRESS: StripeObject = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
TYPES = ("card", "link")


def create(call: Call) -> StripeObject:
    call.refuse_uncovered("type", "card", "billing_details", "allow_redisplay")
    if "type" not in call.params:
        raise invalid("Missing required param: type.", code="parameter_missing", param="type")
    return make(call, call.params)


def retrieve(call: Call) -> StripeObject:
    name = call.ids["payment_method"]
    if name.startswith("pm_card_"):
        return from_name(call, name)
    return call.get("payment_method")


def update(call: Call) -> StripeObject:
    call.refuse_uncovered("billing_details", "allow_redisplay", "card")
    method = call.get("payment_method")
    call.copy(method, "allow_redisplay")
    if "billing_details" in call.params:
        method["billing_details"] = billing_details(call.params["billing_details"])
    for part in ("exp_month", "exp_year"):
        if part in call.params.get("card", {}):
            method["card"][part] = call.params["card"][part]
    return call.tx.save(method)


def attach(call: Call) -> StripeObject:
    customer = call.get("customer", call.params["customer"], param="customer") if "customer" in call.params else None
    if customer is None:
        raise invalid("Missing required param: customer.", code="parameter_missing", param="customer")
    name = call.ids["payment_method"]
    method = from_name(call, name) if name.startswith("pm_card_") else call.get("payment_method")
    if method["customer"]:
        raise invalid("The payment method you provided has already been attached to a customer.")
    method["customer"] = customer["id"]
    call.emit("payment_method.attached", call.tx.save(method))
    return method


def detach(call: Call) -> StripeObject:
    method = call.get("payment_method")
    if not method["customer"]:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    before = dict(method)
    method["customer"] = None
    call.emit("payment_method.detached", call.tx.save(method), before=before)
    return method


def resolve(call: Call, given: str) -> StripeObject:
    """Return the payment method that a request names: an id, or Stripe's name of a test card."""
    if given.startswith("pm_card_"):
        return from_name(call, given)
    return call.get("payment_method", given, param="payment_method")


def from_name(call: Call, name: str) -> StripeObject:
    """Make a payment method of a test card's name. Each use makes a new one, as at Stripe."""
    card = BY_NAME.get(name.removeprefix("pm_card_"))
    if card is None:
        raise ApiError(404, f"No such PaymentMethod: '{name}'", code="resource_missing", param="payment_method")
    return store(call, card, *far_future(), {})


def far_future() -> tuple[int, int]:
    today = datetime.now(UTC)
    return today.month, today.year + 1


def make(call: Call, data: dict[str, Json]) -> StripeObject:
    """Make a payment method of the fields that Stripe's form collects; 402 when the card cannot be right."""
    if data.get("type", "card") != "card":
        raise invalid(f"The payment sandbox covers cards only, not {data['type']}.", param="type")
    given = data.get("card")
    if not given:
        raise invalid("Missing required param: card.", code="parameter_missing", param="card")
    if "token" in given:
        card = BY_NAME.get(given["token"].removeprefix("tok_"))
        if card is None:
            raise ApiError(404, f"No such token: '{given['token']}'", code="resource_missing", param="card[token]")
        return store(call, card, *far_future(), data)
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise invalid(f"Missing required param: card[{name}].", code="parameter_missing", param=f"card[{name}]")
    number = given["number"].replace(" ", "").replace("-", "")
    return store(
        call, card_of(number), *checked_expiry(given["exp_month"], given["exp_year"]), data, cvc=given.get("cvc")
    )


def card_of(number: str) -> Card:
    if not number.isascii() or not number.isdigit() or not 12 <= len(number) <= 19 or not passes_luhn(number):
        raise card_error(INCORRECT_NUMBER)
    if number not in BY_NUMBER:
        raise card_error(LIVE_CARD)
    return BY_NUMBER[number]


def checked_expiry(month: int, year: int) -> tuple[int, int]:
    today = datetime.now(UTC)
    year = year + 2000 if year < 100 else year
    if not 1 <= month <= 12:
        raise card_error(Decline("invalid_expiry_month", "Your card's expiration month is invalid.", "invalid_expiry_month",
                                 "exp_month"))  # fmt: skip
    if not today.year <= year <= today.year + 50:
        raise card_error(Decline("invalid_expiry_year", "Your card's expiration year is invalid.", "invalid_expiry_year",
                                 "exp_year"))  # fmt: skip
    if (year, month) < (today.year, today.month):
        raise card_error(EXPIRED)
    return month, year


def store(
    call: Call, card: Card, month: int, year: int, data: dict[str, Json], *, cvc: str | None = None
) -> StripeObject:
    if cvc is not None and (not cvc.isdigit() or len(cvc) != (4 if card.brand == "amex" else 3)):
        raise card_error(Decline(INCORRECT_CVC.code, "Your card's security code is invalid.", "invalid_cvc", "cvc"))
    return call.tx.insert(
        {
            "id": make_id("pm"),
            "object": "payment_method",
            "_number": card.number,
            "allow_redisplay": data.get("allow_redisplay", "unspecified"),
            "billing_details": billing_details(data.get("billing_details") or {}),
            "card": {
                "brand": card.brand,
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": "pass" if cvc else None,
                },
                "country": card.country,
                "display_brand": card.brand,
                "exp_month": month,
                "exp_year": year,
                "fingerprint": f"sandbox{card.number[-8:]}",
                "funding": card.funding,
                "generated_from": None,
                "last4": card.number[-4:],
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "created": call.tx.seconds(),
            "customer": None,
            "livemode": False,
            "metadata": merged_metadata({}, data.get("metadata", {})),
            "type": "card",
        }
    )


def billing_details(given: dict[str, Json]) -> StripeObject:
    details = {**NO_BILLING_DETAILS, **{name: value or None for name, value in given.items()}}
    details["address"] = {**EMPTY_ADDRESS, **(details["address"] or {})}
    return details


def card_behind(method: StripeObject) -> Card:
    return BY_NUMBER[method["_number"]]


def card_error(decline: Decline, *, keeps: bool = False, **details: Json) -> ApiError:
    """Return a 402 in Stripe's shape; ``details`` are the objects that the refusal is about."""
    return ApiError(
        402,
        decline.message,
        kind="card_error",
        code=decline.code,
        param=decline.param,
        keeps=keeps,
        decline_code=decline.decline_code,
        **details,
    )
