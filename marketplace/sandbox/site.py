"""The product itself as the supervisor sees it: the web server and the worker, started as in production."""

import http.client
from collections.abc import Mapping
from pathlib import Path

from marketplace.sandbox.environment import ROOT
from marketplace.sandbox.processes import LOOPBACK, Program

ENTRYPOINT = ROOT / "bin" / "entrypoint"


class Web:
    """gunicorn with the site, on ``port``."""

    def __init__(self, folder: Path, *, port: int, env: Mapping[str, str]) -> None:
        self.port = port
        self.env = env
        self.program = Program("web", folder)

    def environment(self) -> dict[str, str]:
        return {}

    def start(self) -> None:
        """Start the site and return once it answers (with whatever: readiness is its own page's affair)."""
        self.program.start([ENTRYPOINT, "web", "--bind", f"{LOOPBACK}:{self.port}"], env=self.env, cwd=ROOT)
        self.program.wait_until(self._is_ready, seconds=60)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            connection.request("GET", "/api/health/live")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Worker:
    """The process that runs jobs."""

    def __init__(self, folder: Path, *, env: Mapping[str, str]) -> None:
        self.env = env
        self.program = Program("worker", folder)

    def environment(self) -> dict[str, str]:
        return {}

    def start(self) -> None:
        """Start the worker; jobs wait in the database until it is ready."""
        self.program.start([ENTRYPOINT, "worker"], env=self.env, cwd=ROOT)
