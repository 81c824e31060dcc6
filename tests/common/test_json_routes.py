"""What every JSON route does alike: guards, bodies, problems, idempotency keys. Shown on the routes that hold time."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from marketplace.common import idempotency
from marketplace.common.errors import CODES
from marketplace.common.models import IdempotencyKey
from marketplace.common.pagination import encode
from mentors.models import Mentor
from tests.factories import make_booking, make_student
from tests.races import at_once

pytestmark = pytest.mark.django_db

URL = "/api/bookings"


def noon(days: int = 3) -> str:
    moment = (datetime.now(UTC) + timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)
    return moment.isoformat().replace("+00:00", "Z")


def body(mentor: Mentor, **changes: Any) -> dict[str, Any]:
    return {"mentor": mentor.handle, "minutes": 45, "starts_at": noon(), **changes}


def post(client: Client, data: Any, **headers: str) -> Any:
    content = data if isinstance(data, (str, bytes)) else json.dumps(data)
    return client.post(URL, content, content_type="application/json", headers=headers)


@pytest.fixture
def signed_in(client: Client, student: User) -> Client:
    client.force_login(student)
    return client


def test_a_hold_by_json_answers_the_booking(signed_in: Client, mentor: Mentor, student: User) -> None:
    answer = post(signed_in, body(mentor))
    assert answer.status_code == 201
    booking = answer.json()
    assert booking | {"id": "", "hold_expires_at": ""} == {
        "id": "",
        "status": "held",
        "mentor": mentor.handle,
        "student": {"id": str(student.pk), "name": student.name},
        "minutes": 45,
        "starts_at": noon(),
        "ends_at": noon().replace("12:00", "12:45"),
        "hold_expires_at": "",
        "price": {"amount_minor": 3_300, "currency": "usd"},
        "policy": "standard",
        "cancelled_by": None,
        "payment": None,
        "refund": None,
        "proposal": None,
    }
    assert signed_in.get(f"{URL}/{booking['id']}").json() == booking
    assert signed_in.get(URL).json() == {"items": [booking], "next_cursor": None}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"student": str(uuid.uuid4())}, 422, "unknown_field"),
        ({"role": "admin"}, 422, "unknown_field"),
        ({"price_minor": 1}, 422, "unknown_field"),
        ({"minutes": 30}, 422, "invalid"),
        ({"minutes": "45"}, 422, "invalid"),
        ({"minutes": True}, 422, "invalid"),
        ({"starts_at": "tomorrow"}, 422, "invalid"),
        ({"starts_at": "2026-12-01T12:00:00"}, 422, "invalid"),
        ({"starts_at": None}, 422, "invalid"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid"),
        ({"starts_at": "9999-12-31T23:45:00-12:00"}, 422, "invalid"),
        ({"mentor": "nobody-here"}, 422, "not_bookable"),
        ({"mentor": 7}, 422, "invalid"),
        ({"starts_at": noon(days=-3)}, 422, "not_bookable"),
    ],
)
def test_a_wrong_body_is_refused_and_the_right_one_taken(
    signed_in: Client, mentor: Mentor, change: dict[str, Any], status: int, code: str
) -> None:
    answer = post(signed_in, body(mentor) | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Booking.objects.count() == 0
    assert post(signed_in, body(mentor)).status_code == 201


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("", 422, "invalid"),
        ("{", 400, "malformed"),
        ("[]", 400, "malformed"),
        ("7", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        ('{"a":' * 30_000 + "1" + "}" * 30_000, 413, "too_large"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, 400, "malformed"),
        ('{"mentor": "\\ud800"}', 400, "malformed"),
        ('{"mentor": "a\\u0000b"}', 422, "invalid"),
        ('{"mentor": ["a", {"\\u0000": 1}]}', 422, "invalid"),
        ('{"mentor": "a\x00b"}', 400, "malformed"),
    ],
)
def test_what_is_not_a_body_is_refused_without_an_error(
    signed_in: Client, content: str | bytes, status: int, code: str
) -> None:
    answer = post(signed_in, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_field_is_refused_where_no_body_is_asked_for(signed_in: Client, mentor: Mentor) -> None:
    url = f"{URL}/{post(signed_in, body(mentor)).json()['id']}/extend"
    for wrong, code in (({"minutes": 60}, "unknown_field"), ([], "malformed")):
        answer = signed_in.post(url, wrong, content_type="application/json")
        assert answer.json()["code"] == code
    assert signed_in.post(url, {}, content_type="application/json").status_code == 200


def test_another_content_type_is_415(signed_in: Client, mentor: Mentor) -> None:
    answer = signed_in.post(URL, body(mentor))
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert post(signed_in, body(mentor)).status_code == 201


def test_another_method_is_405_before_anyone_is_asked_who_they_are(client: Client) -> None:
    answer = client.delete(URL)
    assert (answer.status_code, answer.json()["code"], answer["Allow"]) == (405, "method_not_allowed", "GET, POST")


def test_a_problem_has_the_members_it_promises(client: Client) -> None:
    ours = str(uuid.uuid4())
    answer = client.get(URL, headers={"X-Request-Id": ours})
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "code", "detail", "request_id"}
    assert (problem["status"], problem["code"], problem["request_id"]) == (401, "not_authenticated", ours)
    assert answer["Cache-Control"] == "no-store"


def test_refusals_come_in_the_order_of_the_contract(signed_in: Client, student: User, mentor: Mentor) -> None:
    start = datetime.fromisoformat(noon())
    make_booking(mentor=mentor, starts_at=start)  # taken by another
    taken = post(signed_in, body(mentor))
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    alternatives = taken.json()["alternatives"]
    assert len(alternatives) == 3
    assert set(alternatives[0]) == {"starts_at", "ends_at", "price"}
    make_booking(student=student, starts_at=start)  # and the student is busy
    assert post(signed_in, body(mentor)).json()["code"] == "student_busy"
    for place in (1, 2, 3):  # and has three holds
        later = start + timedelta(days=1, hours=2 * place)
        make_booking(student=student, status="held", hold_place=place, starts_at=later)
    assert post(signed_in, body(mentor)).json()["code"] == "hold_limit"
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=timezone.now())  # and the mentor is not listed
    assert post(signed_in, body(mentor)).json()["code"] == "not_bookable"


def test_the_same_key_and_body_get_the_same_answer(signed_in: Client, mentor: Mentor) -> None:
    first, again = (post(signed_in, body(mentor), **{"Idempotency-Key": "key-one-1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Booking.objects.count() == 1


def test_a_key_with_another_body_is_a_mismatch(signed_in: Client, mentor: Mentor) -> None:
    post(signed_in, body(mentor), **{"Idempotency-Key": "key-two-2"})
    other = post(signed_in, body(mentor, minutes=15), **{"Idempotency-Key": "key-two-2"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    broken = post(signed_in, "{", **{"Idempotency-Key": "key-two-2"})  # looked at before the body's rules
    assert broken.json()["code"] == "idempotency_mismatch"


def test_two_accounts_may_use_one_key(client: Client, mentor: Mentor) -> None:
    for start in (noon(), noon(days=4)):
        client.force_login(make_student())
        assert post(client, body(mentor, starts_at=start), **{"Idempotency-Key": "key-same-1"}).status_code == 201


@pytest.mark.parametrize("key", ["short", "x" * 256, "with\ta-tab", "umläut-key"])
def test_a_key_of_another_shape_is_refused(signed_in: Client, mentor: Mentor, key: str) -> None:
    answer = post(signed_in, body(mentor), **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert post(signed_in, body(mentor), **{"Idempotency-Key": "long enough"}).status_code == 201


def test_a_refusal_is_kept_under_its_key(signed_in: Client, mentor: Mentor) -> None:
    taken = make_booking(mentor=mentor, starts_at=datetime.fromisoformat(noon()))
    first = post(signed_in, body(mentor), **{"Idempotency-Key": "key-refused"})
    Booking.objects.filter(pk=taken.pk).update(status="cancelled")
    again = post(signed_in, body(mentor), **{"Idempotency-Key": "key-refused"})
    assert first.status_code == again.status_code == 409
    assert first.json() == again.json()
    assert again["Content-Type"] == "application/problem+json"


def test_a_crash_after_the_commit_makes_no_second_booking(
    signed_in: Client, mentor: Mentor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any, **kwargs: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "finish", die)
        with pytest.raises(SystemExit):
            post(signed_in, body(mentor), **{"Idempotency-Key": "key-crash-1"})
    again = post(signed_in, body(mentor), **{"Idempotency-Key": "key-crash-1"})
    assert (again.status_code, again.json()["id"]) == (201, str(Booking.objects.get().pk))


def test_a_key_left_by_a_dead_process_is_taken_over_after_a_while(
    signed_in: Client, student: User, mentor: Mentor
) -> None:
    content = json.dumps(body(mentor))
    claim = idempotency.begin(user_id=student.pk, key="key-dead-1", route=f"POST {URL}", body=content.encode())
    assert isinstance(claim, IdempotencyKey)
    waiting = post(signed_in, content, **{"Idempotency-Key": "key-dead-1"})
    assert (waiting.status_code, waiting.json()["code"]) == (409, "in_flight")
    IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.ABANDONED_AFTER)
    assert post(signed_in, content, **{"Idempotency-Key": "key-dead-1"}).status_code == 201


def test_a_key_set_free_while_it_is_looked_at_is_still_in_flight(
    signed_in: Client, mentor: Mentor, student: User
) -> None:
    """The first request is refused for now (429, 503) after ours has met its key and before ours reads it."""
    IdempotencyKey.objects.create(user=student, key="first-one", route="", body_hash="", created_at=timezone.now())

    def free_it(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # Any: Django's own
        if sql.startswith("SELECT") and "idempotencykey" in sql:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM common_idempotencykey WHERE key = 'first-one'")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(free_it):
        answer = post(signed_in, body(mentor), **{"Idempotency-Key": "first-one"})
    assert (answer.status_code, answer.json()["code"]) == (409, "in_flight")
    assert post(signed_in, body(mentor), **{"Idempotency-Key": "first-one"}).status_code == 201


def test_a_key_is_kept_for_a_day(signed_in: Client, mentor: Mentor) -> None:
    post(signed_in, body(mentor), **{"Idempotency-Key": "key-old-11"})
    IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.KEPT)
    answer = post(signed_in, body(mentor, minutes=15), **{"Idempotency-Key": "key-old-11"})
    assert answer.json()["code"] == "hold_limit"  # a new request, not a mismatch


def test_a_key_that_nobody_sends_again_is_deleted_after_a_day(
    student: User, capsys: pytest.CaptureFixture[str]
) -> None:
    now = timezone.now()
    for name, age in (("key-new-1", timedelta(hours=23)), ("key-old-1", idempotency.KEPT)):
        IdempotencyKey.objects.create(user=student, key=name, route=URL, body_hash="0", created_at=now - age)
    call_command("purge", once=True)
    assert IdempotencyKey.objects.get().key == "key-new-1"
    assert capsys.readouterr().out == "Deleted: 0 files, 1 idempotency keys.\n"


@pytest.mark.django_db(transaction=True)
def test_one_key_twenty_times_at_once_makes_one_booking(mentor: Mentor, student: User) -> None:
    clients = [Client() for _ in range(20)]
    for client in clients:
        client.force_login(student)

    def ask(client: Client) -> int:
        status: int = post(client, body(mentor), **{"Idempotency-Key": "key-race-1"}).status_code
        return status

    statuses = at_once([partial(ask, client) for client in clients])
    assert 201 in statuses
    assert set(statuses) <= {201, 409}
    assert Booking.objects.count() == 1


def test_tries_are_limited(signed_in: Client, mentor: Mentor, settings: Any) -> None:
    assert settings.RATE_LIMITS["HOLD_TRY"] == "60/m"
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"HOLD_TRY": "3/d"}  # a period whose end the test can't meet
    for _ in range(3):
        assert post(signed_in, body(mentor, minutes=30)).status_code == 422
    answer = post(signed_in, body(mentor))
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer["Retry-After"]) > 0
    cache.clear()
    assert post(signed_in, body(mentor)).status_code == 201


def test_a_database_in_trouble_is_a_503(signed_in: Client, mentor: Mentor, monkeypatch: pytest.MonkeyPatch) -> None:
    def stall(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr("bookings.services.holds.lock_people", stall)
        answer = post(signed_in, body(mentor))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert "lock timeout" not in answer.text
    assert post(signed_in, body(mentor)).status_code == 201


def test_lists_go_on_where_the_cursor_stands(signed_in: Client, student: User) -> None:
    start = datetime.fromisoformat(noon())
    made = [make_booking(student=student, starts_at=start + timedelta(days=day)) for day in range(25)]
    first = signed_in.get(URL).json()
    second = signed_in.get(URL, {"cursor": first["next_cursor"]}).json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids == [str(booking.pk) for booking in reversed(made)]
    assert second["next_cursor"] is None
    forged = [encode([made[0].starts_at.isoformat(), key]) for key in ("no-uuid", "\x00", None)]
    for bad in ("nonsense", "W10", "WzEsMl0", *forged):
        answer = signed_in.get(URL, {"cursor": bad})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_every_code_has_one_status() -> None:
    assert all(400 <= status <= 503 for status in CODES.values())
