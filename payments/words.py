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


# https://docs.stripe.com/api/payouts/failures
PAYOUT_FAILURES: dict[str, Promise] = {
    "account_closed": _("The bank account is closed."),
    "account_frozen": _("The bank account is frozen."),
    "bank_account_restricted": _("The bank account does not take this kind of payment."),
    "bank_ownership_changed": _("The bank account has moved to another bank."),
    "could_not_process": _("The bank could not take the money."),
    "debit_not_authorized": _("The bank account does not allow it."),
    "declined": _("The bank declined it."),
    "incorrect_account_holder_name": _("The name of the account’s holder is not right."),
    "incorrect_account_holder_address": _("The address of the account’s holder is not right."),
    "invalid_account_number": _("The account number is not right."),
    "invalid_currency": _("The bank account does not take this currency."),
    "no_account": _("There is no bank account with this number."),
}
PAYOUT_FAILED = _("The bank sent the money back.")


def payout_failure(code: str) -> Promise:
    return PAYOUT_FAILURES.get(code, PAYOUT_FAILED)
