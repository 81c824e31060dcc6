"""Why an account's request was refused."""

from django.utils.translation import gettext_lazy as _

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
