"""Reads some calendars at once: an errand as JSON on standard input, one JSON line for each calendar as soon as it is read.

Whoever runs this ends it when the time is over; the lines printed until then count.
"""

import json
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mentors.gateways.ics.addresses import Failure
from mentors.gateways.ics.client import Client, Fetched
from mentors.gateways.ics.events import busy_times

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 20


def limit_resources() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError):  # macOS knows no limit on memory
            resource.setrlimit(limit, (most, most))


def run(errand: dict[str, Any]) -> Iterator[dict[str, Any]]:  # Any: JSON
    """Fetch all at once, then read each that came: parsing is watched by a timer, which the main thread alone has."""
    client = Client(trusted=errand["trusted"], total_seconds=errand["seconds"])
    with ThreadPoolExecutor(max_workers=max(1, len(errand["calendars"]))) as pool:
        waiting = {
            pool.submit(client.fetch, each["address"], etag=each["etag"], last_modified=each["last_modified"]): each[
                "key"
            ]
            for each in errand["calendars"]
        }
        for done in as_completed(waiting):
            try:
                yield {"key": waiting[done], **read(done.result(), errand)}
            except Failure as failure:
                yield {"key": waiting[done], "outcome": "failed", "failure": failure.code}
            except (MemoryError, RecursionError):
                yield {"key": waiting[done], "outcome": "failed", "failure": "too_many"}


def read(fetched: Fetched, errand: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    if fetched.content is None:
        return {"outcome": "unchanged"}
    start, end = (datetime.fromtimestamp(errand[name], UTC) for name in ("start", "end"))
    busy = busy_times(fetched.content, zone=ZoneInfo(errand["zone"]), start=start, end=end, own_host=errand["own_host"])
    return {
        "outcome": "changed",
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
        "busy": [[int(first.timestamp()), int(last.timestamp())] for first, last in busy.spans],
        "entries": busy.entries,
        "unreadable": busy.unreadable,
    }


def main() -> None:
    limit_resources()
    for line in run(json.load(sys.stdin)):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
