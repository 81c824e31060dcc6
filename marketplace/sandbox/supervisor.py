"""Starts programs in order, shows what they print, starts again what dies, and stops all in reverse.

It knows nothing of what the programs are; ``demo.py`` says that.
"""

import fcntl
import hashlib
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from marketplace.sandbox.processes import Program, Server, StartError

LOOK_SECONDS = 0.1
RESTARTS_A_MINUTE = 5
LOG_BYTES = 20_000_000
COLOURS = (36, 33, 35, 32, 34, 31, 96, 93, 95)
GREY = 90


class Task(Protocol):
    """Something that is started once: a server, which then stays, or a job, which has ended when ``start`` returns."""

    label: str

    @property
    def program(self) -> Program: ...

    def start(self) -> None: ...


@dataclass
class Serve:
    """A server that stays, and is started again when it dies."""

    label: str
    server: Server

    @property
    def program(self) -> Program:
        return self.server.program

    def start(self) -> None:
        self.server.start()


@dataclass
class Job:
    """A command that runs to its end before the next task, such as migrations."""

    label: str
    program: Program
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    cwd: Path
    mark: Path | None = None  # remembers of which sources the result was made; ``None``: run it each time
    sources: Callable[[], Iterable[Path]] = tuple

    def start(self) -> None:
        """Run the command. Does nothing when it succeeded before on the same sources."""
        if self.mark is None:
            self._run()
            return
        digest = digest_of(self.sources())
        self.mark.parent.mkdir(parents=True, exist_ok=True)
        with self.mark.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two demos of one checkout share what is made here
            if not self.mark.exists() or self.mark.read_text() != digest:
                self.mark.unlink(missing_ok=True)  # what is cut short is done again
                self._run()
                self.mark.write_text(digest)

    def _run(self) -> None:
        self.program.start(self.argv, env=self.env, cwd=self.cwd)
        status = self.program.wait()
        if status != 0:
            raise StartError(f"{self.program.name} ended with status {status}.\n{self.program.last_lines(30)}")
        self.program.stop()


def digest_of(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(f"{source}\0".encode() + source.read_bytes())
    return digest.hexdigest()


@contextmanager
def asked_by_signals(supervisor: "Supervisor") -> Iterator[None]:
    """Let Ctrl-C, TERM and HUP ask for a stop. Afterwards they are ignored: while the interpreter ends it would give them
    their default back, and one more of them would end it with another status."""
    numbers = [signal.SIGINT, *(n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN)]
    for number in numbers:
        signal.signal(number, lambda _number, _frame: supervisor.ask_to_stop())
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)


class Stopped(Exception):
    """A stop was asked for while things were being started."""


