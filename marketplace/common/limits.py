"""Rate limits (product.md §9), counted in the shared cache, per account and per address.

Facts of the data (holds made, new threads) are counted in the database under the lock, not here (``rates.py``). Without the cache
these limits fail closed: ``Unavailable`` (503).
"""

from ipaddress import IPv6Address, IPv6Network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from marketplace.common.cache import cache_errors
from marketplace.common.errors import RateLimited, Unavailable

IPV6_LINE_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Tell the caller's address, believing only as many forwarding proxies as the deployment says it has.

    ``X-Forwarded-For`` grows to the right: with one trusted proxy the last entry was written by it, and whatever
    stands further left was written by the caller.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.TRUSTED_PROXY_COUNT
    if count and len(hops) >= count:
        return _unmapped(hops[-count])
    return _unmapped(str(request.META.get("REMOTE_ADDR", "")))


def check_rate(request: HttpRequest, name: str) -> None:
    """Count one use of the limit ``name`` of ``settings.RATE_LIMITS``; raise ``RateLimited`` when it is used up.

    Counts by account where someone is signed in, else by address.
    """
    try:
        usage: dict[str, Any] | None = get_usage(  # Any: the library's own mixture
            request, group=name, key=_account_or_address, rate=settings.RATE_LIMITS[name], increment=True
        )
    except cache_errors() as exc:
        raise Unavailable from exc
    if usage is not None and usage["should_limit"]:
        raise RateLimited(retry_after=usage["time_left"])


def _account_or_address(group: str, request: HttpRequest) -> str:
    return str(request.user.pk) if request.user.is_authenticated else _line(client_address(request))


def _unmapped(address: str) -> str:
    """An IPv4 address as such, also where a socket of both kinds writes it as ``::ffff:203.0.113.7``: of IPv6 a whole
    network is counted, and all of these are in one."""
    try:
        return str(IPv6Address(address).ipv4_mapped or address)
    except ValueError:
        return address


def _line(address: str) -> str:
    """What is counted as one address: of IPv6 the whole network that one line gets, as allauth counts sign-ins."""
    try:
        whole = IPv6Address(address)
    except ValueError:  # IPv4, or a local socket's
        return address
    return str(IPv6Network((whole, IPV6_LINE_PREFIX), strict=False))
