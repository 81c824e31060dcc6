"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from marketplace.unread import NOTHING, Unread, unread_of


def site(request: HttpRequest) -> dict[str, Any]:  # Any: template data
    theme = request.COOKIES.get("theme", "")
    # Asked for by the header only: a page without one pays no query, and both counts are one.
    unread: Any = SimpleLazyObject(lambda: _unread(request))  # Any: it becomes an ``Unread``
    return {
        "site": {"name": settings.SITE_NAME, "url": settings.SITE_URL, "currency": settings.CURRENCY},
        "theme": theme if theme in {"light", "dark"} else "",
        "viewer_zone": timezone.get_current_timezone_name(),
        "unread_count": SimpleLazyObject(lambda: unread.messages),
        "unread_notifications": SimpleLazyObject(lambda: unread.notifications),
    }


def _unread(request: HttpRequest) -> Unread:
    user = request.user
    return unread_of(user) if isinstance(user, User) else NOTHING
