"""The house that the journeys walk through: one `make demo` of their own, with its people, its worker and its webhooks.

It starts beside the collection and the first tests, and is thrown away at the end. ``E2E_RUN_FILE`` names the
``run.json`` of a demo that runs already, which saves the start while a test is being written.
"""

import email
import email.policy
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
import requests

from marketplace.sandbox.borrow import memory_folder
from marketplace.sandbox.environment import ROOT, inherited
from marketplace.sandbox.processes import StartError, free_port

RUN_FILE = "E2E_RUN_FILE"
START_SECONDS = 180
# One run does what many people do in many hours; the limits have tests of their own.
WISHES = {
    "RATELIMIT_SIGN_UP": "1000/h",
    "RATELIMIT_SIGN_IN_ADDRESS": "1000/5m",
    "RATELIMIT_HOLD": "1000/h",
    "RATELIMIT_NEW_THREAD": "1000/d",
}

# What the places in paths stand for: a query that gives one id.
PLACES = {
    "coming": "SELECT b.id FROM bookings_booking b JOIN accounts_user u ON u.id = b.student_id "
    "WHERE u.email = 'amara@demo.test' AND b.status = 'confirmed' ORDER BY b.starts_at LIMIT 1",
    "past": "SELECT b.id FROM bookings_booking b JOIN accounts_user u ON u.id = b.student_id "
    "WHERE u.email = 'amara@demo.test' AND b.status = 'completed' LIMIT 1",
    "cancelled": "SELECT b.id FROM bookings_booking b JOIN accounts_user u ON u.id = b.student_id "
    "WHERE u.email = 'amara@demo.test' AND b.status = 'cancelled' LIMIT 1",
    "thread": "SELECT t.id FROM chat_thread t JOIN accounts_user u ON u.id = t.student_id WHERE u.email = 'amara@demo.test' LIMIT 1",
    "message": "SELECT m.id FROM chat_message m JOIN accounts_user u ON u.id = m.author_id WHERE u.email = 'amara@demo.test' ORDER BY m.number LIMIT 1",
    "document": "SELECT d.id FROM mentors_verificationdocument d JOIN accounts_user u ON u.id = d.mentor_id "
    "WHERE u.email = 'mentor.pending@demo.test' AND d.status = 'waiting' ORDER BY d.kind DESC LIMIT 1",
    "applicant": "SELECT handle FROM mentors_mentor m JOIN accounts_user u ON u.id = m.user_id WHERE u.email = 'mentor.pending@demo.test'",
    "staff": "SELECT id FROM accounts_user WHERE email = 'reviewer@demo.test'",
    "nobody": "SELECT id FROM accounts_user WHERE email LIKE 'person%' AND role = 'student' ORDER BY email LIMIT 1",
    "report": "SELECT id FROM chat_threadreport ORDER BY id LIMIT 1",
}


LEFT_OPEN = """
    SELECT (SELECT count(*) FROM payments_payment WHERE status IN ('creating', 'pending', 'processing'))
         + (SELECT count(*) FROM payments_refund WHERE status IN ('requested', 'sending'))
         + (SELECT count(*) FROM payments_transfer WHERE status IN ('requested', 'sending'))
         + (SELECT count(*) FROM bookings_booking WHERE status = 'held')
         + (SELECT count(*) FROM payments_webhookevent WHERE processed_at IS NULL)
"""


@dataclass(frozen=True)
class House:
    """Where the parts of a running demo are."""

    site: str
    stripe_api: str
    stripe_secret_key: str
    database_url: str
    mail_dir: str
    manage: list[str]
    env: dict[str, str]
    run_file: Path

    @classmethod
    def of(cls, run_file: Path) -> Self:
        facts: dict[str, Any] = json.loads(run_file.read_text())  # Any: a file of JSON
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__ if name in facts}, run_file=run_file)

    def path(self, path: str) -> str:
        """Fill in the places of a path: ``/bookings/{coming}/``."""
        with psycopg.connect(self.database_url) as connection:
            found = {name: connection.execute(PLACES[name]).fetchone() for name in re.findall(r"{(\w+)}", path)}
        return path.format(**{name: row[0] for name, row in found.items() if row})

    def mails_to(self, address: str) -> list[email.message.EmailMessage]:
        """The mails to an address, newest first."""
        found = []
        for path in sorted(Path(self.mail_dir).glob("*.eml"), reverse=True):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["To"] == address:
                found.append(mail)
        return found

    def wait_for_mail(self, event: str, *, to: str) -> email.message.EmailMessage:
        """The newest mail of one kind (``X-Event``) to an address; it comes by a job, so it is waited for."""
        return wait_until(
            lambda: next((mail for mail in self.mails_to(to) if mail["X-Event"] == event), None),
            what=f"the mail {event} to {to}",
        )

    # For those who look behind the site

    def pids(self) -> dict[str, int]:
        """The servers that run by now; those that are being started again are missing."""
        try:
            return dict(json.loads(self.run_file.read_text())["pids"])
        except (OSError, ValueError):
            return {}

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.site}/api/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def ask_sandbox(self, path: str, body: dict[str, Any]) -> Any:  # Any: JSON
        return requests.post(f"{self.stripe_api}/_sandbox/{path}", json=body, timeout=20).json()

    def confirm(self, intent_id: str, card: str) -> str:
        """Pay an intent as a browser would have it done; the status, or why there is none."""
        try:
            answer = requests.post(
                f"{self.stripe_api}/v1/payment_intents/{intent_id}/confirm",
                data={"payment_method": card}, auth=(self.stripe_secret_key, ""), timeout=20,
            )  # fmt: skip
        except requests.RequestException:
            return "unanswered"
        told = answer.json()
        return str(told.get("status") or told["error"]["code"])

    def left_open(self) -> int:
        """How much is still on its way: payments, refunds, transfers, lapsed holds, events."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute(LEFT_OPEN).fetchone()
        return int(row[0]) if row else 0

    def code_to(self, address: str) -> str:
        """The newest one-time code that an address was sent, as its owner would read it."""
        found = re.match(r"\d{3} \d{3}", str(self.wait_for_mail("code", to=address)["Subject"]))
        assert found
        return found[0]


class OwnDemo:
    """A demo in a folder of its own."""

    def __init__(self, wishes: dict[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lantern-e2e-", dir=memory_folder()))
        self.folder.chmod(0o711)  # where PostgreSQL has to run as another user, that user must get in
        self.run_file = self.folder / "demo" / "run.json"
        self.output = self.folder / "output"
        own = {"DEMO_DIR": str(self.run_file.parent), "PORT": str(free_port())}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "marketplace.sandbox"],
                cwd=ROOT,
                env=outer_environment() | (WISHES if wishes is None else wishes) | own,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def wait_until_up(self) -> House:
        deadline = time.monotonic() + START_SECONDS
        while not self.run_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"The demo did not start.\n{self.said()}")
            time.sleep(0.05)
        return House.of(self.run_file)

    def said(self) -> str:
        return self.output.read_text(errors="replace")[-6000:]

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(40)
        shutil.rmtree(self.folder, ignore_errors=True)


def outer_environment() -> dict[str, str]:
    """The environment as it was before ``tests.servers`` named its own servers in it: the demo has its own."""
    borrowed = ("STRIPE_", "S3_", "DATABASE_URL", "CACHE_URL", "SMTP_URL", "SITE_URL", "SECRET_KEY", "DEBUG", "ENV")
    return {name: value for name, value in inherited().items() if not name.startswith(borrowed)}


def wait_until[T](look: Callable[[], T | None], *, what: str, seconds: float = 20) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.1)
    return found
