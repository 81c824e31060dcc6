"""The template tags: thin, built in, in the reader's zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from marketplace.common.templatetags import lantern

STARTS_AT = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def lisbon() -> Iterator[None]:
    with timezone.override(ZoneInfo("Europe/Lisbon")):
        yield


def render(source: str, path: str = "/mentors/?q=algebra&page=3&level=school&level=career", **context: object) -> str:
    request = RequestFactory().get(path)
    return Template(source).render(
        Context({"request": request, "at": STARTS_AT, "end": STARTS_AT + timedelta(minutes=45), **context})
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% local_time at %}", "23:30"),
        ("{% time_range at end %}", "23:30–00:15"),
        ("{% day at %}", "Thu 26 Nov"),
        ("{% day at 'long' %}", "Thursday 26 November"),
        ("{% day_time at %}", "Thu 26 Nov, 23:30"),
        ("{% local_time at 'Africa/Lagos' %}", "00:30"),
        ("{% other_time at end 'Africa/Lagos' %}", "00:30–01:15, Friday"),
        ("{% other_time at end 'Europe/London' %}", "23:30–00:15"),
    ],
)
def test_times_are_marked_up_with_utc_and_shown_in_the_readers_zone(source: str, text: str) -> None:
    assert render(source) == f'<time datetime="2026-11-26T23:30:00Z">{text}</time>'


def test_a_plain_date_has_no_zone() -> None:
    assert render("{% day on %}", on=date(2026, 11, 26)) == '<time datetime="2026-11-26">Thu 26 Nov</time>'


def test_zones_are_named_by_city_and_offset() -> None:
    assert render("{% zone_label at %}") == "Lisbon, GMT+0"
    assert render("{% zone_label at 'Africa/Lagos' %}") == "Lagos, GMT+1"
    assert render("{% zone_city 'Africa/Lagos' %}") == "Lagos"


def test_money_is_in_the_marketplaces_currency_unless_said_otherwise() -> None:
    assert (
        render("{% money 3300 %} {% money 3300 short=True %} {% money 3300 'eur' %} {% currency_symbol %}")
        == "$33.00 $33 €33.00 $"
    )


def test_a_query_keeps_the_other_parameters() -> None:
    assert render("{% query page=4 %}") == "?q=algebra&amp;page=4&amp;level=school&amp;level=career".replace(
        "&amp;", "&amp;"
    )
    assert render("{% query page=None level=None %}") == "?q=algebra"
    assert render("{% query level=levels page=None %}", levels=["university"]) == "?q=algebra&amp;level=university"


def test_a_query_escapes_what_was_typed() -> None:
    assert "<" not in render("{% query page=2 %}", path="/mentors/?q=%22%3E%3Cscript%3E")


def test_the_link_to_where_one_is_says_so() -> None:
    assert render('{% current "/mentors/" %}') == ' aria-current="page"'
    assert render('{% current "/mentors/" True %}') == ' aria-current="page"'
    assert render('{% current "/mentor/" %}') == ""
    assert render('{% current "/mentors/" True %}', path="/mentors/ngozi/") == ""
    assert lantern.current(Context({}), "/mentors/") == ""


def test_relative_words_follow_the_clock(time_machine: object) -> None:
    time_machine.move_to(STARTS_AT - timedelta(minutes=12), tick=False)  # type: ignore[attr-defined]  # the plugin's fixture has no type
    assert render("{{ at|in_minutes }}") == "in 12 min"
    assert render("{% relative_day at %}") == "Today"


def test_the_small_filters() -> None:
    assert render(
        "{{ 582|clock_face }} {{ 900|duration }} {{ 48|duration:'h' }} {{ '10/5m'|rate }} {{ 1500|percent }}"
    ) == ("9:42 15 minutes 2 days 10 in 5 minutes 15%")
    assert render(
        "{{ 'Ngozi Adeyemi'|initials }} {{ 3|hue }} {{ 1180|number }} {{ 240000|file_size }} {{ at|utc_iso }}"
    ) == ("NA 4 1,180 240 kB 2026-11-26T23:30:00Z")


def test_the_sites_name_comes_from_the_settings_whatever_the_page_calls_site(
    settings: Any,
) -> None:  # Any: pytest-django's
    settings.SITE_NAME = "Lampada"
    assert render("{% site_name %} {{ site }}", site="127.0.0.1") == "Lampada 127.0.0.1"
    assert render("{% site_url %}") == settings.SITE_URL
