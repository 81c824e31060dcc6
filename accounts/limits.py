"""How long somebody who ran into one of allauth's limits has to wait. The counting itself is allauth's alone."""

import math
import time

from allauth.account import app_settings
from allauth.core.internal import ratelimit
from allauth.mfa import app_settings as mfa_settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.cache import cache
from django.http import HttpRequest

LIMITED_CODES = frozenset({"too_many_login_attempts", "rate_limited"})
# When nothing is used up by now: the answer was on its way while a limit ran out.
AT_LEAST_SECONDS = 1


def account_key(email: str) -> str:
    """The bucket of an account's failed sign-ins: its address, on whichever host name the site was asked."""
    return f"account-{email.lower()}"


def second_factor_key(user: AbstractBaseUser) -> str:
    """allauth's own key for failed second factors (``mfa.base.internal.flows.check_rate_limit``)."""
    return f"mfa-auth-user-{user.pk}"


def seconds_to_wait(request: HttpRequest, *, email: str = "", user: AbstractBaseUser | None = None) -> int:
    """Read allauth's counters: how long until every limit that touches this caller lets one more through."""
    waits = [AT_LEAST_SECONDS]
    keys = [email.lower(), account_key(email)] if email else []
    if user is not None:
        keys.append(second_factor_key(user))
    for app, config in (("allauth.account", app_settings.RATE_LIMITS), ("allauth.mfa", mfa_settings.RATE_LIMITS)):
        for action in config:
            for rate in ratelimit.get_rates(app=app, action=action, config=config):
                for key in keys if rate.per == "key" else [None]:
                    if rate.per == "user" and user is None:
                        continue
                    cache_key = ratelimit.get_cache_key(request, app=app, action=action, rate=rate, key=key, user=user)
                    waits.append(_wait(cache.get(cache_key, []), rate))
    return max(waits)


def _wait(history: list[float], rate: ratelimit.Rate) -> int:
    """``history`` holds the moments of use, newest first; the one that fills the limit has to grow old."""
    if len(history) < rate.amount:
        return 0
    grown_old: float = history[rate.amount - 1] + rate.duration
    return math.ceil(grown_old - time.time())
