"""What search engines and browsers ask for by themselves."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.services.search_index import refresh_mentors
from mentors.models import Mentor
from tests.factories import make_mentor

pytestmark = pytest.mark.django_db


def addresses(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    return re.findall(r"<loc>([^<]+)</loc>", answer.text)


def test_the_map_holds_public_pages_and_listed_mentors(client: Client, mentor: Mentor, settings: Any) -> None:
    settings.SITE_URL = "https://lantern.example"
    refresh_mentors([mentor.pk], at=timezone.now())  # a search that finds nobody is not for search engines
    make_mentor(status="submitted")
    make_mentor(status="suspended")
    make_mentor(paused_at=timezone.now())
    maps = addresses(client, "/sitemap.xml")
    assert [re.sub(r"^http://[^/]+", "", each) for each in maps] == ["/sitemap-pages.xml", "/sitemap-mentors.xml"]
    assert addresses(client, "/sitemap-mentors.xml") == [f"https://lantern.example/mentors/{mentor.handle}/"]
    pages = addresses(client, "/sitemap-pages.xml")
    assert "https://lantern.example/" in pages
    assert "https://lantern.example/help/how-it-works/" in pages
    for page in pages:
        answer = client.get(page.removeprefix("https://lantern.example"))
        assert answer.status_code == 200
        assert "noindex" not in answer.text
    assert client.get("/sitemap-people.xml").status_code == 404


def test_without_the_cache_the_maps_are_there_all_the_same(client: Client, mentor: Mentor, settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert len(addresses(client, "/sitemap.xml")) == 2
    assert mentor.handle in addresses(client, "/sitemap-mentors.xml")[0]
    assert client.get("/sitemap-people.xml").status_code == 404


def test_the_map_is_kept_for_an_hour_and_costs_one_query(client: Client, mentor: Mentor) -> None:
    first = client.get("/sitemap-mentors.xml")
    assert first["Cache-Control"] == "max-age=3600"
    other = make_mentor()
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/sitemap-mentors.xml").text == first.text
    assert len(queries) == 0
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        assert other.handle in client.get("/sitemap-mentors.xml").text
    one_more = len(queries)
    for _ in range(4):
        make_mentor()
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        client.get("/sitemap-mentors.xml")
    assert len(queries) == one_more <= 2


def test_robots_are_kept_from_private_pages_and_led_to_the_map(client: Client, settings: Any) -> None:
    settings.SITE_URL = "https://lantern.example"
    answer = client.get("/robots.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Sitemap: https://lantern.example/sitemap.xml"
    closed = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    assert {"/accounts/login/", "/admin/", "/api/", "/messages/", "/mentor/", "/sessions/"} <= set(closed)
    for page in ("/", "/mentors/", "/mentors/someone/", "/help/safety/", "/photos/abc/", "/static/css/site.css"):
        assert not page.startswith(tuple(closed))


def test_the_icon_is_found_where_browsers_look_for_it(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer["Location"].endswith("brand.svg")
    assert "max-age=3600" in answer["Cache-Control"]
