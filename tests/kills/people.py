"""People who use the JSON routes, and shrug when a server is being killed under them."""

import random
import threading
import time
from collections import Counter
from typing import Any

import requests

from tests.e2e.house import House
from tests.e2e.people import PASSWORD

# What an answer may be: a success, a refusal that the contract lists, or "come again".
KNOWN = {400, 401, 403, 404, 409, 422, 429, 503}
MENTORS = ("mentor1", "mentor2")


class NoToken(Exception):
    """The site answered that it can't answer now."""


class Person:
    """Signed in by the contract's routes; each request is tried again until there is somebody to answer it."""

    def __init__(self, house: House, email: str, dice: random.Random, counts: Counter[str]) -> None:
        self.house, self.email, self.dice, self.counts = house, email, dice, counts
        self.faults: list[str] = []
        self.session = requests.Session()

    def sign_in(self) -> None:
        assert self.ask("POST", "/api/auth/login", {"email": self.email, "password": PASSWORD})[0] == 200

    def live(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.act()
            except Exception as exc:  # noqa: BLE001  # a person who falls silent would let everything look well
                self.faults.append(f"{self.email}: {exc!r}")
            time.sleep(self.dice.uniform(0, 0.2))

    def act(self) -> None:
        raise NotImplementedError

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:  # Any: JSON
        """Ask once; (0, None) where nobody answered. What is neither a success nor a known refusal is a fault."""
        try:
            headers = {"X-CSRFToken": self.token()} if method != "GET" else {}
            answer = self.session.request(method, self.house.site + path, json=body, headers=headers, timeout=20)
            content = answer.json() if answer.content else None
        except (requests.RequestException, ValueError, NoToken):
            self.counts["unanswered"] += 1
            return 0, None
        if answer.status_code >= 400 and answer.status_code not in KNOWN:
            self.faults.append(f"{answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.status_code, content

    def token(self) -> str:
        answer = self.session.get(f"{self.house.site}/api/csrf", timeout=20)
        if answer.status_code != 200:
            raise NoToken
        return str(answer.json()["csrf_token"])


class Student(Person):
    """Holds times, pays for some with a good card, lets others go or lapse, cancels now and then."""

    def act(self) -> None:
        self.dice.choice((self.book, self.book, self.book, self.cancel, self.let_go))()

    def book(self) -> None:
        handle = self.dice.choice(MENTORS)
        _status, slots = self.ask("GET", f"/api/mentors/{handle}/slots?minutes=15")
        if not slots or not slots.get("items"):
            return
        slot = self.dice.choice(slots["items"])
        status, made = self.ask(
            "POST", "/api/bookings", {"mentor": handle, "minutes": 15, "starts_at": slot["starts_at"]}
        )
        self.counts[f"hold {status}"] += 1
        if status == 201 and self.dice.random() < 0.8:
            self.pay(made["id"])

    def pay(self, booking_id: str) -> None:
        for _try in range(5):
            status, intent = self.ask("POST", "/api/payments/create-intent", {"booking_id": booking_id})
            if status == 200:
                card = self.dice.choice(["pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"])
                paid = self.house.confirm(intent["client_secret"].split("_secret")[0], card)
                self.counts[f"card {paid}"] += 1
                return
            if status not in {0, 503}:
                return
            time.sleep(0.5)

    def cancel(self) -> None:
        self.cancel_one_of("confirmed")

    def let_go(self) -> None:
        self.cancel_one_of("held")

    def cancel_one_of(self, status: str) -> None:
        _status, mine = self.ask("GET", "/api/bookings")
        found = [booking["id"] for booking in (mine or {}).get("items", []) if booking["status"] == status]
        if found:
            answer, _ = self.ask("POST", f"/api/bookings/{self.dice.choice(found)}/cancel", {"reason": "Ill"})
            self.counts[f"cancel {answer}"] += 1


class Support(Person):
    """Cancels somebody's session from time to time."""

    def act(self) -> None:
        time.sleep(self.dice.uniform(1, 4))
        _status, all_of_them = self.ask("GET", "/api/bookings")
        found = [b["id"] for b in (all_of_them or {}).get("items", []) if b["status"] == "confirmed"]
        if found:
            answer, _ = self.ask(
                "POST", f"/api/bookings/{self.dice.choice(found)}/cancel", {"reason": "The room burnt down"}
            )
            self.counts[f"support's cancel {answer}"] += 1
