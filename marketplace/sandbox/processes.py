"""Programs we start, find again after a crash, and stop.

Every program runs in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone and the
supervisor can stop things in order. A pid file remembers it with the moment it started: a pid alone may have been
given to somebody else's process since.
"""

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

LOOPBACK = "127.0.0.1"
# Below every system's ephemeral range, so that no outgoing connection can take a port between our look and its use.
PORTS = range(20_000, 32_000)


class StartError(Exception):
    """A program did not come up; the message says which, and what it printed last."""


class Program:
    """One program with its pid file and its log."""

    def __init__(self, name: str, folder: Path, *, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.folder = folder
        self.log = folder / "logs" / f"{name}.log"
        self.pid_file = folder / "pids" / f"{name}.json"
        self.stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, argv: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path | None = None) -> None:
        """Start the program. Effects: stops the one that an earlier run left behind; appends to the log."""
        self.stop_leftover()
        for folder in (self.log.parent, self.pid_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [str(part) for part in argv],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        born = born_at(self._process.pid)
        write_private(self.pid_file, json.dumps({"pid": self._process.pid, "born": born}))

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self) -> int:
        """Wait for the program's end and return its status (negative: the signal that ended it)."""
        return self._process.wait() if self._process else 0

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float = 30) -> None:
        """Wait until the program answers. Raises ``StartError`` when it ends or time runs out first."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_alive():
                raise StartError(f"{self.name} ended while starting.\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} did not answer within {seconds:g} seconds.\n{self.last_lines()}")
            time.sleep(0.02)

    def last_lines(self, count: int = 15) -> str:
        """Return the end of what the program has printed since it was started last."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(self._log_start, self.log.stat().st_size - 8192))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-count:])

    def stop(self, *, seconds: float = 10) -> None:
        """Ask the program to end, wait, then end whatever is left of its session. Safe to repeat."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        end_session(self._process.pid)
        self._process.wait()
        self._process = None
        self.pid_file.unlink(missing_ok=True)

    def stop_leftover(self, *, seconds: float = 10) -> bool:
        """Stop the program that an earlier, killed supervisor left running; say whether there was one."""
        try:
            record = json.loads(self.pid_file.read_text())
            pid, born = int(record["pid"]), record["born"]
        except (OSError, ValueError, KeyError, TypeError):
            return False  # no pid file, or one cut short by a crash
        now = born_at(pid)
        found = born is not None and now == born
        if now is None:
            end_session(pid)  # it is gone itself, but what it started may be left
        if found:
            with suppress(ProcessLookupError):
                os.kill(pid, self.stop_signal)
            deadline = time.monotonic() + seconds
            while born_at(pid) == born and time.monotonic() < deadline:
                time.sleep(0.05)
            end_session(pid)
        self.pid_file.unlink(missing_ok=True)
        return found


class Server(Protocol):
    """One embedded server: started, ready when ``start`` returns, stopped."""

    @property
    def program(self) -> Program: ...

    def start(self) -> None:
        """Start the server and return once it answers. Safe to repeat after a crash."""
        ...

    def environment(self) -> dict[str, str]:
        """Name the environment variables by which the product reaches this server."""
        ...


def end_session(pid: int) -> None:
    """Kill what is left of the session that ``pid`` led (workers whose master died)."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def born_at(pid: int) -> str | None:
    """Return a mark of when process ``pid`` started, or ``None`` when it is gone (or waits to be reaped)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self").exists() else _born_at_by_ps(pid)
    state, ticks = after_name[0], after_name[19]
    return None if state in "ZX" else f"{boot}:{ticks}"


def _born_at_by_ps(pid: int) -> str | None:
    """The same for systems without ``/proc`` (macOS)."""
    answer = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.partition(" ")[2].strip()


def free_port(preferred: int | None = None) -> int:
    """Find a free port on loopback, ``preferred`` if nobody has it."""
    candidates = random.sample(PORTS, 200)
    if preferred is not None:
        candidates.insert(0, preferred)
    for port in candidates:
        if is_free(port):
            return port
    raise StartError("No free port was found on 127.0.0.1.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Say whether somebody accepts connections on ``port``."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
