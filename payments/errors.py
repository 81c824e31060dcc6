"""Why a payment was refused, and what can go wrong between us and the provider."""

from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError, Unavailable


class AlreadyPaid(DomainError):
    code = "already_paid"
    user_message = _("This session is paid. Nothing more is due.")


class BadSignature(DomainError):
    """A webhook body that the provider did not sign, or not lately."""

    code = "bad_signature"
    user_message = _("The signature does not fit this body.")


class BadEvent(DomainError):
    """A webhook body that is signed and still no event."""

    code = "malformed"
    user_message = _("The body is not an event.")


class ProviderUnavailable(Unavailable):
    """The payment provider does not answer, or asks us to come again. Asking again under the same key is right."""

    user_message = _("The payment service does not answer right now. Nothing was charged. Try again in a moment.")


class AnswerLost(ProviderUnavailable):
    """The provider keeps a server error under our idempotency key and repeats it: what it did must be looked up."""


class ProviderRefused(Exception):
    """The provider understood and refused. Not expected: something here or there must change."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownObject(ProviderRefused):
    """The provider has no such object."""


class AlreadySucceeded(Exception):
    """The intent can't be stopped any more: it is paid."""


class NothingPaid(DomainError):
    """A refund of a booking without accepted money; what was rejected is on its way back by itself."""

    code = "wrong_state"
    user_message = _("Nothing was paid for this session that could be sent back.")


class AboveLimit(DomainError):
    code = "above_limit"
    user_message = _("That is more than what is left of this payment. Enter a smaller amount.")
    field = "amount_minor"


class SamePerson(DomainError):
    code = "wrong_state"
    user_message = _("You asked for this refund yourself. Somebody else of finance must decide it.")


class NotYetApproved(DomainError):
    """Payouts are set up once somebody has earned the right to earn."""

    code = "wrong_state"
    user_message = _("You set up payouts once you are approved.")


class CountryRefused(DomainError):
    """The provider opens no account there, or not for what we do."""

    user_message = _("Our payment provider can’t pay out there. Choose the country that your bank account is in.")
    field = "country"
