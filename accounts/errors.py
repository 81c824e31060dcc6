"""Why an account's request was refused."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.closing import Hindrance
from marketplace.common.errors import DomainError


class BadCredentials(DomainError):
    code = "bad_credentials"
    user_message = _("That e-mail address and password do not belong together. Try again, or sign in by code.")


class Locked(DomainError):
    """Told only to who knows the password."""

    code = "bad_credentials"
    user_message = _("This account is locked. Write to our support to have it opened again.")


class EmailUnverified(DomainError):
    code = "email_unverified"
    user_message = _("The e-mail address is not verified yet. We have sent a new code to it.")


class SecondStepNeeded(DomainError):
    code = "mfa_required"
    user_message = _("This account has a second factor. Finish the sign-in on the sign-in page.")


class BadCode(DomainError):
    code = "bad_code"
    field = "code"
    user_message = _("That code is wrong or has expired. Check the newest mail, or ask for another code.")


class AlreadySignedIn(DomainError):
    code = "wrong_state"
    user_message = _("You are signed in. Log out first to make another account.")


class RoleAlreadyChosen(DomainError):
    code = "wrong_state"
    user_message = _("This account has chosen already, and the choice stays. Sign up with another address instead.")


class UnknownZone(DomainError):
    field = "time_zone"
    user_message = _("Choose a time zone from the list.")


class NotLockable(DomainError):
    code = "wrong_state"
    user_message = _("You cannot lock your own account. Ask a colleague.")


class WrongLockState(DomainError):
    code = "wrong_state"
    user_message = _("A colleague was faster: the account is in that state already.")


class AddressTaken(DomainError):
    field = "email"
    user_message = _("There is an account with this address already. Staff need an address of their own.")


class SupportRequestClosed(DomainError):
    code = "wrong_state"
    user_message = _("A colleague was faster: this report is closed already.")


class StaffNotClosable(DomainError):
    code = "wrong_state"
    user_message = _("Accounts of our staff are not closed here. Ask whoever set up yours to take it away.")


class SomethingOpen(DomainError):
    """Sessions or money are still on their way; ``hindrances`` says which."""

    code = "wrong_state"
    user_message = _("Your account can’t be closed yet. A few things have to end first.")

    def __init__(self, hindrances: Sequence[Hindrance]) -> None:
        super().__init__()
        self.hindrances = hindrances
