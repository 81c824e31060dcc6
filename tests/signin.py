"""Puts a person into a test client as some earlier sign-in would have left them, without the minutes it takes."""

import time
from datetime import timedelta

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from accounts.models import User
from accounts.sealing import seal


def sign_in(client: Client, user: User, *, ago: timedelta = timedelta(0), second_factor: bool | None = None) -> Client:
    """Sign ``user`` in, as they would have by password ``ago``; staff with their second factor unless told otherwise.

    ``client.force_login`` leaves no such record: decisions (a fresh sign-in) and staff pages (a second factor) stay shut.
    """
    client.force_login(user)
    at = time.time() - ago.total_seconds()
    records: list[dict[str, object]] = [{"method": "password", "at": at}]
    if user.is_staff if second_factor is None else second_factor:
        factor = give_second_factor(user)
        records.append({"method": "mfa", "at": at, "id": factor.pk, "type": factor.type})
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = records
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(user)
    session.save()
    return client


def give_second_factor(user: User, *, secret: str = "JBSWY3DPEHPK3PXP") -> Authenticator:
    """Set up an authenticator app whose secret the test knows."""
    factor: Authenticator = Authenticator.objects.get_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": seal(secret)}}
    )[0]
    return factor


def code_of(secret: str) -> str:
    """What an authenticator app shows now. It counts for half a minute longer, should the clock go on meanwhile."""
    counters = [*yield_hotp_counters_from_time()]  # of the codes that count: earlier ones, this one, later ones
    return str(format_hotp_value(hotp_value(secret, counters[len(counters) // 2])))
