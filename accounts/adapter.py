"""Where allauth asks us: mails, addresses, limits, and what happens around a sign-in."""

from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import devices, emails, landing, services
from accounts.limits import account_key
from accounts.models import User
from accounts.sealing import seal, unseal
from marketplace.common.errors import FreshSignInRequired
from marketplace.common.guards import NOTHING_TO_ASK, signed_in_recently
from marketplace.common.limits import client_address
from marketplace.common.logging import get_logger

log = get_logger(__name__)

CODE_MAILS = {
    "account/email/email_confirmation_signup": "sign_up",
    "account/email/email_confirmation": "change_email",
    "account/email/login_code": "sign_in",
    "account/email/password_reset_code": "reset_password",
}
METHOD_MAILS = {
    "mfa/email/totp_activated": "app_added",
    "mfa/email/totp_deactivated": "app_removed",
    "mfa/email/webauthn_added": "passkey_added",
    "mfa/email/webauthn_removed": "passkey_removed",
    "mfa/email/recovery_codes_generated": "codes_made",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is locked. Write to our support to have it opened again."),
        "duplicate_email": _("That is your address already. Enter another one."),
        "email_password_mismatch": _(
            "That e-mail address and password do not belong together. Try again, or sign in by code."
        ),
        "enter_current_password": _("Enter the password you have now."),
        "incorrect_code": _("That code is wrong or has expired. Check the newest mail, or ask for another code."),
        "incorrect_password": _("That is not your password. Try again."),
        "rate_limited": _("That was a lot at once. Wait a little and try again."),
        "too_many_login_attempts": _("Too many tries. Wait a little, then try again."),
    }

    # Mail ------------------------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hand each of allauth's mails to ours; one that allauth adds later fails loudly here."""
        user = context.get("user")
        if purpose := CODE_MAILS.get(template_prefix):
            emails.send_code(code=context["code"], purpose=purpose, to=user or email, address=email)
        elif template_prefix == "account/email/account_already_exists":
            emails.send_account_exists(address=email)
        elif template_prefix == "account/email/unknown_account":
            if not User.objects.filter(email=email).exists():  # a locked account is not unknown; it gets no mail
                emails.send_account_unknown(address=email)
        else:
            raise LookupError(f"no mail for {template_prefix}")

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person what changed in how they sign in; these cannot be switched off."""
        device = devices.describe(self.get_http_user_agent(self.request))
        if change := METHOD_MAILS.get(template_prefix):
            emails.send_sign_in_method_changed(user=user, change=change, device=device)
        elif template_prefix in {"account/email/email_changed", "account/email/email_deleted"}:
            emails.send_email_changed(user=user, old_address=email or user.email, device=device)
        elif template_prefix in {
            "account/email/password_changed",
            "account/email/password_set",
            "account/email/password_reset",
        }:
            emails.send_password_changed(user=user, device=device)
        else:
            raise LookupError(f"no mail for {template_prefix}")

    # Accounts --------------------------------------------------------------------------------------------------------

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Add what our sign-up form asks beyond allauth's; a role that was named there is chosen with it."""
        for field in ("name", "role", "time_zone"):
            setattr(user, field, form.cleaned_data[field])
        super().save_user(request, user, form, commit=commit)
        if user.role:
            services.announce_role(user)
        return user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Verify an address by the code of this very session: whoever set the password reads the mail."""
        request.proved_by_own_code = True  # type: ignore[attr-defined]  # read by receivers.email_confirmed
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed and not request.user.is_authenticated:
            # The code ends a sign-up, which is a sign-in by code too. A new address given while signed in proves
            # nothing about who sits there.
            record_authentication(request, email_address.user, method="code", email=email_address.email)
        return confirmed

    # Signing in ------------------------------------------------------------------------------------------------------

    def login(self, request: HttpRequest, user: User) -> None:
        request.first_sign_in = user.last_login is None  # type: ignore[attr-defined]  # read just below
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, *, signup: bool, **kwargs: Any) -> HttpResponse:
        """Finish a sign-in of any kind: the notice about a new device, the reader's cookies, where to go."""
        response: HttpResponse = super().post_login(request, user, signup=signup, **kwargs)
        if not devices.is_known(request, user):
            if not request.first_sign_in:  # type: ignore[attr-defined]
                emails.send_new_sign_in(user=user, device=devices.describe(self.get_http_user_agent(request)))
            devices.remember(request, response, user)
        if signup and user.role:
            emails.send_welcome(user)
        landing.set_reader_cookies(response, user)
        if not request.path.startswith("/api/"):
            response["Location"] = landing.where_to(request, user, asked_for=response["Location"])
        log.info("signed_in", user_id=str(user.pk), signup=signup)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of the last minutes is as good as a confirmation. Of who could not be asked for one, it is demanded:
        allauth would let them pass. Raises ``FreshSignInRequired``."""
        if signed_in_recently(self.request):
            return False
        if not self.get_reauthentication_methods(self.request.user):
            raise FreshSignInRequired(NOTHING_TO_ASK)
        return True

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return landing.home_of(request.user)

    get_signup_redirect_url = get_login_redirect_url

    # Limits ----------------------------------------------------------------------------------------------------------

    def get_client_ip(self, request: HttpRequest) -> str:
        """The product's one answer to where a request comes from: forwarding headers only as configured."""
        address = client_address(request)
        try:
            return str(ip_address(address))
        except ValueError:  # a local socket has none; these share one bucket
            return "0.0.0.0"  # noqa: S104  # no listening here

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth puts the host name into the key, which would give each of the site's names tries of its own.
        return account_key(credentials["email"])

    def is_ajax(self, request: HttpRequest) -> bool:
        """Only the passkey's options are asked for by script; JSON callers have routes of their own."""
        match = request.resolver_match
        is_passkey = match is not None and match.url_name == "mfa_login_webauthn"
        return is_passkey and request.method == "GET" and request.headers.get("Accept") == "application/json"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code is wrong. Enter the one that your app shows now, or a recovery code."),
    }

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)  # what authenticator apps and passkey dialogs show, not the host name

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002  # allauth's name
        """Suggest for a new passkey the name of the device that makes it."""
        return devices.describe(get_adapter().get_http_user_agent(self.request))
