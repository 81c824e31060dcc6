"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def site(request: HttpRequest) -> dict[str, Any]:  # Any: template data
    theme = request.COOKIES.get("theme", "")
    return {
        "site": {"name": settings.SITE_NAME, "url": settings.SITE_URL, "currency": settings.CURRENCY},
        "theme": theme if theme in {"light", "dark"} else "",
        "viewer_zone": timezone.get_current_timezone_name(),
    }
