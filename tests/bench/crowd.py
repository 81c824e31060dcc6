"""What many do at once, and what much takes: seconds of passes over ten thousand rows, and waits for locks."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from statistics import median

from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.sandbox.processes import LOOPBACK
from payments.gateways import payment_gateway
from payments.services import expire_holds, reconcile
from tests.bench.books import MANY, make_earnings, make_lapsed_holds
from tests.bench.client import UnexpectedAnswer
from tests.bench.operations import Asks, book_by_json, signed_in
from tests.bench.queries import BRACKETS
from tests.bench.report import Row
from tests.bench.servers import MILLISECONDS, Site

ROUNDS = 3
CLIENTS, SLOTS = 32, 10
# Bookings may fall to 0.8 of their rate: each then takes 1.25 times as long.
SLOWER = 1.25

# Looks at all that wait for a lock, a thousand times a second, and remembers the longest wait it saw.
WATCH = """
DO $$
DECLARE ends timestamptz := clock_timestamp() + make_interval(secs => {seconds}); longest interval := '0';
BEGIN
    WHILE clock_timestamp() < ends AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {key}) LOOP
        SELECT greatest(longest, max(clock_timestamp() - waitstart)) INTO longest FROM pg_locks WHERE NOT granted;
        PERFORM pg_sleep(0.001);
    END LOOP;
    PERFORM set_config('bench.longest_wait', extract(epoch FROM longest)::text, false);
END $$
"""
"""The watch ends when somebody takes the advisory lock ``key``."""


def crowd_rows(site: Site, asks: Asks) -> list[Row]:
    return [*expiry_rows(site, asks), lock_row(site, asks), *settled_rows()]


def expiry_rows(site: Site, asks: Asks) -> list[Row]:
    """Expire ten thousand holds while somebody books, between two stretches of booking alone; the medians of some rounds."""
    took: list[float] = []
    slower: list[float] = []
    for number in range(ROUNDS):
        make_lapsed_holds(asks.monday + timedelta(days=7 + number))
        before = booking_times(site, asks, seconds=1.5)
        began = time.perf_counter()
        with in_another_process(lambda: expire_holds(gateway=payment_gateway())) as is_running:
            during = booking_times(site, asks, while_=is_running)
        took.append(time.perf_counter() - began)
        after = booking_times(site, asks, seconds=1.5)
        slower.append(mean(during) / mean(before + after))
    alone = f"bookings took {mean(before + after):.1f} ms each alone, {mean(during):.1f} meanwhile in the last round"
    return [
        Row(f"Expiring {MANY:,} holds while somebody books", median(took), 2, f"rounds {describe(took)}", "s"),
        Row("Bookings meanwhile / bookings alone", median(slower), SLOWER, alone, "×"),
    ]


def booking_times(
    site: Site, asks: Asks, *, seconds: float = 60, while_: Callable[[], bool] = lambda: True
) -> list[float]:
    """Book one after the other; the milliseconds that each took."""
    client = HTTPConnection(LOOPBACK, site.port, timeout=60)
    ends = time.perf_counter() + seconds
    times = []
    while time.perf_counter() < ends and while_():
        ask = asks.booking_by_json()
        began = time.perf_counter()
        client.request(ask.method, ask.path, body=ask.body, headers=ask.headers)
        answer = client.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * MILLISECONDS)
        if answer.status != ask.status:
            raise UnexpectedAnswer(f"{ask.path}: {answer.status}")
    client.close()
    return times


@contextmanager
def in_another_process(work: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Do some work in a process of its own, as the worker would; tell whether it is still at it."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    ended: list[int] = []

    def is_running() -> bool:
        if not ended:
            pid, status = os.waitpid(child, os.WNOHANG)
            ended.extend([status] if pid else [])
        return not ended

    yield is_running
    if is_running():
        ended.append(os.waitpid(child, 0)[1])
    if ended != [0]:
        raise UnexpectedAnswer(f"the pass ended with {ended}")


def lock_row(site: Site, asks: Asks) -> Row:
    """Let everybody want the same slot at once, some slots in turn; the longest time that anybody waited for a lock."""
    key = 4_711
    waits: list[float] = []

    def watch() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(WATCH.format(seconds=60, key=key))
            cursor.execute("SELECT current_setting('bench.longest_wait')::float * 1000")
            waits.append(float(cursor.fetchone()[0]))
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    won = sum(want_at_once(site, asks) for _ in range(SLOTS))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        watcher.join(60)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
    if won != SLOTS:
        raise UnexpectedAnswer(f"{SLOTS} slots were sold {won} times")
    return Row(f"Longest wait for a lock, {CLIENTS} clients on one slot", waits[0], 200, f"{SLOTS} slots in turn", "ms")


def want_at_once(site: Site, asks: Asks) -> int:
    """Ask for one slot from many connections at once; how many got it."""
    opening = next(asks.openings)
    wanted = [book_by_json(opening, next(asks.students)) for _ in range(CLIENTS)]
    barrier = threading.Barrier(CLIENTS)
    statuses: list[int] = []

    def want(number: int) -> None:
        ask = wanted[number]
        client = HTTPConnection(LOOPBACK, site.port, timeout=60)
        client.connect()
        barrier.wait(30)
        client.request(ask.method, ask.path, body=ask.body, headers=ask.headers)
        statuses.append(client.getresponse().status)
        client.close()

    threads = [threading.Thread(target=want, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if unexpected := set(statuses) - {201, 409}:
        raise UnexpectedAnswer(f"{unexpected} to somebody who wanted a slot with {CLIENTS - 1} others")
    return statuses.count(201)


def settled_rows() -> list[Row]:
    mentor = make_earnings()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        reconcile(gateway=payment_gateway())
        took.append(time.perf_counter() - began)
    client = Client(headers=signed_in(mentor))
    page = reverse("payments:earnings")
    client.get(page, SERVER_NAME=LOOPBACK)  # what is remembered from then on is not counted
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(page, SERVER_NAME=LOOPBACK)
    if response.status_code != 200:
        raise UnexpectedAnswer(f"{page}: {response.status_code}")
    count = sum(not query["sql"].startswith(BRACKETS) for query in queries)
    page_took = f"{(time.perf_counter() - began) * MILLISECONDS:.0f} ms"
    return [
        Row(f"Reconciler over {MANY:,} settled payments", median(took), 5, f"rounds {describe(took)}", "s"),
        Row(f"Queries: earnings page, {MANY:,} earnings", count, 7, page_took),
    ]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def describe(seconds: list[float]) -> str:
    return ", ".join(f"{each:.2f}" for each in seconds)
