"""The cancellation policies in words, with their dates spelled out."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from marketplace.common import formatting


def policy_sentence(policy: str, *, example: datetime, zone: ZoneInfo) -> str:
    """Tell what a policy means for a session that starts at ``example``: until when how much comes back."""
    parts = []
    for hours, percent in settings.CANCELLATION_TIERS[policy]:
        if not percent:
            continue
        until = example - timedelta(hours=hours)
        when = f"{formatting.day(until, zone)}, {formatting.clock(until, zone)}"
        parts.append(
            _("%(percent)s back until %(when)s") % {"percent": formatting.percent(percent * 100), "when": when}
        )
    return _("%(tiers)s, then nothing.") % {"tiers": ", ".join(parts)}
