"""``/mentors/`` as a page: it works as a plain GET, its lists can be linked to, and nothing found leads on."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from marketplace.common.models import AnalyticsEvent
from tests.bookings.test_search_api import make_many, named
from tests.factories import make_booking, make_subject

pytestmark = pytest.mark.django_db

Reindex = Callable[[], int]
Json = dict[str, Any]  # Any: query parameters


def page(client: Client, path: str = "/mentors/", status: int = 200, **query: Any) -> str:  # Any: parameters
    response = client.get(path, query)
    assert response.status_code == status
    return response.text


def shown(html: str) -> list[str]:
    """The handles on the cards, in order."""
    return re.findall(r'<article class="mentor-card" aria-labelledby="mentor-([a-z0-9-]+)"', html)


def links(html: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', html)]


def test_a_card_links_to_the_profile_and_holds_by_post(client: Client, reindex: Reindex) -> None:
    named("ngozi", "Ngozi Adeyemi", review_count=4, rating_sum=19, session_count=1_180)
    reindex()
    html = page(client)
    assert shown(html) == ["ngozi"]
    assert "/mentors/ngozi/" in links(html)
    assert "1 mentor" in html
    assert "4.75" in html
    assert "1,180 sessions" in html
    assert "$33" in html
    form = html[html.index('<form class="openings"') :]
    form = form[: form.index("</form>")]
    assert 'method="post"' in form
    assert 'action="/bookings/"' in form
    assert 'name="mentor" value="ngozi"' in form
    assert 'name="minutes" value="45"' in form
    assert len(re.findall(r'name="starts_at" value="20\d\d-\d\d-\d\dT\d\d:\d\d:00Z"', form)) == 3


def test_text_of_mentors_is_escaped(client: Client, reindex: Reindex) -> None:
    named("evil", "<script>alert(1)</script>", headline="<b>bold</b>", bio="<img src=x>")
    reindex()
    html = page(client, q="<i>script</i>")
    assert "<script>alert" not in html
    assert "<b>bold" not in html
    assert "<img src=x" not in html
    assert "<i>script" not in html
    assert "&lt;script&gt;alert" in page(client)


def test_filters_keep_what_was_chosen(client: Client, reindex: Reindex) -> None:
    named("ana", languages=["es"], levels=["school"], hourly_rate_minor=2_000)
    named("bob", languages=["en"], hourly_rate_minor=6_000)
    reindex()
    query: Json = {"language": "es", "level": "school", "max_price_minor": "15", "part_of_day": ["morning", "evening"]}
    html = page(client, **query)
    assert shown(html) == ["ana"]
    assert re.search(r'name="language" value="es"[^>]* checked', html)
    assert re.search(r'name="level" value="school"[^>]* checked', html)
    assert not re.search(r'name="level" value="career"[^>]* checked', html)
    assert re.search(r'name="max_price_minor" value="15"', html)
    assert len(re.findall(r'name="part_of_day" value="(?:morning|evening)"[^>]* checked', html)) == 2
    assert shown(page(client, max_price_minor="50", sort="price")) == ["ana", "bob"]
    assert shown(page(client, max_price_minor="12,50")) == []


def test_a_filter_that_cannot_be_read_is_said_and_left_out(client: Client, reindex: Reindex) -> None:
    named("ana")
    reindex()
    html = page(client, status=422, max_price_minor="cheap", level="school,career", q="ana")
    assert shown(html) == ["ana"]
    assert "There is a problem" in html
    assert "Enter an amount such as" in html
    assert shown(page(client, q="ana")) == ["ana"]


@pytest.mark.parametrize(
    "query",
    [
        {"available_from": "9999-12-31"},
        {"available_to": "0001-01-01"},
        {"sort": "x"},
        {"minutes": "30"},
        {"subject": "no-such"},
        {"q": "x" * 200},
    ],
)
def test_wrong_filters_are_422_with_the_list(client: Client, reindex: Reindex, query: Json) -> None:
    named("ana")
    reindex()
    assert shown(page(client, status=422, **query)) == ["ana"]


def test_nothing_found_offers_to_leave_each_filter_out(client: Client, reindex: Reindex) -> None:
    named("ana", levels=["school"])
    reindex()
    html = page(client, q="ana", level=["career"], part_of_day=["morning", "evening"])
    assert shown(html) == []
    assert "No mentor fits all of this" in html
    ways_out = links(html)
    assert "?q=ana&part_of_day=morning&part_of_day=evening" in ways_out
    assert "?q=ana&level=career&part_of_day=evening" in ways_out
    assert "?level=career&part_of_day=morning&part_of_day=evening" in ways_out
    assert shown(page(client, "/mentors/?q=ana&part_of_day=morning&part_of_day=evening")) == ["ana"]


def test_a_misspelled_subject_is_guessed(client: Client, reindex: Reindex) -> None:
    named("ana")
    make_subject("french")
    reindex()
    html = page(client, q="linaer algbra")
    assert "?subject=linear-algebra" in links(html)
    assert "?subject=french" not in links(html)
    assert shown(page(client, "/mentors/?subject=linear-algebra")) == ["ana"]


def test_pages_have_addresses_of_their_own(client: Client) -> None:
    make_many(30)
    first = page(client, sort="price", part_of_day="")
    [following] = [link for link in links(first) if "cursor=" in link]
    assert "1–20 of 30" in first
    assert "part_of_day" not in following
    second = page(client, f"/mentors/{following}")
    assert "21–30 of 30" in second
    assert len({*shown(first), *shown(second)}) == 30
    assert shown(page(client, "/mentors/?sort=price&cursor=broken")) == shown(first)


def test_htmx_is_answered_with_the_results_only(client: Client, reindex: Reindex) -> None:
    named("ana")
    reindex()
    whole = client.get("/mentors/")
    part = client.get("/mentors/", headers={"HX-Request": "true"})
    assert shown(part.text) == shown(whole.text) == ["ana"]
    assert "<html" not in part.text
    assert 'id="filters"' not in part.text
    for response in (whole, part):
        assert "HX-Request" in response["Vary"]
    restored = client.get("/mentors/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.text


def test_only_plain_lists_are_for_search_engines(client: Client, reindex: Reindex) -> None:
    named("ana")
    reindex()
    noindex = '<meta name="robots" content="noindex">'
    assert noindex not in page(client)
    html = page(client, subject="linear-algebra", q="")
    assert noindex not in html
    assert '/mentors/?subject=linear-algebra">' in html
    assert "Linear algebra mentors" in html
    assert noindex in page(client, q="ana")
    assert noindex in page(client, sort="price")


def test_a_search_is_counted_once_and_without_its_words(client: Client) -> None:
    make_many(30)
    html = page(client, q="calculus")
    assert AnalyticsEvent.objects.filter(name="search_run").count() == 1
    assert "calculus" not in str(AnalyticsEvent.objects.get().data)
    [following] = [link for link in links(page(client)) if "cursor=" in link]
    page(client, f"/mentors/{following}")
    assert AnalyticsEvent.objects.filter(name="search_run").count() == 2
    assert shown(html)


def test_times_are_shown_in_the_readers_zone(client: Client, reindex: Reindex) -> None:
    named("ana", time_zone="UTC")
    reindex()
    client.cookies["tz"] = "Asia/Kathmandu"
    html = page(client)
    assert "Kathmandu, GMT+5:45" in html
    assert re.search(r'<time datetime="[^"]*T(\d\d):(\d\d):00Z">\d\d:(00|15|30|45)</time>', html)


@pytest.mark.parametrize("query", [{}, {"q": "linear", "part_of_day": "morning", "subject": "linear-algebra"}])
def test_the_page_costs_the_same_queries_for_one_and_for_many(
    client: Client, student: User, reindex: Reindex, query: Json
) -> None:
    def queries_of_a_page() -> int:
        reindex()
        page(client, **query)  # fills the cache of what the filters offer
        with CaptureQueriesContext(connection) as queries:
            page(client, **query)
        return len(queries)

    client.force_login(student)
    make_booking(mentor=named("first"), starts_at=timezone.now().replace(minute=0) + timedelta(days=1))
    one = queries_of_a_page()
    for number in range(8):
        make_booking(mentor=named(f"more-{number}"))
    assert queries_of_a_page() == one
    assert 3 < one <= 8
