"""Somebody's open page, as far as the server can tell: one connection that asks for a stream and reads it."""

import json
import socket
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User
from marketplace.sandbox.processes import LOOPBACK
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Told:
    """One event of a stream. ``id`` is None for what has none."""

    kind: str
    data: Any  # Any: JSON
    id: int | None


class Ended(Exception):
    """The server has ended the stream."""


class Reader:
    def __init__(self, port: int, *, session_key: str = "", query: str = "", last: int | None = None) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=PATIENCE)
        lines = [f"GET /events/{query} HTTP/1.1", f"Host: {LOOPBACK}", "Accept: text/event-stream"]
        lines += [f"Cookie: {settings.SESSION_COOKIE_NAME}={session_key}"] if session_key else []
        lines += [f"Last-Event-ID: {last}"] if last is not None else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.read = b""
        self.status = int(self._line().split()[1])
        self.headers = dict(self._headers())

    def _headers(self) -> Any:  # Any: pairs
        while line := self._line():
            name, value = line.decode().split(": ", 1)
            yield name.lower(), value

    def next(self, *, within: float = PATIENCE) -> Told:
        """Wait for the next event. Raises ``Ended`` or ``TimeoutError``."""
        self.socket.settimeout(within)
        while True:
            block = self.block()
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in fields:
                number = fields.get("id")
                return Told(fields["event"], json.loads(fields["data"]), int(number) if number else None)

    def block(self) -> str:
        """Read one chunk: the server writes each event in one. Raises ``Ended``."""
        size = int(self._line() or b"0", 16)
        if not size:
            raise Ended
        return self._bytes(size + 2).decode().removesuffix("\r\n")

    def _line(self) -> bytes:
        while b"\r\n" not in self.read:
            self._receive()
        line, self.read = self.read.split(b"\r\n", 1)
        return line

    def _bytes(self, count: int) -> bytes:
        while len(self.read) < count:
            self._receive()
        block, self.read = self.read[:count], self.read[count:]
        return block

    def _receive(self) -> None:
        """Read on; what is there already is kept, should nothing come in time."""
        received = self.socket.recv(65_536)
        if not received:
            raise Ended
        self.read += received

    def hears_nothing(self, *, for_seconds: float = 0.5) -> bool:
        try:
            self.next(within=for_seconds)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self.socket.close()


def session_of(user: User) -> str:
    """Sign somebody in and return their session's key."""
    client = Client()
    client.force_login(user)
    return str(client.session.session_key)
