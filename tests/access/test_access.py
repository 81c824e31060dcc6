"""Every URL of the product × every kind of person → the status they get. A URL missing from the table fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from tests.access.world import ACTORS, World, make_world, put_back

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("table.txt")


class Row:
    """One line of the table: method, URL name, ``part=key`` of its parts, then a status for each actor."""

    def __init__(self, line: str) -> None:
        request, _, statuses = line.partition("|")
        self.method, self.name, *parts = request.split()
        self.parts = dict(part.split("=") for part in parts)
        self.statuses = dict(zip(ACTORS, map(int, statuses.split()), strict=True))
        self.id = " ".join([self.method, self.name, *parts])

    def url(self, world: World) -> str:
        known = world.url_parts
        return reverse(
            self.name, kwargs={part: known[part]["" if key == "-" else key] for part, key in self.parts.items()}
        )


def rows() -> list[Row]:
    lines = (line.strip() for line in TABLE.read_text().splitlines())
    return [Row(line) for line in lines if line and not line.startswith("#")]


def url_names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from url_names(pattern.url_patterns, inner)
        else:
            yield f"{namespace}{pattern.name}"


# Django admin's own pages: who comes in is decided by the admin site and by view permissions, tested in test_admin.py.
STOCK_ADMIN = (
    "admin:index", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done", "admin:autocomplete",
    "admin:jsi18n", "admin:view_on_site", "admin:app_list", "admin:None",
)  # fmt: skip
STOCK_MODEL_PAGES = ("_changelist", "_add", "_history", "_delete", "_change", "_password_change")


def is_stock_admin(name: str) -> bool:
    return name in STOCK_ADMIN or (name.startswith("admin:") and name.endswith(STOCK_MODEL_PAGES))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker, payment_server: object) -> Iterator[World]:
    with django_db_blocker.unblock(), put_back():
        cache.clear()
        yield make_world()


def test_every_url_stands_in_the_table() -> None:
    known = {row.name for row in rows()}
    names = {name for name in url_names(get_resolver().url_patterns) if not is_stock_admin(name)}
    assert names == known


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_access(row: Row, world: World, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        found = {actor: world.ask(actor, row.method, row.url(world)) for actor in ACTORS}
    assert found == row.statuses


READ_BY_PROGRAMS = [row for row in rows() if row.method == "GET" and "-api:" in row.name]


@pytest.mark.parametrize("row", READ_BY_PROGRAMS, ids=lambda row: row.id)
def test_who_may_read_json_is_told_of_a_query_field_that_is_not_known(
    row: Row, world: World, django_db_blocker: DjangoDbBlocker
) -> None:
    url = row.url(world)
    readers = [actor for actor, status in row.statuses.items() if status in {200, 302}]
    with django_db_blocker.unblock():
        found = {
            actor: (world.ask(actor, "GET", f"{url}?surprise=1"), world.ask(actor, "GET", url)) for actor in readers
        }
    assert found == {actor: (422, row.statuses[actor]) for actor in readers}
