"""One function per mail about an account. They are queued in the caller's transaction (``common.mailing``)."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import SupportRequest, User
from marketplace.common.mailing import send


def send_code(*, code: str, purpose: str, to: User | str, address: str | None = None) -> None:
    """Send a one-time code. ``purpose``: ``sign_up``, ``sign_in``, ``change_email`` or ``reset_password``."""
    minutes = settings.CODE_SECONDS // 60
    context = {"code": f"{code[:3]} {code[3:]}", "purpose": purpose, "minutes": minutes}
    send("code", to=to, address=address, context=context, good_for=timedelta(minutes=minutes))


def send_account_exists(*, address: str) -> None:
    """Answer a sign-up with an address that has an account; the page said the same as for any other."""
    context = {"sign_in_url": absolute("account_request_login_code"), "reset_url": absolute("account_reset_password")}
    send("account_exists", to=address, context=context)


def send_account_unknown(*, address: str) -> None:
    """Answer a code or a reset asked for with an address that has no account."""
    send("account_unknown", to=address, context={"sign_up_url": absolute("account_signup")})


def send_password_changed(*, user: User, device: str) -> None:
    send("password_changed", to=user, context={"user": user, "device": device, "at": timezone.now(), **_security()})


def send_email_changed(*, user: User, old_address: str, device: str) -> None:
    """Tell the address that was left."""
    context = {"user": user, "device": device, "at": timezone.now()}
    send("email_changed", to=user, address=old_address, context=context)


def send_sign_in_method_changed(*, user: User, change: str, device: str) -> None:
    """``change``: ``app_added``, ``app_removed``, ``passkey_added``, ``passkey_removed`` or ``codes_made``."""
    context = {"user": user, "change": change, "device": device, "at": timezone.now(), **_security()}
    send("sign_in_method_changed", to=user, context=context)


def send_new_sign_in(*, user: User, device: str) -> None:
    send("new_sign_in", to=user, context={"user": user, "device": device, "at": timezone.now(), **_security()})


def send_welcome(user: User) -> None:
    url = f"{settings.SITE_URL}/mentor/start/" if user.is_mentor else f"{settings.SITE_URL}/mentors/"
    send("welcome", to=user, context={"user": user, "url": url})


def send_account_closed(user: User, *, address: str) -> None:
    """Say goodbye to the address that the account had; queued while it still has it."""
    send("account_closed", to=user, address=address, context={"privacy_url": absolute("help-privacy")})


def send_report_received(request: SupportRequest, *, to: User) -> None:
    """Tell who wrote that we have it, and under which reference."""
    send("report_received", to=to, context={"report": request})


def send_support_asked(request: SupportRequest, *, to: User) -> None:
    """Tell a colleague of support that somebody wrote. Not what: each look at that leaves an audit row."""
    send("support_asked", to=to, context={"report": request})


def absolute(name: str) -> str:
    return f"{settings.SITE_URL}{reverse(name)}"


def _security() -> dict[str, str]:
    return {"security_url": absolute("security"), "reset_url": absolute("account_reset_password")}
