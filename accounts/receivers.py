"""What accounts hears from allauth."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, password_changed, password_reset, password_set
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import services
from accounts.models import User
from marketplace.common.logging import get_logger

log = get_logger(__name__)


@receiver(email_confirmed, dispatch_uid="accounts.email_confirmed")
def forget_what_strangers_set_up(
    *, request: HttpRequest, email_address: EmailAddress, **kwargs: Any
) -> None:  # Any: signal
    """Start an account anew whose address is proved by a mailed sign-in or reset code, for the first time.

    The code that ends a sign-up is different: it was asked for in the very session that set the password.
    """
    if getattr(request, "proved_by_own_code", False):
        return
    user = email_address.user
    was_proved = EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk).exists()
    if not was_proved:
        services.forget_unproven_sign_in(user)


@receiver([password_changed, password_set, password_reset], dispatch_uid="accounts.password_changed")
def end_sign_ins_elsewhere(*, user: User, **kwargs: Any) -> None:  # Any: signal
    """A new password ends every sign-in: the old sessions no longer match it, and their rows go with them."""
    services.end_sign_ins(user)
    log.info("password_changed", user_id=str(user.pk))
