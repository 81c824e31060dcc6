"""Sign-in rules: e-mail and password or a mailed code, verification by code before the first sign-in, MFA, passkeys.

The rates of product.md §9 come from the environment and are put into ``ACCOUNT_RATE_LIMITS`` by ``settings.py``.
"""

CODE_SECONDS = 15 * 60
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.signin_forms.LoginForm",
    "signup": "accounts.signin_forms.SignUpForm",
    "add_email": "accounts.signin_forms.ChangeEmailForm",
    "change_password": "accounts.signin_forms.ChangePasswordForm",
    "set_password": "accounts.signin_forms.SetPasswordForm",
    "reset_password": "accounts.signin_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.signin_forms.ResetPasswordKeyForm",
    "request_login_code": "accounts.signin_forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.signin_forms.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "accounts.signin_forms.ConfirmEmailForm",
    "confirm_password_reset_code": "accounts.signin_forms.ConfirmResetForm",
    "reauthenticate": "accounts.signin_forms.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # without a password one signs in by code
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = CODE_SECONDS
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = CODE_SECONDS
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# By code too: no key in an address that logs and histories keep, and one kind of mail to recognise.
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = CODE_SECONDS
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_CHANGE_EMAIL = True

MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.signin_forms.SecondFactorForm",
    "reauthenticate": "accounts.signin_forms.ConfirmSecondFactorForm",
    "activate_totp": "accounts.signin_forms.ActivateAppForm",
    "add_webauthn": "accounts.signin_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.signin_forms.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a phone's clock half a minute off is no reason to refuse

USERSESSIONS_TRACK_ACTIVITY = False
