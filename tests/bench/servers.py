"""The programs that are measured: web servers and a worker, each with the processor time and memory it took."""

import os
import re
import sys
import time
from pathlib import Path

from django.db import connection

from marketplace.sandbox.processes import LOOPBACK, Program, answers, free_port

MILLISECONDS = 1_000


class Site:
    """One gunicorn with one worker process, configured as the product's own."""

    def __init__(self, name: str, folder: Path, *, settings: str, application: str = "") -> None:
        self.name = name
        self.port = free_port()
        self.program = Program(f"bench-{name}", folder)
        self._settings = settings
        self._application = application

    def start(self, core: int) -> None:
        """Start the server on one core of the machine."""
        argv = [sys.executable, "-m", "gunicorn", "--config", "python:marketplace.gunicorn_conf"]
        argv += ["--bind", f"{LOOPBACK}:{self.port}"]
        if self._application:  # the floor is what gunicorn alone makes of Django
            argv += ["--worker-class", "gthread", "--threads", "8", self._application]
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # what we start inherits it
        self.program.start(argv, env=os.environ | self._environment(), cwd=Path.cwd())
        os.sched_setaffinity(0, own)
        self.program.wait_until(lambda: answers(self.port) and bool(children_of(self.program.pid)), seconds=120)
        [self.worker] = children_of(self.program.pid)

    def _environment(self) -> dict[str, str]:
        # The name tells whose a connection is, so that the database's share can be told apart.
        return {
            "WEB_CONCURRENCY": "1",
            "DJANGO_SETTINGS_MODULE": self._settings,
            "DATABASE_URL": f"{os.environ['DATABASE_URL']}?application_name={self.name}",
        }

    def web_seconds(self) -> float:
        return processor_seconds(self.worker)

    def database_seconds(self) -> dict[int, float]:
        """The processor time of each of the server's database connections."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [self.name])
            return {pid: processor_seconds(pid) for (pid,) in cursor.fetchall()}


class Worker:
    """The process that does the jobs, as a deployment starts it."""

    def __init__(self, folder: Path) -> None:
        self.program = Program("bench-worker", folder)

    def start(self) -> None:
        self.program.start(["bin/entrypoint", "worker"], env=os.environ, cwd=Path.cwd())

    def wait_for_jobs(self, *, seconds: float) -> None:
        """Wait until nothing is left to do."""
        self.program.wait_until(lambda: not waiting_jobs(), seconds=seconds)

    def memory(self) -> tuple[float, float]:
        """Resident and proportional megabytes (10⁶ bytes)."""
        rollup = Path(f"/proc/{self.program.pid}/smaps_rollup").read_text()
        kibibytes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", rollup, re.MULTILINE))
        return int(kibibytes["Rss"]) * 1024 / 1e6, int(kibibytes["Pss"]) * 1024 / 1e6


def waiting_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        return int(cursor.fetchone()[0])


def processor_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, to the nanosecond.

    The kernel's clock of another process: its number is made as the macro behind ``clock_getcpuclockid(3)`` makes it.
    """
    return time.clock_gettime((~pid << 3) | 2)


def children_of(pid: int | None) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