@dataclass
class Supervisor:
    """Runs ``stages`` one after the other, then watches.

    A stage is made of lanes, which run beside each other; the tasks of a lane run in turn.
    """

    stages: Sequence[Sequence[Sequence[Task]]]
    on_change: Callable[[Mapping[str, int]], None]  # called with the pids when all is up and after each restart
    console: "Console"
    # A plain flag: a signal handler that sets a threading.Event can wait for ever for a lock that its own thread holds.
    _stopping: bool = False
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _started: list[list[Task]] = field(default_factory=list)
    _restarts: dict[str, deque[float]] = field(default_factory=dict)
    _restarting: dict[str, threading.Thread] = field(default_factory=dict)

    def ask_to_stop(self) -> None:
        """Ask for a stop; may be called from a signal handler and more than once."""
        self._stopping = True

    def run(self, when_up: Callable[[], None]) -> None:
        """Start everything, watch until a stop is asked for, stop everything. Raises ``StartError``."""
        failures: list[BaseException] = []
        starter = threading.Thread(target=self._start_all, args=(failures,), name="starter")
        starter.start()
        try:
            while starter.is_alive() and not self._stopping:
                starter.join(LOOK_SECONDS)
            if failures:
                raise failures[0]
            if not self._stopping:
                self._report()
                when_up()
                self._watch()
        finally:
            self._stopping = True
            for thread in (starter, *self._restarting.values()):
                while thread.is_alive():  # it may be waiting for a program that we have to end first
                    self._stop_all()
                    thread.join(LOOK_SECONDS)
            self._stop_all()
            self.console.close()

    def _start_all(self, failures: list[BaseException]) -> None:
        try:
            with ThreadPoolExecutor() as pool:
                for stage in self.stages:
                    self._started.append([])
                    for future in [pool.submit(self._start_in_turn, lane) for lane in stage]:
                        future.result()
        except (StartError, Stopped, OSError) as exc:
            if not self._stopping:
                failures.append(exc if isinstance(exc, StartError) else StartError(str(exc)))

    def _start_in_turn(self, lane: Sequence[Task]) -> None:
        for task in lane:
            self._start(task)

    def _start(self, task: Task) -> None:
        with self._gate:
            if self._stopping:
                raise Stopped
            self._started[-1].append(task)
        began = time.monotonic()
        self.console.follow(task.program)
        task.start()
        self.console.progress(f"{task.label} ({time.monotonic() - began:.1f} s)")

    def _stop_all(self) -> None:
        """Stop stage by stage, the last first; the programs of one stage beside each other."""
        with self._gate:
            stages = [list(stage) for stage in reversed(self._started)]
        with ThreadPoolExecutor() as pool:
            for stage in stages:
                running = [task.program for task in stage if task.program.pid is not None]
                if running:
                    self.console.say(f"Stopping {', '.join(program.name for program in running)} …")
                list(pool.map(Program.stop, running))

    def _servers(self) -> list[Task]:
        return [task for stage in self._started for task in stage if isinstance(task, Serve)]

    def pids(self) -> dict[str, int]:
        return {task.program.name: task.program.pid for task in self._servers() if task.program.pid is not None}

    def _report(self) -> None:
        self._reported = self.pids()
        self.on_change(self._reported)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            if self._stopping:
                return
            for task in self._servers():
                if not task.program.is_alive():
                    self._start_again(task)
            if self.pids() != self._reported:
                self._report()

    def _start_again(self, task: Task) -> None:
        """Start a dead program in a thread of its own, so that a slow one holds up no other."""
        name = task.program.name
        busy = self._restarting.get(name)
        if busy and busy.is_alive():
            return
        recent = self._restarts.setdefault(name, deque(maxlen=RESTARTS_A_MINUTE))
        now = time.monotonic()
        if len(recent) == RESTARTS_A_MINUTE and now - recent[0] < 60:
            return  # it keeps dying: wait until the minute is over
        recent.append(now)
        if len(recent) == RESTARTS_A_MINUTE and now - recent[0] < 60:
            self.console.say(f"{name} has died {RESTARTS_A_MINUTE} times within a minute; a pause after this start.")
        self.console.say(f"{name} has died; starting it again.")
        self._restarting[name] = threading.Thread(target=self._try_again, args=(task,), name=f"restart-{name}")
        self._restarting[name].start()

    def _try_again(self, task: Task) -> None:
        try:
            task.start()
        except (StartError, OSError) as exc:
            self.console.say(str(exc))


class Console:
    """Prints progress, and every program's log with its name before each line; in colour on a terminal."""

    def __init__(self) -> None:
        self.colourful = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()
        self._followed: dict[str, threading.Thread] = {}
        self._closing = threading.Event()

    def say(self, words: str) -> None:
        with self._lock:
            print(words, flush=True)

    def progress(self, words: str) -> None:
        self.say(f"  {self._paint('✓', 32)} {words}")

    def follow(self, program: Program) -> None:
        """Print what the program writes to its log from now on. Safe to repeat."""
        if program.name not in self._followed:
            colour = COLOURS[len(self._followed) % len(COLOURS)]
            thread = threading.Thread(target=self._tail, args=(program, colour), daemon=True)
            self._followed[program.name] = thread
            thread.start()

    def close(self) -> None:
        """Print what is left in the logs."""
        self._closing.set()
        for thread in self._followed.values():
            thread.join(2)

    def _tail(self, program: Program, colour: int) -> None:
        position = program.log.stat().st_size if program.log.exists() else 0
        prefix = self._paint(f"{program.name:>9} │", colour)
        unfinished = b""
        while True:
            closing = self._closing.is_set()
            if program.log.exists():
                with program.log.open("rb") as log:
                    log.seek(position)
                    new = log.read()
                position += len(new)
                *lines, unfinished = (unfinished + new).split(b"\n")
                for line in lines:
                    self.say(f"{prefix} {line.decode(errors='replace')}")
                if position > LOG_BYTES:  # the programs append, so a log may be emptied under them
                    os.truncate(program.log, 0)
                    position = 0
            if closing:
                return
            time.sleep(LOOK_SECONDS)

    def _paint(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.colourful else text
