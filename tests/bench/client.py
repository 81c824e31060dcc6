"""Asks one server for one batch of requests over one connection, and takes the time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection

from marketplace.sandbox.processes import LOOPBACK
from tests.bench.report import Batch
from tests.bench.servers import MILLISECONDS, Site


@dataclass(frozen=True)
class Ask:
    """One request and the status that answers it."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    # Ask for the page that a redirect names too, as a browser does: its time is part of what this request took.
    follows: bool = False


class UnexpectedAnswer(Exception):
    pass


def run(site: Site, asks: Sequence[Ask]) -> Batch:
    """Ask one after the other. Raises ``UnexpectedAnswer``: what was not done need not be measured."""
    connection = HTTPConnection(LOOPBACK, site.port, timeout=60)
    connection.connect()
    web, database = site.web_seconds(), site.database_seconds()
    wall = [_time_of(connection, ask, site.name) for ask in asks]
    web = site.web_seconds() - web
    spent = sum(seconds - database.get(pid, 0.0) for pid, seconds in site.database_seconds().items())
    connection.close()
    return Batch(web * MILLISECONDS / len(asks), spent * MILLISECONDS / len(asks), wall)


def _time_of(connection: HTTPConnection, ask: Ask, name: str) -> float:
    began = time.perf_counter()
    place = _answer(connection, ask, name)
    if ask.follows:
        _answer(connection, Ask(place, headers={"Cookie": ask.headers["Cookie"]}), name)
    return (time.perf_counter() - began) * MILLISECONDS


def _answer(connection: HTTPConnection, ask: Ask, name: str) -> str:
    """Ask and read all of the answer; return where it sends the asker, if anywhere."""
    connection.request(ask.method, ask.path, body=ask.body, headers=ask.headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != ask.status:
        raise UnexpectedAnswer(f"{name} answered {answer.status} to {ask.method} {ask.path}: {content[:2000]!r}")
    return answer.headers.get("Location", "")
