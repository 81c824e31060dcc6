"""What a decline means, in words that help the student to go on. Codes: https://docs.stripe.com/declines/codes."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DECLINES: dict[str, Promise] = {
    "insufficient_funds": _("The card does not have enough money on it. Use another card."),
    "expired_card": _("The card has expired. Use another card."),
    "incorrect_cvc": _("The security code is not the card’s. Check it and try again."),
    "incorrect_number": _("The card number is not right. Check it and try again."),
    "processing_error": _("The bank could not be reached. Try again in a moment."),
    "card_velocity_exceeded": _("The card was used too often today. Use another card."),
    "authentication_required": _("The bank asks for one more step. Try again and confirm it."),
    "payment_intent_authentication_failure": _("The bank’s step was not finished. Try again or use another card."),
}
DECLINED = _("The bank declined the card. Use another card, or ask your bank why.")


def decline_sentence(code: str) -> Promise:
    return DECLINES.get(code, DECLINED)
