"""What is asked of both servers, as requests."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from urllib.parse import urlencode

from django.conf import settings

from tests.bench.client import Ask
from tests.bench.data import HANDLE, MINUTES, Opening, Student

CSRF = "a" * 32  # a secret as Django makes them, sent as the cookie and as the field
WEBHOOK = "/api/payments/webhook"


@dataclass
class Asks:
    """Makes requests, each booking with a student and an opening of its own."""

    students: Iterator[Student]
    openings: Iterator[Opening]
    reader: Student
    monday: datetime
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def mentor_page(self) -> Ask:
        query = urlencode({"from": self.monday.date().isoformat(), "minutes": MINUTES})
        return Ask(f"/mentors/{HANDLE}/?{query}", headers=signed_in(self.reader))

    def search(self) -> Ask:
        return Ask("/mentors/", headers=signed_in(self.reader))

    def booking(self) -> Ask:
        return book(next(self.openings), next(self.students))

    def booking_by_json(self) -> Ask:
        return book_by_json(next(self.openings), next(self.students))

    def inbox(self) -> Ask:
        return Ask("/messages/", headers=signed_in(self.reader))

    def event(self) -> Ask:
        return event(f"evt_bench_{next(self.numbers)}")


def book(opening: Opening, student: Student, *, status: int = 302, follows: bool = False) -> Ask:
    body = urlencode({**pick(opening), "csrfmiddlewaretoken": CSRF}).encode()
    headers = signed_in(student) | {"Content-Type": "application/x-www-form-urlencoded"}
    return Ask("/bookings/", "POST", body, headers, status, follows)


def book_by_json(opening: Opening, student: Student, *, status: int = 201) -> Ask:
    headers = signed_in(student) | {"Content-Type": "application/json", "X-CSRFToken": CSRF}
    return Ask("/api/bookings", "POST", json.dumps(pick(opening)).encode(), headers, status)


def pick(opening: Opening) -> dict[str, str | int]:
    return {"mentor": opening.handle, "minutes": MINUTES, "starts_at": f"{opening.starts_at:%Y-%m-%dT%H:%M:%SZ}"}


def event(event_id: str) -> Ask:
    """An event as the provider sends it, about a payment that is nobody's here."""
    intent = {
        "id": f"pi_{event_id}", "object": "payment_intent", "amount": 3300, "currency": "usd", "status": "succeeded",
        "metadata": {"booking": "", "payment": ""}, "payment_method_types": ["card", "link"], "livemode": False,
    }  # fmt: skip
    body = json.dumps(
        {
            "id": event_id, "object": "event", "type": "payment_intent.succeeded", "api_version": "2026-01-28",
            "created": int(time.time()), "data": {"object": intent}, "livemode": False, "pending_webhooks": 1,
        }
    ).encode()  # fmt: skip
    sent = int(time.time())
    signature = hmac.new(settings.STRIPE_WEBHOOK_SECRETS[0].encode(), b"%d." % sent + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={sent},v1={signature}"}
    return Ask(WEBHOOK, "POST", body, headers)


def signed_in(student: Student) -> dict[str, str]:
    session, token = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
    return {"Cookie": f"{session}={student.session_key}; {token}={CSRF}; tz=Europe/Lisbon"}
