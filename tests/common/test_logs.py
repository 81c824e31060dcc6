"""Logs and error reports say what happened, never who said what."""

import json
import logging

import pytest
import structlog
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from marketplace.common.errors import DomainError
from marketplace.common.logging import MASK, PATTERNS, logging_config, mask, mask_event
from marketplace.common.reporting import scrub

SECRETS = [
    "amara@example.org",
    "Amara.Okafor+lantern@mail.example.co.uk",
    "/mentors/?q=amara%40example.org",
    "/mentors/?q=Amara.Okafor%2Blantern%40mail.example.co.uk&sort=price",
    "sk_live_51Habcdefgh",
    "whsec_abcdefghijkl",
    "pi_3Nabc_secret_xyz123",
    "postgresql://lantern:hunter2@db/lantern",
    "redis://:hunter2@cache:6379/0",
    "DETAIL:  Failing row contains (7, Amara Okafor, argon2$abcdefgh).",
    "DETAIL:  Failing row contains (7, Dear Amara (if I may),\n\nOkafor).\nCONTEXT:  while updating",
    "DETAIL:  Key (name)=(Amara Okafor) already exists.",
    "https://s3.example/private/x?X-Amz-Signature=abcdef&X-Amz-Credential=AKIA%2Fus",
    "https://lantern.example/reset?token=abc123",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_masked_wherever_they_stand(secret: str) -> None:
    parts = {
        "amara@",
        "amara%40",
        "hunter2",
        "51Habc",
        "abcdefgh",
        "xyz123",
        "abcdef",
        "abc123",
        "c2lnbmF0dXJl",
        "Okafor",
    }
    shown = json.dumps(mask({"text": f"before {secret} after", "deep": [{"value": secret}]}))
    assert MASK in shown
    assert "before" in shown
    assert not [part for part in parts if part in secret and part in shown]


@pytest.mark.parametrize("run", ["a" * 60 + "@b.example", "eyJ-" * 15 + ".x", "%40" * 20 + "a", "sk_live_" * 8])
def test_a_search_for_secrets_never_starts_anew_within_a_run(run: str) -> None:
    """What anyone may send is logged, up to 64 KiB of it: from each of its characters to its end would be its square."""
    assert [at for at in range(1, len(run)) if any(p.match(run, at) for p in PATTERNS)] == []


def test_a_row_that_the_database_refused_is_quoted_in_no_report(student: User) -> None:
    """``student`` has a name and an address, which PostgreSQL tells with the rest of the row."""
    with pytest.raises(IntegrityError, match=student.email) as refused, transaction.atomic():
        User.objects.filter(pk=student.pk).update(role="teacher", name="Ngozi Adichie")
    shown = mask(str(refused.value))
    assert "user_role_known" in shown
    assert not [part for part in ("Ngozi", student.email, str(student.pk), student.password) if part in shown]


def test_values_under_telling_names_are_masked_whole() -> None:
    event = mask_event(
        None, "info", {"event": "x", "password": "correct horse", "csrf_token": "abc", "booking_id": "b-1"}
    )
    assert event == {"event": "x", "password": MASK, "csrf_token": MASK, "booking_id": "b-1"}


def test_a_line_is_json_with_the_ids_of_request_and_user(
    client: Client, student: User, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.config.dictConfig(logging_config(json=True))  # type: ignore[attr-defined]  # imported by logging itself
    client.force_login(student)
    ours = "9b2f0c5e-0f0b-4d4c-8a55-5d3c1a4a2f60"
    client.get("/sessions/?q=amara@example.org", headers={"X-Request-Id": ours})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    finished = next(line for line in lines if line["event"] == "request_finished")
    assert (finished["request_id"], finished["user_id"], finished["code"]) == (ours, str(student.pk), 200)
    assert "amara@" not in json.dumps(lines)


def test_an_expected_refusal_is_not_reported() -> None:
    error = DomainError()
    assert scrub({}, {"exc_info": (DomainError, error, None)}) is None
    assert scrub({"message": "boom"}, {"exc_info": (ValueError, ValueError(), None)}) == {"message": "boom"}


def test_a_report_holds_no_body_cookie_or_name() -> None:
    event = scrub(
        {
            "request": {
                "url": "https://lantern.example/x?token=abc123",
                "data": {"body": "Dear Ngozi"},
                "cookies": {"sessionid": "s"},
                "headers": {"Cookie": "s", "Authorization": "t", "User-Agent": "Firefox"},
            },
            "user": {"id": "u-1", "email": "amara@example.org", "ip_address": "203.0.113.7"},
        },
        {},
    )
    assert event is not None
    assert event["user"] == {"id": "u-1"}
    shown = json.dumps(event)
    assert not [part for part in ("Ngozi", "sessionid", "Authorization", "abc123", "203.0.113.7") if part in shown]
    assert "Firefox" in shown


def test_the_request_id_reaches_every_line_of_a_request() -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        assert structlog.contextvars.merge_contextvars(None, "info", {"event": "x"})["request_id"] == "r-1"
