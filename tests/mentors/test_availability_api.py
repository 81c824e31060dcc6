"""GET/PUT /api/mentors/availability: hours, dates, rules and the pause as an outside program drives them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mentors import services
from mentors.models import AvailabilityRule, Mentor
from mentors.signals import hours_changed
from tests.factories import make_mentor, make_student, make_user

URL = "/api/mentors/availability"
BODY: dict[str, object] = {
    "time_zone": "Europe/Berlin",
    "weekly": [
        {"weekday": 0, "start": "09:00", "end": "12:30"},
        {"weekday": 0, "start": "18:00", "end": "22:00"},
        {"weekday": 6, "start": "22:15", "end": "01:00"},
    ],
    "exceptions": [
        {"date": "2026-12-06", "kind": "add", "windows": [{"start": "10:00", "end": "14:00"}], "yearly": False},
        {"date": "2026-12-24", "kind": "replace", "windows": [{"start": "09:00", "end": "10:00"}], "yearly": True},
        {"date": "2026-12-25", "kind": "remove", "windows": [], "yearly": True},
    ],
    "notice_hours": 12,
    "break_minutes": 15,
    "horizon_days": 30,
    "day_cap": 4,
    "policy": "strict",
    "paused": False,
}


@pytest.fixture
def signed_in(client: Client, mentor: Mentor) -> Mentor:
    client.force_login(mentor.user)
    return mentor


def put(client: Client, **body: object) -> Any:  # Any: the test client's response
    return client.put(URL, body, content_type="application/json")


def test_a_new_mentor_has_the_default_rules(client: Client, db: None) -> None:
    client.force_login(make_user(role="mentor"))
    assert client.get(URL).json() == {
        "time_zone": "", "weekly": [], "exceptions": [], "notice_hours": 4, "break_minutes": 0, "horizon_days": 60,
        "day_cap": None, "policy": "standard", "paused": False,
    }  # fmt: skip
    assert put(client, **client.get(URL).json()).status_code == 200


def test_what_is_put_is_what_is_read(client: Client, signed_in: Mentor) -> None:
    assert put(client, **BODY).json() == BODY
    assert client.get(URL).json() == BODY


def test_absent_fields_stay(client: Client, signed_in: Mentor) -> None:
    put(client, **BODY)
    assert put(client, notice_hours=1).json() == BODY | {"notice_hours": 1}
    assert put(client, weekly=[]).json() == BODY | {"notice_hours": 1, "weekly": []}
    assert put(client).json() == BODY | {"notice_hours": 1, "weekly": []}


def window(**changes: object) -> list[dict[str, object]]:
    return [{"weekday": 1, "start": "09:00", "end": "10:00"} | changes]


def dated(**changes: object) -> list[dict[str, object]]:
    return [{"date": "2026-12-06", "kind": "add", "windows": [{"start": "10:00", "end": "14:00"}]} | changes]


def blocks(*pairs: str) -> list[dict[str, object]]:
    return [dict(zip(("start", "end"), pair.split("-"), strict=True)) for pair in pairs]


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [
        ("weekly.0.weekday", window(weekday=7), window(weekday=6)),
        ("weekly.0.weekday", window(weekday=-1), window(weekday=0)),
        ("weekly.0.weekday", window(weekday="1"), window(weekday=1)),
        ("weekly.0.start", window(start="09:10"), window(start="09:15")),
        ("weekly.0.start", window(start="9:00"), window(start="09:00")),
        ("weekly.0.start", window(start=32_400), window(start="09:00")),
        ("weekly.0.start", window(start="09:00:00"), window(start="09:00")),
        ("weekly.0.end", window(end="24:00"), window(end="00:00")),
        ("weekly.1", window() + window(start="09:45", end="11:00"), window() + window(start="10:00", end="11:00")),
        ("weekly.1", window() + window(), window()),
        # Monday from 23:00 to 02:00 meets Tuesday at 01:00, and Sunday night meets Monday morning.
        ("weekly.1", window(weekday=0, start="23:00", end="02:00") + window(start="01:00", end="03:00"),
         window(weekday=0, start="23:00", end="02:00") + window(start="02:00", end="03:00")),
        ("weekly.1", window(weekday=0, start="00:00", end="03:00") + window(weekday=6, start="20:00", end="00:15"),
         window(weekday=0, start="00:15", end="03:00") + window(weekday=6, start="20:00", end="00:15")),
        ("weekly", [{"weekday": day % 7, "start": "09:00", "end": "10:00"} for day in range(101)], window()),
        ("exceptions.0.date", dated(date="2026-02-30"), dated(date="2026-02-28")),
        ("exceptions.0.date", dated(date=1_765_000_000), dated()),
        ("exceptions.0.date", dated(date="9999-12-31"), dated(date="2199-12-31")),
        ("exceptions.0.kind", dated(kind="move"), dated(kind="replace")),
        ("exceptions.0.windows", dated(windows=[]), dated(windows=[], kind="remove")),
        ("exceptions.0.windows", dated(windows=blocks("10:00-12:00", "11:00-13:00")),
         dated(windows=blocks("10:00-12:00", "12:00-13:00"))),
        ("exceptions.0.yearly", dated(yearly="yes"), dated(yearly=True)),
        ("exceptions.1", dated() + dated(windows=blocks("18:00-19:00")), dated() + dated(kind="replace")),
        ("notice_hours", 0, 1),
        ("notice_hours", 73, 72),
        ("break_minutes", 7, 10),
        ("horizon_days", 81, 80),
        ("day_cap", 0, None),
        ("policy", "harsh", "flexible"),
        ("paused", "yes", True),
        ("time_zone", "Mars/Olympus", "Africa/Lagos"),
        ("time_zone", "", "UTC"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_saved_is_named(
    client: Client, signed_in: Mentor, field: str, wrong: object, right: object
) -> None:
    put(client, **BODY)
    name = field.partition(".")[0]
    response = put(client, **{"notice_hours": 3} | {name: wrong})
    assert response.status_code == 422
    assert response.json()["code"] == "invalid"
    assert {error["field"] for error in response.json()["errors"]} == {field}
    assert client.get(URL).json() == BODY, "all or nothing"
    assert put(client, **{"notice_hours": 3} | {name: right}).status_code == 200


@pytest.mark.parametrize("extra", [{"handle": "x"}, {"weekly": window(id=3)}, {"exceptions": dated(note="exam week")}])
def test_unknown_fields_are_refused(client: Client, signed_in: Mentor, extra: dict[str, object]) -> None:
    response = put(client, notice_hours=9, **extra)
    assert (response.status_code, response.json()["code"]) == (422, "unknown_field")
    assert put(client, notice_hours=9).status_code == 200


def test_hours_need_a_zone(client: Client, db: None) -> None:
    client.force_login(make_user(role="mentor"))
    response = put(client, weekly=window())
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["time_zone"]
    assert put(client, weekly=window(), time_zone="Europe/Berlin").status_code == 200


def test_only_the_mentors_own_hours_change(client: Client, signed_in: Mentor) -> None:
    other = make_mentor()
    before = list(other.availability_rules.values_list("weekday", "start", "end"))
    put(client, weekly=[], exceptions=[])
    assert list(other.availability_rules.values_list("weekday", "start", "end")) == before
    assert not AvailabilityRule.objects.filter(mentor=signed_in).exists()


def test_only_mentors_have_hours(client: Client, signed_in: Mentor) -> None:
    for user, status in ((make_student(), 403), (make_user(), 403), (signed_in.user, 200)):
        client.force_login(user)
        assert client.get(URL).status_code == put(client, notice_hours=5).status_code == status
    client.logout()
    assert client.get(URL).status_code == put(client).status_code == 401


def test_a_suspended_mentor_reads_and_does_not_write(client: Client, signed_in: Mentor) -> None:
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.SUSPENDED)
    assert client.get(URL).status_code == 200
    response = put(client, notice_hours=5)
    assert (response.status_code, response.json()["code"]) == (403, "suspended")
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.APPROVED)
    assert put(client, notice_hours=5).status_code == 200


def test_pausing_is_a_mark_beside_the_state(client: Client, signed_in: Mentor) -> None:
    assert put(client, paused=True).json()["paused"] is True
    assert put(client, paused=True).json()["paused"] is True
    signed_in.refresh_from_db()
    assert (signed_in.status, signed_in.is_listed) == ("approved", False)
    assert put(client, paused=False).json()["paused"] is False
    assert list(signed_in.events.order_by("pk").values_list("name", flat=True)) == ["paused", "resumed"]
    assert Mentor.objects.listed().filter(pk=signed_in.pk).exists()


def test_hours_are_not_judged(client: Client, signed_in: Mentor) -> None:
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.SUBMITTED)
    put(client, **BODY)
    signed_in.refresh_from_db()
    assert signed_in.version == 1


@pytest.fixture
def heard() -> Iterator[list[Mentor]]:
    """Who was said to have changed their hours."""
    mentors: list[Mentor] = []

    def listen(mentor: Mentor, **_kwargs: object) -> None:
        mentors.append(mentor)

    hours_changed.connect(listen)
    yield mentors
    hours_changed.disconnect(listen)


def test_a_change_of_hours_is_announced(client: Client, signed_in: Mentor, heard: list[Mentor]) -> None:
    put(client)
    put(client, weekly=[{"weekday": 7}])
    assert heard == [], "nothing was saved"
    put(client, weekly=[])
    services.update_profile(mentor=signed_in, by=signed_in.user, packages={45: None})
    services.update_profile(mentor=signed_in, by=signed_in.user, headline="Nothing to do with hours")
    assert heard == [signed_in, signed_in]


def test_reading_hours_takes_the_same_queries_for_one_row_and_many(
    client: Client, signed_in: Mentor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put(client, weekly=window(), exceptions=dated())
    with django_assert_num_queries(4):  # session, user, mentor, hours
        client.get(URL)
    put(client, **BODY)
    with django_assert_num_queries(4):
        client.get(URL)
