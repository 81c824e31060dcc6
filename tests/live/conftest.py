"""The product's own web application on a real port, and readers who hold streams of it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from uvicorn.config import Config

from accounts.models import User
from marketplace import asgi, streams
from marketplace.sandbox.processes import LOOPBACK, free_port
from marketplace.web_worker import LiveServer
from tests.live.reader import Reader, session_of
from tests.waiting import PATIENCE, wait_until


class Site:
    """One web process's server, in a thread of the test's own."""

    def __init__(self) -> None:
        self.port = free_port()
        options: dict[str, Any] = {
            "lifespan": "off",
            "ws": "none",
            "http": "httptools",
            "log_config": None,
        }  # Any: uvicorn's
        self.server = LiveServer(Config(asgi.application, host=LOOPBACK, port=self.port, **options))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        wait_until(lambda: self.server.started)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "an open stream kept the server from going"

    def holds(self, count: int) -> bool:
        return len(asgi.streams) == count


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    running = Site()
    running.start()
    yield running
    running.stop()
    for threads in (streams._threads, asgi._door_threads, asgi._page_threads):
        close_connections(threads)


def close_connections(threads: ThreadPoolExecutor) -> None:
    """Let go of the test's database, in each of these threads."""
    all_here = threading.Barrier(threads._max_workers)

    def close() -> None:
        all_here.wait(PATIENCE)
        connections.close_all()

    for done in [threads.submit(close) for _ in range(threads._max_workers)]:
        done.result(PATIENCE)


type Open = Callable[..., Reader]


@pytest.fixture
def hold_stream(site: Site) -> Iterator[Open]:
    """Open a stream for somebody; a person's streams share one sign-in unless another ``session_key`` is given."""
    readers: list[Reader] = []
    keys: dict[object, str] = {}

    def hold(user: User, *, session_key: str = "", query: str = "", last: int | None = None) -> Reader:
        key = session_key or keys.setdefault(user.pk, "") or session_of(user)
        keys[user.pk] = key
        reader = Reader(site.port, session_key=key, query=query, last=last)
        readers.append(reader)
        return reader

    yield hold
    for reader in readers:
        reader.close()
