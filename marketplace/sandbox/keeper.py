"""Embedded servers for as long as somebody needs them: ``python -m marketplace.sandbox.keeper FOLDER``.

For programs that borrow servers for a while (the test-suite, the benchmark). The borrower holds the keeper's standard
input open; when that closes, however the borrower came to its end (kill -9 included), everything is stopped and the
folder removed. What is wanted is asked for by files, since a borrower's own children ask too: ``want/NAME.json`` is
answered by ``ready/NAME.json``, which holds ``{"error": …}`` when it did not work.
"""

import json
import secrets
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from marketplace.sandbox.payments import Keys, PaymentSandbox
from marketplace.sandbox.postgres import Postgres
from marketplace.sandbox.processes import Server, StartError, free_port, write_private
from marketplace.sandbox.storage import Storage
from marketplace.sandbox.valkey import Valkey

LOOK_SECONDS = 0.02
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Plan:
    """Where the servers will be, decided before any of them runs so that settings can be read at once."""

    postgres_port: int
    valkey_port: int
    storage_port: int
    postgres_password: str
    postgres_admin_password: str
    valkey_password: str
    storage_secret: str

    @classmethod
    def make(cls) -> "Plan":
        ports = (free_port(), free_port(), free_port())
        return cls(*ports, *(secrets.token_hex(16) for _ in range(4)))


class Keeper:
    """The servers of one folder, each started when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = Plan(**json.loads((folder / "plan.json").read_text()))
        self.servers: dict[str, Server] = {}

    def run(self, until_closed: IO[bytes]) -> None:
        try:
            while not select.select([until_closed], [], [], LOOK_SECONDS)[0]:
                for wish in sorted((self.folder / "want").glob("*.json")):
                    self.grant(wish)
        finally:
            for server in reversed(self.servers.values()):
                server.program.stop(seconds=3)
            shutil.rmtree(self.folder, ignore_errors=True)

    def grant(self, wish: Path) -> None:
        try:
            self.start(wish.stem, json.loads(wish.read_text()))
            answer = {}
        except (StartError, OSError) as exc:
            answer = {"error": str(exc)}
        write_private(self.folder / "ready" / wish.name, json.dumps(answer))
        wish.unlink()

    def start(self, name: str, details: Mapping[str, Any]) -> None:
        kind = name.partition("-")[0]
        makers: dict[str, Callable[[], Server]] = {
            "postgres": lambda: postgres_of(self.folder, self.plan),
            "valkey": lambda: valkey_of(self.folder, self.plan),
            "storage": lambda: storage_of(self.folder, self.plan),
            "payments": lambda: PaymentSandbox(
                self.folder / name,
                port=details["port"],
                webhook_url=details["webhook_url"],
                keys=Keys(**details["keys"]),
            ),
        }
        server_name = name if kind == "payments" else kind
        if server_name not in self.servers:
            server = makers[kind]()
            self.servers[server_name] = server
            server.start()
        if kind == "storage":
            server = self.servers[server_name]
            assert isinstance(server, Storage)
            server.make_bucket(details["bucket"], origins=details["origins"])


def postgres_of(folder: Path, plan: Plan) -> Postgres:
    return Postgres(
        folder,
        port=plan.postgres_port,
        password=plan.postgres_password,
        admin_password=plan.postgres_admin_password,
        disposable=True,
    )


def valkey_of(folder: Path, plan: Plan) -> Valkey:
    return Valkey(folder, port=plan.valkey_port, password=plan.valkey_password)


def storage_of(folder: Path, plan: Plan) -> Storage:
    return Storage(folder, port=plan.storage_port, secret_key=plan.storage_secret)


@dataclass(frozen=True)
class Borrowed:
    """The borrower's side: the folder shared with the keeper."""

    folder: Path
    plan: Plan

    @classmethod
    def open(cls, folder: Path) -> "Borrowed":
        return cls(folder, Plan(**json.loads((folder / "plan.json").read_text())))

    @classmethod
    def start(cls, folder: Path) -> "tuple[Borrowed, subprocess.Popen[bytes]]":
        """Start a keeper of ``folder`` (new, private). It stops when the process's standard input is closed."""
        plan = Plan.make()
        write_private(folder / "plan.json", json.dumps(asdict(plan)))
        (folder / "want").mkdir()
        with (folder / "keeper.log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "marketplace.sandbox.keeper", folder],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the borrower's affair; the keeper sees its end
            )
        return cls(folder, plan), keeper

    def want(self, name: str, **details: object) -> None:
        """Ask for a server without waiting for it. Safe to repeat."""
        if not (self.folder / "ready" / f"{name}.json").exists():
            write_private(self.folder / "want" / f"{name}.json", json.dumps(details))

    def wait_for(self, name: str, *, seconds: float = 60) -> None:
        """Wait for what was wanted. Raises ``StartError`` with the server's own last words."""
        answer = self.folder / "ready" / f"{name}.json"
        deadline = time.monotonic() + seconds
        while not answer.exists():
            if time.monotonic() > deadline or not self.folder.exists():
                log = self.folder / "keeper.log"
                raise StartError(f"{name} was not started. {log.read_text() if log.exists() else ''}")
            time.sleep(LOOK_SECONDS)
        if error := json.loads(answer.read_text()).get("error"):
            raise StartError(error)


if __name__ == "__main__":
    Keeper(Path(sys.argv[1])).run(until_closed=sys.stdin.buffer)
