"""Remembering answers by idempotency key: https://docs.stripe.com/api/idempotent_requests.

Kept are the answers of requests that began to execute, errors and 500s included. Not kept, so that they
may be tried again: what failed validation, was limited, or met the first request still at work.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .errors import ApiError
from .store import Transaction

KEPT_SECONDS = 24 * 3600
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class KeptAnswer:
    status: int
    body: str
    request_id: str


class InFlight:
    """The keys being worked on now. In memory: what was in flight when the process died was undone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys: set[tuple[str, str]] = set()

    @contextmanager
    def claimed(self, account: str, key: str) -> Iterator[None]:
        with self.lock:
            if (account, key) in self.keys:
                raise ApiError(
                    409,
                    "There is currently another in-progress request using this Stripe Idempotent Key (that probably means "
                    f"you submitted twice, and the other request is still going through): {key}. If this error persists, "
                    "please contact us.",
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self.keys.add((account, key))
        try:
            yield
        finally:
            with self.lock:
                self.keys.discard((account, key))


def check_key(key: str) -> None:
    if len(key) > MAX_KEY_LENGTH:
        raise ApiError(400, f"Idempotency keys can have up to {MAX_KEY_LENGTH} characters.", kind="idempotency_error")


def fingerprint(method: str, path: str, pairs: list[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps([method, path, sorted(pairs)]).encode()).hexdigest()


def find(tx: Transaction, key: str, mark: str) -> KeptAnswer | None:
    """Return the answer kept under this key; 400 when it was first used for something else."""
    row = tx.connection.execute(
        "SELECT fingerprint, status, body, request_id FROM answers WHERE account = ? AND key = ? AND created > ?",
        (tx.account, key, tx.now - KEPT_SECONDS),
    ).fetchone()
    if row is None:
        return None
    if row[0] != mark:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    return KeptAnswer(status=row[1], body=row[2], request_id=row[3])


def keep(tx: Transaction, key: str, mark: str, answer: KeptAnswer) -> None:
    tx.connection.execute(
        "INSERT OR REPLACE INTO answers (account, key, fingerprint, status, body, request_id, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (tx.account, key, mark, answer.status, answer.body, answer.request_id, tx.now),
    )


def forget_all(tx: Transaction) -> None:
    """Forget every answer, as a day that passes does."""
    tx.connection.execute("DELETE FROM answers")


def forget_old(tx: Transaction) -> None:
    tx.connection.execute("DELETE FROM answers WHERE created <= ?", (tx.now - KEPT_SECONDS,))
