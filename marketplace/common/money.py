"""Arithmetic on money: integers in the currency's minor unit, shares in basis points. Nothing here is a float."""

from typing import NamedTuple


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide two integers, a half rounding up. Both are at least zero in every use (prices, shares of prices)."""
    return (2 * numerator + denominator) // (2 * denominator)


def price_for(*, hourly_rate_minor: int, minutes: int) -> int:
    """Price a length by the hour: ``round_half_up(rate × minutes / 60)``, in minor units."""
    return round_half_up(hourly_rate_minor * minutes, 60)


class Split(NamedTuple):
    """How a payment is shared out. The three parts add up to the gross amount."""

    refund_minor: int
    fee_minor: int
    mentor_minor: int


def split(*, gross_minor: int, refund_percent: int, fee_bps: int) -> Split:
    """Share out a payment: the student's refund, our fee on what is left, the mentor's share. In minor units."""
    refund = round_half_up(gross_minor * refund_percent, 100)
    fee = round_half_up((gross_minor - refund) * fee_bps, 10_000)
    return Split(refund, fee, gross_minor - refund - fee)
