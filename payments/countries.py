"""Where mentors can be paid: https://docs.stripe.com/connect/cross-border-payouts#supported-countries."""

from collections.abc import Sequence

from babel.core import get_global

from marketplace.common.formatting import active_locale

PAYABLE = ["AT", "AU", "BE", "BG", "BR", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HK", "HR", "HU", "IE", "IN", "IS", "IT", "JP", "LI", "LT", "LU", "LV", "MT", "MX", "MY", "NL", "NO", "NZ", "PL", "PT", "RO", "SE", "SG", "SI", "SK", "TH", "AE", "US"]  # fmt: skip


def countries() -> Sequence[tuple[str, str]]:
    """Codes with their names in the reader's language, in its order of letters as far as plain sorting goes."""
    names = active_locale().territories
    return sorted(((code, str(names.get(code, code))) for code in PAYABLE), key=lambda choice: choice[1])


def country_of_zone(zone: str) -> str:
    """Guess the country from a time zone: ``Europe/Berlin`` → ``DE``; empty where mentors can't be paid."""
    code = str(get_global("zone_territories").get(zone, ""))
    return code if code in PAYABLE else ""
