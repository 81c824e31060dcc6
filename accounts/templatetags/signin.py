"""Tags of the sign-in pages, which are allauth's views and get their data from tags."""

from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.template.context import Context

from accounts import devices

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_slot(context: Context) -> dict[str, Any] | None:  # Any: template data
    """The slot that a stranger picked before signing in: ``starts_at``, ``minutes``, ``name`` of the mentor if known."""
    kept = context["request"].session.get("picked_slot")
    if not kept:
        return None
    return {
        "starts_at": datetime.fromisoformat(kept["starts_at"]),
        "minutes": kept["minutes"],
        "name": kept.get("name", ""),
    }


@register.simple_tag
def minimum_age() -> int:
    return int(settings.MINIMUM_AGE)


@register.filter
def device(user_agent: str) -> str:
    return devices.describe(user_agent)
