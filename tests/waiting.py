"""Waiting for what other threads and processes do: looked at often, given up late, never a fixed pause."""

import time
from collections.abc import Callable

from django.db import connection

PATIENCE = 20.0


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def waiting_for_a_lock() -> int:
    """How many connections of the test's database wait for a lock. Fresh even inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])
