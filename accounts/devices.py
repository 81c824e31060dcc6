"""Known browsers: which accounts have signed in on this one, kept in a signed cookie and nowhere else."""

import re
from hashlib import blake2s

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import User

SALT = "accounts.devices"
KEPT_SECONDS = 400 * 24 * 3600  # the longest that browsers keep a cookie
ACCOUNTS_MAX = 8

BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def cookie_name() -> str:
    """With the prefix that browsers hold to its word, where there is https."""
    return "__Host-known" if settings.SESSION_COOKIE_SECURE else "known"


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether this browser carries the mark of an earlier sign-in of this account."""
    return _mark(user) in _marks(request)


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    marks = [_mark(user), *(mark for mark in _marks(request) if mark != _mark(user))][:ACCOUNTS_MAX]
    response.set_cookie(
        cookie_name(),
        signing.dumps(marks, salt=SALT),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def describe(user_agent: str) -> str:
    """``Firefox on Windows``, as far as the browser says so itself."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("an unknown browser")


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for sign, name in names if re.search(re.escape(sign), user_agent)), "")


def _mark(user: User) -> str:
    # Not the id itself: the cookie of a shared computer should not tell who used it.
    return blake2s(user.pk.bytes, key=settings.SECRET_KEY.encode()[:32], digest_size=12).hexdigest()


def _marks(request: HttpRequest) -> list[str]:
    try:
        marks = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return []
    return [mark for mark in marks if isinstance(mark, str)] if isinstance(marks, list) else []
