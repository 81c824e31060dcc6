"""Embedded servers for as long as somebody needs them: ``python -m marketplace.sandbox.keeper FOLDER``.

For programs that borrow servers for a while (``borrow.py``). The borrower holds the keeper's standard input open; when
that closes, however the borrower came to its end (kill -9 included), everything is stopped and the folder removed.
What is wanted is asked for by files, since a borrower's own children ask too: ``want/NAME.json`` is answered by
``ready/NAME.json``, which holds ``{"error": …}`` when it did not work.
"""

import json
import os
import secrets
import select
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from marketplace.sandbox.payments import Keys, PaymentSandbox
from marketplace.sandbox.postgres import Postgres, copy_folder
from marketplace.sandbox.processes import Server, StartError, free_port, write_private
from marketplace.sandbox.storage import Storage
from marketplace.sandbox.valkey import Valkey

LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Plan:
    """Where the servers of ``folder`` will be, decided before any of them runs so that settings can be read at once."""

    postgres_port: int
    valkey_port: int
    storage_port: int
    postgres_password: str
    postgres_admin_password: str
    valkey_password: str
    storage_secret: str
    cluster: str | None  # the folder of a kept cluster to begin with, which has its passwords

    @classmethod
    def make(cls, cluster: Path | None = None) -> "Plan":
        passwords = [secrets.token_hex(16), secrets.token_hex(16)]
        if cluster:
            passwords = json.loads((cluster / "passwords.json").read_text())
        return cls(
            postgres_port=free_port(),
            valkey_port=free_port(),
            storage_port=free_port(),
            postgres_password=passwords[0],
            postgres_admin_password=passwords[1],
            valkey_password=secrets.token_hex(16),
            storage_secret=secrets.token_hex(16),
            cluster=str(cluster) if cluster else None,
        )

    @classmethod
    def of(cls, folder: Path) -> "Plan":
        return cls(**json.loads((folder / "plan.json").read_text()))

    def postgres(self, folder: Path) -> Postgres:
        return Postgres(
            folder,
            port=self.postgres_port,
            password=self.postgres_password,
            admin_password=self.postgres_admin_password,
            disposable=True,
            origin=Path(self.cluster) / "data" if self.cluster else None,
        )

    def valkey(self, folder: Path) -> Valkey:
        return Valkey(folder, port=self.valkey_port, password=self.valkey_password)

    def storage(self, folder: Path) -> Storage:
        return Storage(folder, port=self.storage_port, secret_key=self.storage_secret)


class Keeper:
    """The servers of one folder, each started when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = Plan.of(folder)
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
        """Start what ``name`` stands for: ``KIND``, or ``KIND-BORROWER`` for what each borrower has for itself."""
        match name.partition("-")[0]:
            case "postgres":
                self.start_once("postgres", self.plan.postgres(self.folder))
            case "valkey":
                self.start_once("valkey", self.plan.valkey(self.folder))
            case "storage":
                storage = self.plan.storage(self.folder)
                self.start_once("storage", storage)
                storage.make_bucket(details["bucket"], origins=details["origins"])
            case "payments":
                keys = Keys(**details["keys"])
                port, webhook_url = details["port"], details["webhook_url"]
                self.start_once(name, PaymentSandbox(self.folder / name, port=port, webhook_url=webhook_url, keys=keys))
            case "cluster":
                self.keep_cluster(Path(details["folder"]))
            case unknown:
                raise StartError(f"There is no server called {unknown}.")

    def start_once(self, name: str, server: Server) -> None:
        if name not in self.servers:
            self.servers[name] = server
            server.start()

    def keep_cluster(self, folder: Path) -> None:
        """Keep a copy of the cluster as it is now for later runs, in a folder of a name that nobody has yet."""
        postgres = self.servers["postgres"]
        assert isinstance(postgres, Postgres)
        postgres.program.stop()
        draft = folder.with_name(f".{folder.name}.{os.getpid()}")
        draft.mkdir(parents=True, mode=0o700)
        copy_folder(postgres.data, draft / "data")
        passwords = [self.plan.postgres_password, self.plan.postgres_admin_password]
        write_private(draft / "passwords.json", json.dumps(passwords))
        try:
            draft.rename(folder)
        except OSError:  # another run was first
            shutil.rmtree(draft)
        postgres.start()


if __name__ == "__main__":
    Keeper(Path(sys.argv[1])).run(until_closed=sys.stdin.buffer)
