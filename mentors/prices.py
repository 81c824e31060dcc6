"""What a length costs and what of it the mentor receives. Minor units of the marketplace's one currency."""

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings

from marketplace.common.money import price_for, split
from mentors.models import Package


class LengthPrice(NamedTuple):
    """One length as its mentor sees it: what a student pays and what arrives, None while no price is known."""

    minutes: int
    price_minor: int | None
    receives_minor: int | None


def price_of(package: Package, *, hourly_rate_minor: int) -> int:
    """Price a package: its own price, else the one by the hour."""
    if package.price_minor is not None:
        return package.price_minor
    return price_for(hourly_rate_minor=hourly_rate_minor, minutes=package.minutes)


def receives(price_minor: int) -> int:
    """Tell what a mentor receives of a price: the price less the platform fee."""
    return split(gross_minor=price_minor, refund_percent=0, fee_bps=settings.PLATFORM_FEE_BPS).mentor_minor


def length_prices(*, hourly_rate_minor: int | None, fixed: Mapping[int, int | None]) -> list[LengthPrice]:
    """Price every length that can be offered. ``fixed`` holds the prices of their own, by minutes."""
    found = []
    for minutes in settings.SESSION_MINUTES:
        price = fixed.get(minutes)
        if price is None and hourly_rate_minor is not None:
            price = price_for(hourly_rate_minor=hourly_rate_minor, minutes=minutes)
        found.append(LengthPrice(minutes, price, None if price is None else receives(price)))
    return found


def highest_price() -> int:
    """The most that any session may cost: the longest one at the highest hourly rate. Fixed prices stop there too."""
    return price_for(hourly_rate_minor=settings.HOURLY_RATE_MAX_MINOR, minutes=max(settings.SESSION_MINUTES))
