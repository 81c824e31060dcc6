"""The limits of product.md §9 on the way in: 429 with the wait, by page and by JSON, and 503 when they can't be counted."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from time_machine import travel

from accounts.models import User
from tests.factories import PASSWORD, make_student
from tests.signin import give_second_factor, sign_in

LOGIN = "/accounts/login/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def member(db: None) -> User:
    return make_student(password=PASSWORD, email="ada@example.org")


def try_page(client: Client, email: str, password: str = "wrong", **headers: str) -> Any:  # Any: the client's response
    return client.post(LOGIN, {"login": email, "password": password}, headers=headers)


def try_json(client: Client, email: str, password: str = "wrong", **headers: str) -> Any:  # Any: the client's response
    body = {"email": email, "password": password}
    return client.post("/api/auth/login", body, content_type="application/json", headers=headers)


def test_an_account_bears_ten_failed_sign_ins_in_five_minutes(client: Client, member: User) -> None:
    with travel("2026-11-22T10:00:00Z", tick=False) as clock:
        for n in range(10):
            answer = try_page(client, member.email) if n % 2 else try_json(client, member.email)
            assert answer.status_code in {401, 422}
            clock.shift(1)
        page = try_page(client, member.email, PASSWORD)
        assert page.status_code == 429, "even with the right password"
        assert page["Retry-After"] == "290"
        assert "That was a lot at once. Try again in 5 minutes." in page.text
        assert f'value="{member.email}"' in page.text, "what was typed stays"
        json = try_json(client, member.email.upper(), PASSWORD, host="localhost")
        assert (json.status_code, json.json()["code"], json["Retry-After"]) == (429, "rate_limited", "290")
        clock.shift(290)
        assert try_page(client, member.email, PASSWORD).status_code == 302


def test_other_accounts_are_not_shut_out(client: Client, member: User) -> None:
    other = make_student(password=PASSWORD)
    for _ in range(10):
        try_json(client, member.email)
    assert try_json(client, member.email, PASSWORD).status_code == 429
    assert try_json(client, other.email, PASSWORD).status_code == 200


def test_an_unknown_address_is_limited_like_a_known_one(client: Client) -> None:
    answers = [try_json(client, "nobody@example.org").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]


def spend_the_addresses_sign_ins(client: Client, **headers: str) -> None:
    for n in range(30):
        try_json(client, f"person{n}@example.org", **headers)


def test_an_address_makes_thirty_sign_ins_in_five_minutes(client: Client, member: User) -> None:
    with travel("2026-11-22T10:00:00Z", tick=False) as clock:
        spend_the_addresses_sign_ins(client)
        page = try_page(client, member.email, PASSWORD)
        assert (page.status_code, page["Retry-After"]) == (429, "300")
        json = try_json(client, member.email, PASSWORD)
        assert (json.status_code, json["Retry-After"]) == (429, "300")
        clock.shift(300)
        assert try_json(client, member.email, PASSWORD).status_code == 200


def test_a_spoofed_forwarding_header_lands_in_the_same_bucket(client: Client, member: User) -> None:
    for n in range(30):
        try_json(client, f"person{n}@example.org", **{"x-forwarded-for": f"203.0.113.{n}"})
    assert try_json(client, member.email, PASSWORD, **{"x-forwarded-for": "198.51.100.7"}).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.7").get(LOGIN).status_code == 200
    other_address = Client(REMOTE_ADDR="198.51.100.7")
    assert try_json(other_address, member.email, PASSWORD).status_code == 200


def test_behind_one_proxy_only_its_own_entry_counts(client: Client, member: User, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    for n in range(30):
        try_json(client, f"person{n}@example.org", **{"x-forwarded-for": f"203.0.113.{n}, 192.0.2.1"})
    assert try_json(client, member.email, PASSWORD, **{"x-forwarded-for": "1.2.3.4, 192.0.2.1"}).status_code == 429
    assert try_json(client, member.email, PASSWORD, **{"x-forwarded-for": "1.2.3.4, 192.0.2.2"}).status_code == 200


def test_ipv4_on_a_socket_of_ipv6_is_counted_one_by_one(member: User) -> None:
    spend_the_addresses_sign_ins(Client(REMOTE_ADDR="::ffff:203.0.113.7"))
    assert try_json(Client(REMOTE_ADDR="::ffff:198.51.100.7"), member.email, PASSWORD).status_code == 200
    assert try_json(Client(REMOTE_ADDR="::ffff:203.0.113.7"), member.email, PASSWORD).status_code == 429
    assert try_json(Client(REMOTE_ADDR="203.0.113.7"), member.email, PASSWORD).status_code == 429


def sign_up(client: Client, n: int, *, by_json: bool) -> Any:  # Any: the client's response
    email = f"new{n}@example.org"
    if not by_json:
        return client.post("/accounts/signup/", {"email": email})
    body = {"email": email, "password": PASSWORD, "name": "New", "role": "student", "time_zone": "UTC"}
    return client.post("/api/auth/signup", body, content_type="application/json")


def test_an_address_signs_up_twenty_times_an_hour() -> None:
    with travel("2026-11-22T10:00:00Z", tick=False) as clock:
        for n in range(20):
            assert sign_up(Client(), n, by_json=bool(n % 2)).status_code in {202, 302}
        for by_json in (False, True):
            refused = sign_up(Client(), 99, by_json=by_json)
            assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
        assert not User.objects.filter(email="new99@example.org").exists()
        clock.shift(3600)
        assert sign_up(Client(), 99, by_json=True).status_code == 202


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_an_account_is_reset_five_times_an_hour(member: User, email: str) -> None:
    def ask(address: str) -> Any:  # Any: the client's response
        return Client().post("/accounts/password/reset/", {"email": address})

    with travel("2026-11-22T10:00:00Z", tick=False) as clock:
        for _ in range(5):
            assert ask(email).status_code == 302
        refused = ask(email.upper())
        assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
        assert ask("other@example.org").status_code == 302
        clock.shift(3600)
        assert ask(email).status_code == 302


def test_codes_are_mailed_three_times_in_five_minutes(member: User) -> None:
    for _ in range(3):
        assert Client().post("/accounts/login/code/", {"email": member.email}).status_code == 302
    refused = Client().post("/accounts/login/code/", {"email": member.email})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300
    cache.clear()
    assert Client().post("/accounts/login/code/", {"email": member.email}).status_code == 302


@pytest.mark.parametrize(
    ("url", "limit", "typed"),
    [
        (LOGIN, {"login": "1/5m/ip"}, {"login": "ada@example.org", "password": PASSWORD, "next": "/sessions/"}),
        ("/accounts/signup/", {"signup": "1/5m/ip"}, {"email": "new@example.org", "password1": PASSWORD}),
        ("/accounts/password/reset/", {"reset_password": "1/5m/key"}, {"email": "ada@example.org"}),
        (
            "/accounts/login/code/",
            {"request_login_code": "1/5m/ip"},
            {"email": "ada@example.org", "next": "/sessions/"},
        ),
    ],
)
def test_a_form_that_came_too_often_is_there_again_as_it_was_typed(
    client: Client, member: User, settings: Settings, url: str, limit: dict[str, str], typed: dict[str, str]
) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | limit
    with travel("2026-11-22T10:00:00Z", tick=False) as clock:
        Client().post(url, typed | {"password": "wrong"})
        refused = client.post(url, typed)
        assert (refused.status_code, refused["Retry-After"]) == (429, "300")
        assert "That was a lot at once. Try again in 5 minutes." in refused.text
        assert f'value="{typed.get("login") or typed["email"]}"' in refused.text
        assert PASSWORD not in refused.text
        if "next" in typed:
            assert '<input type="hidden" name="next" value="/sessions/">' in refused.text
        assert client.get("/api/me").status_code == 401
        clock.shift(300)
        assert client.post(url, typed).status_code == 302


def test_a_second_factor_bears_ten_failures(client: Client, member: User) -> None:
    give_second_factor(member)
    try_page(client, member.email, PASSWORD)
    for _ in range(10):
        assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 422
    refused = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300


def test_confirming_oneself_is_limited_too(client: Client, member: User) -> None:
    sign_in(client, member)
    statuses = {client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code for _ in range(10)}
    assert statuses == {422}
    refused = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300


@pytest.mark.parametrize("attempt", [try_page, try_json])
def test_without_the_limits_cache_nobody_signs_in(
    client: Client, member: User, settings: Settings, attempt: Any
) -> None:
    working = settings.CACHES
    settings.CACHES = {"default": {**working["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    refused = attempt(client, member.email, PASSWORD)
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert client.get("/api/me").status_code == 401
    assert sign_up(client, 1, by_json=attempt is try_json).status_code == 503
    settings.CACHES = working
    assert attempt(client, member.email, PASSWORD).status_code in {200, 302}


def test_a_page_that_only_reads_needs_no_limits(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert client.get(LOGIN).status_code == 200
