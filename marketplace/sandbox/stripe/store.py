"""Everything the sandbox remembers: one SQLite file, one writer at a time.

A request is one transaction: its objects, events, deliveries and the answer kept for its idempotency key
are all there or none is, whenever the process is killed.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .objects import Json, StripeObject

TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_listed ON objects (account, kind, seq);
CREATE INDEX IF NOT EXISTS objects_intent ON objects (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_charge ON objects (kind, json_extract(body, '$.charge'));
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    status TEXT NOT NULL,
    due REAL NOT NULL,
    tries TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (status, due);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS errands (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    due REAL NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
PLATFORM = "acct_sandboxplatform"


class Store:
    """The file, and the lock that lets one thread at a time use it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(folder / "sandbox.sqlite3", check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")  # safe when the process dies, cheap when it does not
        self.connection.executescript(TABLES)

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        with self.lock:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self.connection)
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def close(self) -> None:
        with self.lock:
            self.connection.close()


class Transaction:
    """Reads and writes inside one transaction. ``account`` is whose objects are seen."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.now = time.time()
        self.account = PLATFORM
        self.request: StripeObject | None = None  # what made the events of this transaction: id, idempotency_key

    @contextmanager
    def undoable(self) -> Iterator[None]:
        """Undo what the block wrote if it raises, and go on with the transaction."""
        self.connection.execute("SAVEPOINT work")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO work")
            self.connection.execute("RELEASE work")
            raise
        self.connection.execute("RELEASE work")

    def seconds(self) -> int:
        return int(self.now)

    def insert(self, body: StripeObject, *, account: str | None = None) -> StripeObject:
        self.connection.execute(
            "INSERT INTO objects (id, kind, account, created, body) VALUES (?, ?, ?, ?, ?)",
            (
                body["id"],
                body["object"],
                account or self.account,
                body.get("created", self.seconds()),
                json.dumps(body),
            ),
        )
        return body

    def save(self, body: StripeObject) -> StripeObject:
        self.connection.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))
        return body

    def find(self, object_id: str, kind: str | None = None, *, account: str | None = None) -> StripeObject | None:
        """Find one object of this account, or of any when ``account`` is ``*``."""
        row = self.connection.execute("SELECT kind, account, body FROM objects WHERE id = ?", (object_id,)).fetchone()
        if row is None or (kind is not None and row[0] != kind):
            return None
        if account != "*" and row[1] != (account or self.account):
            return None
        body: StripeObject = json.loads(row[2])
        return body

    def account_of(self, object_id: str) -> str:
        row = self.connection.execute("SELECT account FROM objects WHERE id = ?", (object_id,)).fetchone()
        return str(row[0]) if row else PLATFORM

    def sequence_of(self, object_id: str, kind: str) -> int | None:
        row = self.connection.execute("SELECT seq FROM objects WHERE id = ? AND kind = ?", (object_id, kind)).fetchone()
        return int(row[0]) if row else None

    def select(
        self, kind: str, *, where: str = "", values: tuple[Json, ...] = (), limit: int = -1, oldest_first: bool = False
    ) -> list[StripeObject]:
        """List objects of this account, newest first. ``where`` is SQL of ours; users' values go in ``values``."""
        rows = self.connection.execute(
            f"SELECT body FROM objects WHERE account = ? AND kind = ? {where} "
            f"ORDER BY seq {'ASC' if oldest_first else 'DESC'} LIMIT ?",
            (self.account, kind, *values, limit),
        )
        return [json.loads(row[0]) for row in rows]

    def setting(self, name: str) -> Json:
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set(self, name: str, value: Json) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, json.dumps(value))
        )

    def later(self, action: str, object_id: str, *, seconds: float) -> None:
        """Remember something the bank does by itself after a while (see ``errands``)."""
        self.connection.execute(
            "INSERT INTO errands (due, action, object) VALUES (?, ?, ?)", (self.now + seconds, action, object_id)
        )

    def forget_everything(self) -> None:
        for table in ("objects", "answers", "deliveries", "errands", "settings"):
            self.connection.execute(f"DELETE FROM {table}")
