import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from marketplace.common.errors import CODES
from marketplace.pages import public_rules
from marketplace.schema import json_routes
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor
from tests.faults import database_down

pytestmark = pytest.mark.django_db


def test_home_shows_mentors_and_the_next_session_first(client: Client, mentor: Mentor, student: User) -> None:
    assert mentor.user.first_name in client.get("/").text
    booking = make_booking(mentor=mentor, student=student)
    client.force_login(student)
    page = client.get("/")
    assert page.status_code == 200
    assert reverse("bookings:session", args=[booking.pk]) in page.text


def test_home_without_mentors_says_so(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "The first mentors are being checked" in page.text


def test_home_asks_as_many_questions_for_one_mentor_as_for_many(client: Client) -> None:
    make_mentor()
    with CaptureQueriesContext(connection) as one:
        client.get("/")
    for _ in range(8):
        make_mentor()
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(one) == len(many) <= 6


@pytest.mark.parametrize("name", ["help", "help-how-it-works", "help-safety", "help-terms", "help-privacy"])
def test_help_pages_are_open_to_everyone(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 200


def test_how_it_works_prints_the_numbers_of_the_settings(client: Client, settings: object) -> None:
    url = reverse("help-how-it-works")
    assert "15%" in client.get(url).text.replace(" %", "%").replace("\u00a0%", "%")
    settings.PLATFORM_FEE_BPS = 1_275  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert "12.75%" in client.get(url).text.replace(" %", "%").replace("\u00a0%", "%")
    assert public_rules()["PLATFORM_FEE_BPS"] == 1_275


def test_health_is_ready_with_a_migrated_database(client: Client) -> None:
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "cache": "ok"}


def test_live_asks_the_database_nothing(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/health/live").json() == {"status": "ok"}
    assert len(queries) == 0


@pytest.mark.parametrize("url", ["/api/health", "/api/health/live", "/api/schema.json"])
def test_a_machine_page_takes_no_other_method(client: Client, url: str) -> None:
    answer = client.post(url)
    assert (answer.status_code, answer.json()["code"], answer["Allow"]) == (405, "method_not_allowed", "GET")
    assert client.head(url).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_without_a_database_a_page_says_so_and_what_was_typed_can_be_sent_again(student: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(student)
    with database_down():
        asked = client.get("/mentors/?q=it's")
        sent = client.post("/help/report/other/", {"text": "Hello."})
    assert "We are out for a moment" in asked.text
    assert '<a class="button" href="/mentors/?q=it&#x27;s">Try again</a>' in asked.text
    assert sent.status_code == 503
    assert "what you typed is sent again" in sent.text
    assert "Try again</a>" not in sent.text, "a link would not send it"
    assert client.post("/help/report/other/", {"text": "Hello."}).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/api/bookings", "/sessions/", "/mentors/"])
def test_without_a_database_a_signed_in_person_is_asked_to_come_again(student: User, url: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(student)
    with database_down():
        answer = client.get(url)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "connection" not in answer.text
    assert client.get(url).status_code == 200


def test_the_schema_names_every_json_route_and_code(client: Client) -> None:
    document = client.get("/api/schema.json").json()
    assert document["openapi"].startswith("3.1")
    assert "/api/bookings" in document["paths"]
    assert len(list(json_routes())) == sum(len(operations) for operations in document["paths"].values())
    operations = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(set(operations)) == len(operations)
    assert document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == sorted(CODES)
    references = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert references <= set(document["components"]["schemas"])


def test_an_unknown_address_is_a_page_or_a_problem(client: Client, student: User) -> None:
    page = client.get("/nothing/here/")
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (404, "text/html")
    answer = client.get("/api/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_a_request_id_is_echoed_when_it_is_a_uuid(client: Client) -> None:
    ours = "9b2f0c5e-0f0b-4d4c-8a55-5d3c1a4a2f60"
    assert client.get("/api/health/live", headers={"X-Request-Id": ours})["X-Request-Id"] == ours
    other = client.get("/api/health/live", headers={"X-Request-Id": "<script>"})["X-Request-Id"]
    assert other != "<script>"
    assert len(other) == 36


def test_the_post_box_exists_on_loopback_in_development_only(client: Client, settings: object) -> None:
    assert client.get("/dev/mail/").status_code == 200
    settings.ON_LOOPBACK = False  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert client.get("/dev/mail/").status_code == 404
    assert client.get("/dev/components/").status_code == 404


def test_a_write_without_a_token_is_refused_before_anything_else(csrf_client: Client) -> None:
    answer = csrf_client.post("/api/bookings", "not json", content_type="text/plain")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert csrf_client.post("/bookings/", {}).status_code == 403
