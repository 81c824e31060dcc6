"""allauth's forms in the product's words: no placeholders, one field for a new password, refusals that say how to fix it.

Field names are allauth's; those of the sign-up beyond them are the names of the JSON body.
"""

from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import EMAIL_UNIQUE
from marketplace.common.errors import violated_constraint
from marketplace.common.forms import CodeInput
from marketplace.common.middleware import ZONE_COOKIE, known_zones

EMAIL_MISSING = _("Enter your e-mail address.")
EMAIL_INVALID = _("Enter an e-mail address such as name@example.org.")
PASSWORD_HINT = _("At least 8 characters. Long and easy to remember beats short and odd.")


class Plain:
    """Takes allauth's placeholders away and puts our words in. Stands before allauth's form."""

    fields: dict[str, forms.Field]
    codes = ("code",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.codes:
                field.widget = CodeInput()
                field.label = _("Code")
                field.error_messages["required"] = _("Enter the code.")
        for name in ("email", "login"):
            if name in self.fields:
                field = self.fields[name]
                field.label = _("E-mail")
                field.widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
                field.error_messages |= {"required": EMAIL_MISSING, "invalid": EMAIL_INVALID}
        if "password" in self.fields:
            self.fields["password"].help_text = ""  # the page links to the reset
            self.fields["password"].error_messages["required"] = _("Enter your password.")


class NewPassword(Plain):
    """Asks for a new password once: it can be shown while typing, and pasted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        self.fields.pop("password2", None)
        field = self.fields["password1"]
        field.label = _("New password")
        field.help_text = PASSWORD_HINT
        field.error_messages["required"] = _("Enter a new password.")


class LoginForm(Plain, account_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"  # where password managers look


class SignUpForm(Plain, account_forms.SignupForm):  # type: ignore[misc]  # allauth has no types
    """E-mail and, for those who like one, a password. Name and role may come along; else the welcome page asks."""

    name = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)
    role = forms.ChoiceField(
        choices=[("", ""), (User.Role.STUDENT, ""), (User.Role.MENTOR, "")],
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("Choose to learn or to teach.")},
    )
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        password = self.fields["password1"]
        password.help_text = _("At least 8 characters. Leave it empty to sign in with a code by e-mail each time.")
        wanted = context.request.GET.get("role", "")
        self.fields["role"].initial = wanted if wanted in {User.Role.STUDENT, User.Role.MENTOR} else ""
        self.fields["time_zone"].initial = context.request.COOKIES.get(ZONE_COOKIE, "")

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_time_zone(self) -> str:
        """A zone that is not known is none: the reader can choose one later, but must not be stopped by a browser."""
        zone = self.cleaned_data["time_zone"]
        return str(zone) if zone in known_zones() else ""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the account whole or not at all.

        Of two sign-ups with one address at the same moment the second is told what any sign-up with a known address
        is told: nothing, and a mail.
        """
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    made: tuple[User | None, HttpResponse | None] = super().try_save(request)
                    return made
            except IntegrityError as exc:
                if violated_constraint(exc) != EMAIL_UNIQUE:
                    raise
                self.account_already_exists = True
        make_password(self.cleaned_data.get("password1") or "none")  # as much work as for a new address
        answered: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return answered


class RequestLoginCodeForm(Plain, account_forms.RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    pass


class ConfirmLoginCodeForm(Plain, account_forms.ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    pass


class ConfirmEmailForm(Plain, account_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]  # allauth has no types
    pass


class ConfirmResetForm(Plain, account_forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]  # allauth has no types
    pass


class ChangeEmailForm(Plain, account_forms.AddEmailForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")
        self.fields["email"].help_text = _("We send a code there. The old address stays until you enter it.")


class ChangePasswordForm(NewPassword, account_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        old = self.fields["oldpassword"]
        old.label = _("Current password")
        old.help_text = ""
        old.error_messages["required"] = _("Enter the password you have now.")


class SetPasswordForm(NewPassword, account_forms.SetPasswordForm):  # type: ignore[misc]  # allauth has no types
    pass


class ResetPasswordForm(Plain, account_forms.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    pass


class ResetPasswordKeyForm(NewPassword, account_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    pass


class Again:
    """Ids of its own: "confirm it is you" also stands in a dialog over pages with forms of theirs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **{"auto_id": "again_%s"} | kwargs)


class ReauthenticateForm(Again, Plain, account_forms.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class SecondFactorForm(Plain, mfa_forms.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class ConfirmSecondFactorForm(Again, Plain, mfa_forms.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class ActivateAppForm(Plain, totp_forms.ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")


class AddPasskeyForm(Plain, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """Every passkey can sign in by itself: one kind, one explanation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this passkey")
        self.fields["name"].help_text = _("To tell it from others later, such as “Phone” or “Work laptop”.")
        self.fields["name"].required = False
        self.fields["passwordless"].widget = forms.HiddenInput()
        self.fields["passwordless"].initial = True


class RenamePasskeyForm(Plain, webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as allauth builds its forms
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this passkey")
        self.fields["name"].error_messages["required"] = _("Enter a name.")
