"""Search results as ``components/_mentor_card.html`` shows them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.common import formatting
from mentors.languages import language_name
from mentors.queries import photo_url

if TYPE_CHECKING:
    from bookings.queries.search import Hit  # services want some of a card's words, and searching is none of their work

TAGS = 3


def card(hit: "Hit") -> dict[str, Any]:  # Any: template data
    return {
        "id": hit.mentor_id,
        "handle": hit.handle,
        "url": reverse("bookings:mentor", args=[hit.handle]),
        "name": hit.name,
        "photo": photo_url(hit.photo),
        "glyph": hit.symbol,
        "headline": hit.headline,
        "text": hit.text,
        "verified": checked(is_verified=hit.is_verified),
        "badge": None,
        "rating": rating(hit.rating / 1_000) if hit.rating else "",
        "review_count": hit.review_count,
        "sessions": sessions(hit.session_count) if hit.session_count else "",
        "languages": languages(hit.languages),
        "tags": hit.subject_names[:TAGS],
        "price": formatting.money(hit.price_minor, settings.CURRENCY, short=True),
        "minutes": hit.minutes,
        "openings": [
            {"starts_at": slot.starts_at, "value": formatting.utc_iso(slot.starts_at)} for slot in hit.openings
        ],
    }


def checked(*, is_verified: bool) -> str:
    """What was looked at before this mentor could be booked: everyone's identity, some subjects' certificate."""
    return _("Identity and certificate checked") if is_verified else _("Identity checked")


def rating(mean: float) -> str:
    return f"{mean:.2f}"


def sessions(count: int) -> str:
    return ngettext("%(count)s session", "%(count)s sessions", count) % {"count": formatting.number(count)}


def languages(codes: Iterable[str]) -> str:
    return ", ".join(language_name(code) for code in codes)
