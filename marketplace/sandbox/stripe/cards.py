"""Stripe's test cards and what each one does: https://docs.stripe.com/testing.

A card is known by its number, by ``pm_card_…`` and by ``tok_…``. Other numbers are refused: the sandbox
neither wants nor keeps anybody's real card.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Decline:
    code: str
    message: str
    decline_code: str
    param: str | None = None


@dataclass(frozen=True)
class Card:
    number: str
    names: tuple[str, ...]
    """What follows ``pm_card_`` and ``tok_``."""
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    authentication: Literal["no", "always", "unless_set_up"] = "no"
    """Whether the bank asks the payer in; ``unless_set_up`` lets a saved card pass when the payer is away."""
    dispute: Literal["", "fraudulent", "product_not_received", "inquiry"] = ""
    refund: Literal["succeeds", "fails", "waits"] = "succeeds"
    """``fails``: succeeds, then fails; ``waits``: pending, then succeeds."""
    available_at_once: bool = False


def declined(decline_code: str, message: str = "Your card was declined.") -> Decline:
    return Decline("card_declined", message, decline_code)


INSUFFICIENT_FUNDS = declined("insufficient_funds", "Your card has insufficient funds.")
GENERIC = declined("generic_decline")
FRAUDULENT = declined("fraudulent")
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
INCORRECT_NUMBER = Decline("incorrect_number", "Your card number is incorrect.", "incorrect_number", "number")
LIVE_CARD = declined(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)
EXPIRED = Decline("expired_card", "Your card has expired.", "expired_card", "exp_month")
INCORRECT_CVC = Decline("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc", "cvc")
PROCESSING_ERROR = Decline(
    "processing_error", "An error occurred while processing your card. Try again in a little bit.", "processing_error"
)

CARDS = (
    Card("4242424242424242", ("visa", "us")),
    Card("4000056655665556", ("visa_debit",), funding="debit"),
    Card("5555555555554444", ("mastercard",), brand="mastercard"),
    Card("2223003122003222", ("mastercard_2series",), brand="mastercard"),
    Card("5200828282828210", ("mastercard_debit",), brand="mastercard", funding="debit"),
    Card("5105105105105100", ("mastercard_prepaid",), brand="mastercard", funding="prepaid"),
    Card("378282246310005", ("amex",), brand="amex"),
    Card("371449635398431", ("amex_2",), brand="amex"),
    Card("6011111111111117", ("discover",), brand="discover"),
    Card("3056930009020004", ("diners",), brand="diners"),
    Card("3566002020360505", ("jcb",), brand="jcb", country="JP"),
    Card("6200000000000005", ("unionpay",), brand="unionpay", country="CN"),
    Card("4000008260000000", ("gb",), country="GB"),
    Card("4000002760000016", ("de",), country="DE"),
    Card("4000002500000003", ("fr",), country="FR"),
    Card("4000001240000000", ("ca",), country="CA"),
    Card("4000000000000077", ("bypassPending",), available_at_once=True),
    Card("4000003720000278", ("bypassPendingInternational",), country="IE", available_at_once=True),
    # Refused by the bank
    Card("4000000000000002", ("chargeDeclined", "visa_chargeDeclined"), decline=GENERIC),
    Card(
        "4000000000009995",
        ("chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"),
        decline=INSUFFICIENT_FUNDS,
    ),
    Card("4000000000009987", ("visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"), decline=declined("lost_card")),
    Card(
        "4000000000009979",
        ("visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"),
        decline=declined("stolen_card"),
    ),
    Card("4000000000000069", ("chargeDeclinedExpiredCard",), decline=EXPIRED),
    Card("4000000000000127", ("chargeDeclinedIncorrectCvc",), decline=INCORRECT_CVC),
    Card("4000000000000119", ("chargeDeclinedProcessingError",), decline=PROCESSING_ERROR),
    Card(
        "4000000000006975",
        ("visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"),
        decline=declined(
            "card_velocity_exceeded", "Your card was declined for making repeated attempts too frequently."
        ),
    ),
    Card("4100000000000019", ("radarBlock", "chargeDeclinedFraudulent"), decline=FRAUDULENT),
    # The bank asks the payer in
    Card("4000002760003184", ("authenticationRequired",), country="DE", authentication="always"),
    Card("4000002500003155", ("authenticationRequiredOnSetup",), country="FR", authentication="unless_set_up"),
    Card(
        "4000003800000446", ("authenticationRequiredSetupForOffSession",), country="HU", authentication="unless_set_up"
    ),
    Card("4000000000003220", ("threeDSecure2Required",), authentication="always"),
    Card("4000000000003063", ("threeDSecureRequired",), authentication="always"),
    Card(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        country="GB",
        authentication="always",
        decline=INSUFFICIENT_FUNDS,
    ),
    Card("4000008400001629", ("threeDSecureRequiredChargeDeclined",), authentication="always", decline=GENERIC),
    Card("4000000000003055", ("threeDSecureOptional",)),
    # What comes after the payment
    Card("4000000000000259", ("createDispute",), dispute="fraudulent"),
    Card("4000000000002685", ("createDisputeProductNotReceived",), dispute="product_not_received"),
    Card("4000000000001976", ("createDisputeInquiry",), dispute="inquiry"),
    Card("4000000000005126", ("refundFail",), refund="fails"),
    Card("4000000000007726", ("pendingRefund",), refund="waits"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {name: card for card in CARDS for name in card.names}


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
