"""Open streams of one web process, and the one connection that hears what to tell them (docs/live.md).

PostgreSQL tells each process that an event has committed, with ids only. A process that holds a stream for it reads the
row, asks once more who of them is still signed in, and hands it on. What ends a right (signing out, locking, suspending, a
new password) is told over the same connection, so it is heard before whatever committed after it.

No stream is told half of what happened: one whose reader is too slow, and all of them when the listening connection is
lost, are ended, and come back with ``Last-Event-ID``.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.contrib.sessions.models import Session
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from accounts.models import User
from marketplace.common.live import Audience, missed_events, read_events
from marketplace.common.logging import get_logger
from marketplace.common.models import LiveEvent

log = get_logger(__name__)

STREAMS_PER_PERSON = 10  # in one web process
STREAM_SECONDS = 3_600  # until a stream must be asked for anew
BEAT_SECONDS = 20  # a word that keeps proxies from taking a quiet stream for a dead one
QUEUED_MAX = 200  # words that may wait for one slow reader
PROBE_SECONDS = 10  # how often the listening connection is asked for a sign of life
RECONNECT_SECONDS = 1
OPEN_SECONDS = 2  # how long a new stream waits for the listening connection
LIBPQ = ("dbname", "user", "password", "host", "port", "connect_timeout")
RETRY_MILLISECONDS = 1_500, 4_500  # when a browser comes back: not all at once

# The few questions of this module, each one statement: two threads with a database connection each answer all of them.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="streams")


class Words(NamedTuple):
    """An event as a stream says it."""

    pk: int
    text: bytes


class NotListening(Exception):
    """Events can't be heard right now, so no stream is promised any."""


class TooManyStreams(Exception):
    """This person holds as many streams as one may."""


class Stream:
    """One open page: what waits to be told to it, until somebody ends it."""

    def __init__(self, audience: Audience, session_key: str) -> None:
        self.audience = audience
        self.session_key = session_key
        self.is_over = False
        self._waiting: asyncio.Queue[Words | None] = asyncio.Queue()

    @property
    def places(self) -> list[str]:
        """What this stream listens for, in the words in which PostgreSQL tells it."""
        session = hashlib.sha256(self.session_key.encode()).hexdigest()
        places = [f"user {self.audience.user_id}", f"session {session}"]
        return places if self.audience.mentor_id is None else [*places, f"mentor {self.audience.mentor_id}"]

    def tell(self, words: Words) -> None:
        if self._waiting.qsize() >= QUEUED_MAX:
            self.end()
        elif not self.is_over:
            self._waiting.put_nowait(words)

    def end(self) -> None:
        """Say nothing more, not even what waits: the right to it may be what has ended."""
        self.is_over = True
        self._waiting.put_nowait(None)

    async def words(self, *, after: int | None) -> AsyncIterator[bytes]:
        """Yield the stream: what was missed since ``after``, then each event as it comes, and a beat in between."""
        loop = asyncio.get_running_loop()
        until = loop.time() + STREAM_SECONDS
        yield f"retry: {random.randint(*RETRY_MILLISECONDS)}\n\n".encode()  # noqa: S311  # spreads, guards nothing
        missed = [] if after is None else await in_thread(lambda: missed_events(self.audience, after=after))
        if missed is None:
            yield b"event: resync\ndata: {}\n\n"
        told = set()
        for event in missed or ():
            told.add(event.pk)
            yield words_of(event).text
        while (left := until - loop.time()) > 0:
            try:
                coming = await asyncio.wait_for(self._next(), min(BEAT_SECONDS, left))
            except TimeoutError:
                yield b":\n\n"
                continue
            if coming is None:
                return
            if coming.pk not in told:
                yield coming.text

    async def _next(self) -> Words | None:
        words = await self._waiting.get()
        return None if self.is_over else words


