"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from chat.queries import unread_count


def site(request: HttpRequest) -> dict[str, Any]:  # Any: template data
    theme = request.COOKIES.get("theme", "")
    return {
        "site": {"name": settings.SITE_NAME, "url": settings.SITE_URL, "currency": settings.CURRENCY},
        "theme": theme if theme in {"light", "dark"} else "",
        "viewer_zone": timezone.get_current_timezone_name(),
        "unread_count": SimpleLazyObject(lambda: _unread(request)),
    }


def _unread(request: HttpRequest) -> int:
    """Asked for by the header only: a page without one pays no query."""
    user = request.user
    return unread_count(user) if isinstance(user, User) and not user.is_staff and user.role else 0
