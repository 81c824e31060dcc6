"""Live streams: what two thousand idle ones weigh, and how soon each is told."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from re import search

from django.db import connection

from marketplace.common import live
from marketplace.sandbox.processes import LOOPBACK
from marketplace.streams import STREAMS_PER_PERSON
from mentors.models import Mentor
from tests.bench.client import UnexpectedAnswer
from tests.bench.data import HANDLE, Student
from tests.bench.operations import signed_in
from tests.bench.report import Row, percentile
from tests.bench.servers import MILLISECONDS, Site

STREAMS = 2_000
ROUNDS = 10
AT_ONCE = 50  # that ask for their stream at the same time


def live_rows(site: Site, students: Iterator[Student]) -> list[Row]:
    before = resident(site)
    mentor = Mentor.objects.get(handle=HANDLE)
    readers = [
        student for student in islice(students, STREAMS // STREAMS_PER_PERSON) for _ in range(STREAMS_PER_PERSON)
    ]
    with asyncio.Runner() as runner:
        streams = runner.run(open_all(site, readers))
        weight = resident(site)
        web = site.web_seconds()
        waits: list[float] = []
        with no_collecting():
            for number in range(ROUNDS):
                live.publish(live.to_readers(mentor.pk, "slot_taken", mentor=HANDLE, starts_at=f"bench {number}"))
                committed = time.perf_counter()
                heard = runner.run(hear_all(streams, f"bench {number}"))
                waits += [(at - committed) * MILLISECONDS for at in heard]
        spent = (site.web_seconds() - web) / ROUNDS
        runner.run(close_all(streams))
    connection.close()
    told = f"p50 {percentile(waits, 50):.0f} ms, slowest {max(waits):.0f}; {spent * MILLISECONDS:.0f} ms of processor time each"
    return [
        Row(f"One process with {STREAMS:,} idle streams", weight, 200, f"{before:.0f} MB before", "MB"),
        Row(f"Telling {STREAMS:,} streams at once, p99", percentile(waits, 99), 250, told, "ms"),
    ]


@contextmanager
def no_collecting() -> Iterator[None]:
    """Listen without pauses of our own: a look of the collector through all that this process holds takes longer than a round."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def open_all(site: Site, readers: list[Student]) -> list[asyncio.StreamReader]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def in_turn(reader: Student) -> asyncio.StreamReader:
        async with turn:
            return await open_one(site, reader)

    return await asyncio.gather(*map(in_turn, readers))


async def open_one(site: Site, reader: Student) -> asyncio.StreamReader:
    stream, writer = await asyncio.open_connection(LOOPBACK, site.port)
    ask = f"GET /events/?mentor={HANDLE} HTTP/1.1\r\nHost: {LOOPBACK}\r\nCookie: {signed_in(reader)['Cookie']}\r\n\r\n"
    writer.write(ask.encode())
    status = await stream.readline()
    if b" 200 " not in status:
        raise UnexpectedAnswer(f"/events/: {status!r}")
    await stream.readuntil(b"retry: ")
    _writers.append(writer)
    return stream


_writers: list[asyncio.StreamWriter] = []


async def hear_all(streams: list[asyncio.StreamReader], word: str) -> list[float]:
    return await asyncio.gather(*(hear(stream, word.encode()) for stream in streams))


async def hear(stream: asyncio.StreamReader, word: bytes) -> float:
    await asyncio.wait_for(stream.readuntil(word), 30)
    return time.perf_counter()


async def close_all(streams: list[asyncio.StreamReader]) -> None:
    for writer in _writers:
        writer.close()


def resident(site: Site) -> float:
    """Resident megabytes (10⁶ bytes) of the web process."""
    found = search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{site.worker}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6
