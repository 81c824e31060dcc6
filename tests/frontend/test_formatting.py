"""Money, times and names as people read them."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from marketplace.common import formatting

LISBON, LAGOS, NEW_YORK = ZoneInfo("Europe/Lisbon"), ZoneInfo("Africa/Lagos"), ZoneInfo("America/New_York")
STARTS_AT = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
ENDS_AT = STARTS_AT + timedelta(minutes=45)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("amount", "currency", "short", "text"),
    [
        (3300, "usd", False, "$33.00"),
        (3300, "usd", True, "$33"),
        (3350, "usd", True, "$33.50"),
        (123_456, "usd", False, "$1,234.56"),
        (0, "usd", False, "$0.00"),
        (-1650, "usd", False, "-$16.50"),
        (4400, "eur", False, "€44.00"),
        (3300, "jpy", False, "¥3,300"),
        (3300, "jpy", True, "¥3,300"),
        (12_345, "kwd", False, "KWD12.345"),
        (100, "chf", False, "CHF1.00"),
    ],
)
def test_money_is_written_with_its_short_sign_and_its_own_decimals(
    amount: int, currency: str, short: bool, text: str
) -> None:
    assert formatting.money(amount, currency, short=short) == text


@given(amount=st.integers(min_value=0, max_value=10**9))
def test_money_in_words_can_be_read_back(amount: int) -> None:
    with translation.override("en"):
        text = formatting.money(amount, "usd")
    assert int(text.removeprefix("$").replace(",", "").replace(".", "")) == amount


@pytest.mark.parametrize(
    ("language", "price", "when", "hours"),
    [
        ("en", "$33.00", "Thu 26 Nov", "18:30–19:15"),
        ("en-us", "$33.00", "Thu, Nov 26", "6:30–7:15\u00a0PM"),
        ("de", "33,00\u00a0$", "Do., 26. Nov.", "18:30–19:15"),
        ("fr", "33,00\u00a0$", "jeu. 26 nov.", "18:30–19:15"),
    ],
)
def test_each_language_writes_money_and_times_its_own_way(language: str, price: str, when: str, hours: str) -> None:
    with translation.override(language):
        assert formatting.money(3300, "usd") == price
        assert formatting.day(STARTS_AT, LISBON) == when
        assert formatting.time_range(STARTS_AT, ENDS_AT, LISBON) == hours


def test_a_language_babel_does_not_know_reads_as_english() -> None:
    with translation.override("xx"):
        assert formatting.day(STARTS_AT, LISBON) == "Thu 26 Nov"


def test_times_are_shown_in_the_zone_asked_for() -> None:
    assert formatting.clock(STARTS_AT, LISBON) == "18:30"
    assert formatting.clock(STARTS_AT, LAGOS) == "19:30"
    late = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    assert formatting.day(late, LISBON) == "Thu 26 Nov"
    assert formatting.day(late, LAGOS) == "Fri 27 Nov"


def test_a_moment_in_a_sentence_is_said_in_the_zone_and_language_asked_for() -> None:
    assert formatting.day_at(STARTS_AT, LISBON) == "Thu 26 Nov at 18:30"
    assert formatting.day_at(STARTS_AT, LAGOS) == "Thu 26 Nov at 19:30"
    with translation.override("de"):
        assert formatting.day_at(STARTS_AT, LISBON) == "Do., 26. Nov. at 18:30"  # until the sentence is translated


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("short", "Thu 26 Nov"),
        ("long", "Thursday 26 November"),
        ("year", "26 November 2026"),
        ("weekday", "Thursday"),
        ("month", "Nov"),
        ("number", "26"),
    ],
)
def test_a_day_is_written_in_the_style_asked_for(style: str, text: str) -> None:
    assert formatting.day(STARTS_AT, LISBON, style=style) == text


def test_an_unknown_style_of_day_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown style"):
        formatting.day(STARTS_AT, LISBON, style="tiny")


def test_the_offset_of_a_zone_is_that_of_the_date() -> None:
    assert formatting.zone_label(LISBON, STARTS_AT) == "Lisbon, GMT+0"
    assert formatting.zone_label(LISBON, datetime(2026, 7, 1, tzinfo=UTC)) == "Lisbon, GMT+1"
    assert formatting.zone_label(NEW_YORK, STARTS_AT) == "New York, GMT-5"
    assert formatting.zone_label(ZoneInfo("Asia/Kolkata"), STARTS_AT) == "Kolkata, GMT+5:30"
    assert formatting.zone_label(ZoneInfo("America/St_Johns"), STARTS_AT).endswith("GMT-3:30")


def test_a_week_is_named_by_its_first_and_last_day() -> None:
    assert formatting.date_range(date(2026, 11, 23), date(2026, 11, 29)) == "23–29 November"
    assert formatting.date_range(date(2026, 11, 30), date(2026, 12, 6)) == "30 Nov – 6 Dec"


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(seconds=-1), ""),
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=12), "in 12 min"),
        (timedelta(minutes=60), "in 1 hour"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(days=3), "in 3 days"),
    ],
)
def test_how_far_off_a_moment_is(ahead: timedelta, text: str) -> None:
    assert formatting.until(STARTS_AT + ahead, LISBON, now=STARTS_AT) == text


def test_days_ahead_are_those_of_the_readers_calendar() -> None:
    monday, thursday = datetime(2026, 11, 23, 2, tzinfo=UTC), datetime(2026, 11, 26, 17, 30, tzinfo=UTC)
    assert formatting.until(thursday, LISBON, now=monday) == "in 3 days"
    assert formatting.until(thursday, ZoneInfo("Pacific/Kiritimati"), now=monday) == "in 4 days"


def test_near_days_are_called_today_and_tomorrow_in_the_readers_zone() -> None:
    now = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
    assert formatting.relative_day(now + timedelta(hours=1), LISBON, now=now) == "Today"
    assert formatting.relative_day(now + timedelta(hours=2), LISBON, now=now) == "Tomorrow"
    assert formatting.relative_day(now + timedelta(hours=1), LAGOS, now=now) == "Tomorrow"
    assert formatting.relative_day(now + timedelta(days=3), LISBON, now=now) == "Sun 29"
    assert formatting.relative_day(now + timedelta(days=12), LISBON, now=now) == "8 Dec"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (900, "15 minutes"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (86_400, "1 day"),
        (259_200, "3 days"),
    ],
)
def test_a_wait_is_said_in_words_and_never_too_short(seconds: int, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [("10/5m", "10 in 5 minutes"), ("20/h", "20 in 1 hour"), ("5/d", "5 in 1 day"), ("30/10s", "30 in 10 seconds")],
)
def test_a_limit_is_said_in_words(limit: str, text: str) -> None:
    assert formatting.rate(limit) == text


def test_a_share_of_money_keeps_its_decimals() -> None:
    assert formatting.percent(1500) == "15%"
    assert formatting.percent(1250) == "12.5%"


def test_moments_for_machines_are_utc_with_a_z() -> None:
    assert formatting.utc_iso(STARTS_AT.astimezone(LAGOS)) == "2026-11-26T18:30:00Z"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ngozi Adeyemi", "NA"), ("Élodie", "É"), ("Ana María de la Cruz", "AC"), ("  ", "·"), ("(Dr) Yı Şen", "YŞ")],
)
def test_initials_are_the_first_letters_of_first_and_last_name(name: str, letters: str) -> None:
    assert formatting.initials(name) == letters


@given(identity=st.one_of(st.uuids(), st.integers(min_value=0), st.text()))
def test_everybody_has_one_of_eight_hues_for_ever(identity: uuid.UUID | int | str) -> None:
    assert formatting.hue(identity) in range(1, 9)
    assert formatting.hue(identity) == formatting.hue(identity)


@pytest.mark.parametrize(
    ("size", "text"), [(1, "1 B"), (999, "999 B"), (1000, "1 kB"), (240_000, "240 kB"), (2_149_000, "2.1 MB")]
)
def test_file_sizes_are_rounded_as_file_managers_do(size: int, text: str) -> None:
    assert formatting.file_size(size) == text