class Streams:
    """Those of this process. Lives in its event loop, which nothing here holds up: questions go to a thread."""

    def __init__(self) -> None:
        self._at: dict[str, set[Stream]] = {}
        self._heard: dict[int, str] = {}  # an event's id and its audience
        self._tasks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return len(self._all())

    async def open(self, audience: Audience, session_key: str) -> Stream:
        """Take in a stream: it is told whatever commits from now on. Raises ``NotListening`` or ``TooManyStreams``."""
        self._begin()
        try:
            await asyncio.wait_for(self._is_listening.wait(), OPEN_SECONDS)
        except TimeoutError as exc:
            raise NotListening from exc
        if len(self._at.get(f"user {audience.user_id}", ())) >= STREAMS_PER_PERSON:
            raise TooManyStreams
        stream = Stream(audience, session_key)
        for place in stream.places:
            self._at.setdefault(place, set()).add(stream)
        return stream

    def _begin(self) -> None:
        """Start to listen, with the first stream: a process that holds none takes no connection."""
        if not self._tasks:
            self._has_heard, self._is_listening = asyncio.Event(), asyncio.Event()
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell_on())]

    def close(self, stream: Stream) -> None:
        for place in stream.places:
            self._at[place].discard(stream)
            if not self._at[place]:
                del self._at[place]

    async def stop(self) -> None:
        """End every stream and stop listening: the process is going."""
        if not self._tasks:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._lose()

    async def _listen(self) -> None:
        """Hold the listening connection, for ever."""
        while True:
            try:
                async with await connect() as listening:
                    self._is_listening.set()
                    while True:
                        async for told in listening.notifies(timeout=PROBE_SECONDS):
                            self._hear(told)
                        await asyncio.wait_for(listening.execute("SELECT 1"), PROBE_SECONDS)
            except (psycopg.Error, OSError, TimeoutError) as exc:
                log.warning("live_listener_lost", error=type(exc).__name__, streams=len(self))
                self._lose()
                await asyncio.sleep(RECONNECT_SECONDS)

    def _lose(self) -> None:
        self._is_listening.clear()
        self._heard.clear()
        for stream in self._all():
            stream.end()

    def _all(self) -> set[Stream]:
        return {stream for streams in self._at.values() for stream in streams}

    def _hear(self, told: psycopg.Notify) -> None:
        if told.channel == "live_rights":
            for stream in self._at.get(told.payload, ()):
                stream.end()
            return
        pk, audience = told.payload.split(" ", 1)
        if audience in self._at:
            self._heard[int(pk)] = audience
            self._has_heard.set()

    async def _tell_on(self) -> None:
        """Read what was heard, all that came meanwhile at once, and hand it on to whoever may still have it."""
        while True:
            await self._has_heard.wait()
            self._has_heard.clear()
            heard, self._heard = self._heard, {}
            try:
                await self._tell(heard)
            except Error as exc:  # whichever: the next news must find somebody who passes them on
                log.warning("live_events_unread", error=type(exc).__name__, events=len(heard))
                for audience in set(heard.values()):
                    for stream in self._at.get(audience, ()):
                        stream.end()

    async def _tell(self, heard: dict[int, str]) -> None:
        listeners = {stream for audience in heard.values() for stream in self._at.get(audience, ())}
        signed_in = {(stream.session_key, stream.audience.user_id) for stream in listeners}
        admitted = await in_thread(lambda: still_admitted(signed_in))
        for stream in listeners:
            if stream.session_key not in admitted:
                stream.end()
        for event in await in_thread(lambda: read_events(heard)):
            words = words_of(event)  # once for all who hear it
            for stream in tuple(self._at.get(heard[event.pk], ())):
                if stream in listeners:
                    stream.tell(words)


def still_admitted(signed_in: Iterable[tuple[str, UUID]]) -> set[str]:
    """Say which of these sessions still stand, of accounts that are not locked. Two queries, however many."""
    keys, users = zip(*signed_in, strict=True) if signed_in else ((), ())
    standing = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(standing.values_list("session_key", flat=True))
    active = set(User.objects.filter(pk__in=users, is_active=True).values_list("pk", flat=True))
    return {key for key, user in signed_in if key in sessions and user in active}


async def connect() -> psycopg.AsyncConnection:
    """Open the connection that listens, where Django's own lead; a server that has vanished is noticed."""
    # Any: what libpq takes is text and numbers, by name
    parameters = connection.get_connection_params()
    where: dict[str, Any] = {
        name: value for name, value in parameters.items() if name in LIBPQ or name.startswith("ssl")
    }
    alive: dict[str, Any] = {"keepalives_idle": PROBE_SECONDS, "keepalives_count": 2, "application_name": "live"}
    listening = await psycopg.AsyncConnection.connect(make_conninfo(**where, **alive), autocommit=True)
    await listening.execute("LISTEN live")
    await listening.execute("LISTEN live_rights")
    return listening


async def in_thread[T](question: Callable[[], T]) -> T:
    """Ask the database something without holding up the streams."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _ask, question)


def _ask[T](question: Callable[[], T]) -> T:
    close_old_connections()  # one that was lost is opened anew
    return question()


def words_of(event: LiveEvent) -> Words:
    return Words(event.pk, f"id: {event.pk}\nevent: {event.kind}\ndata: {json.dumps(event.data)}\n\n".encode())
