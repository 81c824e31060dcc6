from hypothesis import given
from hypothesis import strategies as st

from marketplace.common.money import price_for, round_half_up, split


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
