from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketplace.common.money import Split, price_for, round_half_up, split


def test_a_half_rounds_up() -> None:
    assert [round_half_up(n, 2) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]


def test_a_length_is_priced_by_the_hour() -> None:
    assert price_for(hourly_rate_minor=4_400, minutes=45) == 3_300
    assert price_for(hourly_rate_minor=1_250, minutes=15) == 313  # 312.5


@given(gross=st.integers(1, 10_000_000), percent=st.sampled_from([0, 50, 100]), bps=st.integers(0, 10_000))
def test_the_parts_of_a_payment_add_up(gross: int, percent: int, bps: int) -> None:
    parts = split(gross_minor=gross, refund_percent=percent, fee_bps=bps)
    assert sum(parts) == gross
    assert min(parts) >= 0


@given(gross=st.integers(1, 10_000_000), percent=st.integers(0, 100), bps=st.integers(0, 10_000))
def test_refund_fee_and_share_are_reckoned_as_the_rules_say(gross: int, percent: int, bps: int) -> None:
    """In decimals, by their own way of rounding: each formula of docs/product.md, "Booking and money"."""

    def half_up(amount: Decimal) -> int:
        return int(amount.quantize(Decimal(1), ROUND_HALF_UP))

    refund = half_up(Decimal(gross) * percent / 100)
    fee = half_up(Decimal(gross - refund) * bps / 10_000)
    assert split(gross_minor=gross, refund_percent=percent, fee_bps=bps) == Split(refund, fee, gross - refund - fee)


def test_an_odd_price_is_shared_out_to_the_minor_unit() -> None:
    assert split(gross_minor=3_333, refund_percent=50, fee_bps=1_500) == Split(1_667, 250, 1_416)
    assert split(gross_minor=3_333, refund_percent=0, fee_bps=1_500) == Split(0, 500, 2_833)
    assert split(gross_minor=3_333, refund_percent=100, fee_bps=1_500) == Split(3_333, 0, 0)
