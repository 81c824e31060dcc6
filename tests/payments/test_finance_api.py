"""``POST /api/admin/refunds``, to the letter of the contract."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from marketplace.common.models import AuditEvent
from payments.models import Refund, RefundRequest
from tests.factories import make_booking, make_paid_booking
from tests.jobs import waiting_jobs
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

URL = "/api/admin/refunds"


@pytest.fixture
def session(db: None) -> Booking:
    """660.00, paid."""
    return make_paid_booking(price_minor=66_000)


@pytest.fixture
def desk(client: Client, finance: User) -> Client:
    return sign_in(client, finance)


def ask(client: Client, booking: Booking, amount: Any = 1_000, **more: Any) -> tuple[int, dict[str, Any]]:  # Any: JSON
    body = {"booking_id": str(booking.pk), "amount_minor": amount, "reason": "The link did not work."}
    headers = more.pop("headers", {})
    response = client.post(URL, json.dumps(body | more), content_type="application/json", headers=headers)
    return response.status_code, response.json()


def test_a_small_refund_is_made_at_once(desk: Client, session: Booking, finance: User) -> None:
    status, body = ask(desk, session)
    refund = Refund.objects.get()
    assert (status, body) == (
        201,
        {
            "id": str(refund.pk),
            "booking_id": str(session.pk),
            "status": "requested",
            "amount": {"amount_minor": 1_000, "currency": "usd"},
        },
    )
    assert (refund.by, refund.note) == (finance, "The link did not work.")
    assert waiting_jobs("payments.send_refund") == [{"pk": str(refund.pk)}]
    assert AuditEvent.objects.get(action="refund_decided").actor_id == finance.pk


def test_a_big_one_waits_for_a_second_person(desk: Client, session: Booking) -> None:
    status, body = ask(desk, session, settings.REFUND_TWO_PERSON_MINOR + 1)
    assert (status, body["status"], body["id"]) == (202, "waiting", str(RefundRequest.objects.get().pk))
    assert not Refund.objects.exists()
    assert ask(desk, session, 15_999)[0] == 201


def test_more_than_is_left_is_refused(desk: Client, session: Booking) -> None:
    status, body = ask(desk, session, 66_001)
    assert (status, body["code"]) == (422, "above_limit")
    assert ask(desk, session, 66_000)[0] == 202


@pytest.mark.parametrize(
    "wrong",
    [{"amount_minor": 0}, {"amount_minor": -1}, {"amount_minor": "10"}, {"amount_minor": 2**31}, {"reason": ""},
     {"reason": "x" * 501}, {"booking_id": "1"}, {"extra": 1}],
)  # fmt: skip
def test_a_body_that_cannot_be_right_is_refused(desk: Client, session: Booking, wrong: dict[str, object]) -> None:
    status, body = ask(desk, session, **wrong)
    assert (status, body["code"]) == (422, "unknown_field" if "extra" in wrong else "invalid")
    assert not Refund.objects.exists()
    assert ask(desk, session)[0] == 201


def test_what_was_never_paid_or_is_not_there(desk: Client, session: Booking) -> None:
    status, body = ask(desk, make_booking(status="held"))
    assert (status, body["code"]) == (409, "wrong_state")
    status, body = ask(desk, session, booking_id=str(uuid.uuid4()))
    assert (status, body["code"]) == (404, "not_found")


def test_an_old_sign_in_is_not_enough(client: Client, session: Booking, finance: User) -> None:
    sign_in(client, finance, ago=timedelta(minutes=11))
    status, body = ask(client, session)
    assert (status, body["code"]) == (403, "reauth_required")
    sign_in(client, finance)
    assert ask(client, session)[0] == 201


@pytest.mark.parametrize("reader", ["student", "support", "reviewer"])
def test_others_may_not(client: Client, session: Booking, reader: str, request: pytest.FixtureRequest) -> None:
    sign_in(client, request.getfixturevalue(reader))
    assert ask(client, session)[0] == 403
    assert not Refund.objects.exists()


@pytest.mark.parametrize("amount", [1_000, 60_000])
def test_the_same_key_decides_once(desk: Client, session: Booking, amount: int) -> None:
    key = {"headers": {"Idempotency-Key": "refund-1234"}}
    first = ask(desk, session, amount, **key)
    assert ask(desk, session, amount, **key) == first
    assert Refund.objects.count() + RefundRequest.objects.count() == 1
    assert ask(desk, session, amount + 1, **key)[1]["code"] == "idempotency_mismatch"
