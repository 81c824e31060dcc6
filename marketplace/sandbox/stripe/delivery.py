"""Sending events to the product: a queue on disk, tries with growing waits, several workers."""

import contextlib
import http.client
import json
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from . import faults
from .config import Config
from .errors import missing
from .events import body_of, signature
from .objects import StripeObject, visible
from .store import Store, Transaction

WORKERS = 6
IDLE_SECONDS = 1.0


@dataclass(frozen=True)
class Claim:
    sequence: int
    event: StripeObject
    tries: list[StripeObject]


class Delivery:
    """Sends what is due. A delivery stays pending until an answer is recorded, so none is lost by a crash."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.config = config
        self.busy: set[int] = set()
        self.wanted = threading.Condition()
        self.stopping = False
        self.workers = [threading.Thread(target=self.work, name=f"webhooks-{n}", daemon=True) for n in range(WORKERS)]

    def start(self) -> None:
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        with self.wanted:
            self.stopping = True
            self.wanted.notify_all()

    def wake(self) -> None:
        """Look at the queue now: something was committed."""
        with self.wanted:
            self.wanted.notify_all()

    def work(self) -> None:
        while not self.stopping:
            claim, wait = self.claim()
            if claim is None:
                with self.wanted:
                    if not self.stopping:
                        self.wanted.wait(timeout=wait)
                continue
            try:
                status = self.post(claim.event)
                self.record(claim, status)
            finally:
                with self.store.lock:
                    self.busy.discard(claim.sequence)

    def claim(self) -> tuple[Claim | None, float]:
        """Take the next delivery that is due; otherwise say how long nothing will be."""
        with self.store.transaction() as tx:
            if faults.read(tx)["webhooks"]["drop"]:
                tx.connection.execute(
                    "UPDATE deliveries SET status = 'dropped' WHERE status = 'pending' AND due <= ?", (tx.now,)
                )
            rows = tx.connection.execute(
                "SELECT seq, event, due, tries FROM deliveries WHERE status = 'pending' ORDER BY due, seq LIMIT ?",
                (len(self.busy) + 1,),
            ).fetchall()
            for sequence, event_id, due, tries in rows:
                if sequence in self.busy:
                    continue
                if due > tx.now:
                    return None, min(IDLE_SECONDS, due - tx.now)
                event = tx.find(event_id, "event", account="*")
                if event is None:
                    continue
                self.busy.add(sequence)
                return Claim(sequence, event, json.loads(tries)), 0
        return None, IDLE_SECONDS

    def post(self, event: StripeObject) -> int:
        """Send one event, signed now. Returns the answer's status, 0 when there was none; follows no redirect."""
        url = urlsplit(self.config.webhook_url)
        payload = body_of(visible(event))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(payload, self.config.webhook_secrets, int(time.time())),
            "Cache-Control": "no-cache",
            "Connection": "close",
        }
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "127.0.0.1", url.port, timeout=self.config.webhook_timeout_seconds)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        with contextlib.closing(connection):
            try:
                connection.request("POST", path, body=payload, headers=headers)
                answer = connection.getresponse()
                answer.read(65536)
            except (OSError, http.client.HTTPException):
                return 0
            return answer.status

    def record(self, claim: Claim, status: int) -> None:
        with self.store.transaction() as tx:
            tries = [*claim.tries, {"at": int(tx.now), "status": status}]
            waits = self.config.retry_seconds
            due = tx.now
            if 200 <= status < 300:
                state = "delivered"
            elif len(tries) > len(waits):
                state = "failed"
            else:
                state, due = "pending", tx.now + waits[len(tries) - 1]
            tx.connection.execute(
                "UPDATE deliveries SET status = ?, due = ?, tries = ? WHERE seq = ?",
                (state, due, json.dumps(tries), claim.sequence),
            )
            note_pending(tx, claim.event["id"])

    def deliver_now(self, event_id: str) -> int:
        """Send an event once more, whatever faults are in force, and wait. Returns the product's status, 0 for none."""
        with self.store.transaction() as tx:
            event = tx.find(event_id, "event", account="*")
        if event is None:
            raise missing("event", event_id)
        status = self.post(event)
        with self.store.transaction() as tx:
            tx.connection.execute(
                "INSERT INTO deliveries (event, status, due, tries) VALUES (?, ?, ?, ?)",
                (
                    event_id,
                    "delivered" if 200 <= status < 300 else "failed",
                    tx.now,
                    json.dumps([{"at": int(tx.now), "status": status, "by_hand": True}]),
                ),
            )
        return status


def note_pending(tx: Transaction, event_id: str) -> None:
    event = tx.find(event_id, "event", account="*")
    if event is None:  # everything was reset meanwhile
        return
    rows = tx.connection.execute("SELECT COUNT(*) FROM deliveries WHERE event = ? AND status = 'pending'", (event_id,))
    event["pending_webhooks"] = rows.fetchone()[0]
    tx.save(event)
