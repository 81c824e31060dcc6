"""Borrow embedded servers: ``python -m marketplace.sandbox.borrow [--all] COMMAND…`` runs a command with them.

PostgreSQL and Valkey are started always, object storage and the payment sandbox with ``--all``. They hold nothing at
first and are thrown away at the end. Variables that the caller has set win, so a ``DATABASE_URL`` is used as it is.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from marketplace.sandbox.environment import ROOT, inherited
from marketplace.sandbox.keeper import LOOK_SECONDS, Plan
from marketplace.sandbox.payments import Keys, PaymentSandbox
from marketplace.sandbox.processes import LOOPBACK, StartError, free_port, write_private

MEMORY_FREE_BYTES = 4_000_000_000
KEYS = Keys(secret="sk_test_sandbox_borrowed", publishable="pk_test_sandbox_borrowed", webhook="whsec_borrowed")


@dataclass(frozen=True)
class Borrowed:
    """The servers as one borrower sees them: its own bucket, cache, payment sandbox and the port of its site."""

    folder: Path
    plan: Plan
    name: str
    cache: int  # the number of its database in Valkey
    site_port: int
    payments_port: int

    @classmethod
    def join(cls, folder: Path, *, name: str = "main", cache: int = 0) -> "Borrowed":
        """See the servers of a keeper that runs already, as a borrower of another name."""
        return cls(folder, Plan.of(folder), name, cache, site_port=free_port(), payments_port=free_port())

    @property
    def site_url(self) -> str:
        return f"http://{LOOPBACK}:{self.site_port}"

    @property
    def bucket(self) -> str:
        return f"lantern-{self.name}"

    @property
    def mail(self) -> Path:
        return self.folder / "mail" / self.name

    @property
    def payments(self) -> PaymentSandbox:
        webhook_url = f"{self.site_url}/api/payments/webhook"
        return PaymentSandbox(
            self.folder / f"payments-{self.name}", port=self.payments_port, webhook_url=webhook_url, keys=KEYS
        )

    def environment(self) -> dict[str, str]:
        """Name all that the product needs, whether those servers run already or not."""
        return {
            "ENV": "development",
            "DEBUG": "true",  # static files as they lie; the test runner turns DEBUG itself off again
            "SECRET_KEY": "only-for-borrowed-servers",
            "SITE_URL": self.site_url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SMTP_URL": self.mail.as_uri(),
            "CACHE_URL": self.plan.valkey(self.folder).url(self.cache),
            **self.plan.postgres(self.folder).environment(),
            **self.plan.storage(self.folder).environment(self.bucket),
            **self.payments.environment(),
        }

    def keep_cluster(self, folder: Path) -> None:
        """Keep PostgreSQL's data in ``folder`` for later loans. Effects: restarts PostgreSQL."""
        write_private(self.folder / "want" / "cluster.json", json.dumps({"folder": str(folder)}))
        self.wait_for("cluster")

    def want(self, *names: str) -> None:
        """Ask for servers without waiting for them. Safe to repeat."""
        for name in names:
            if not self._answer(name).exists():
                write_private(self.folder / "want" / self._answer(name).name, json.dumps(self._details(name)))

    def wait_for(self, *names: str, seconds: float = 60) -> None:
        """Wait for what was wanted. Raises ``StartError`` with the server's own last words."""
        deadline = time.monotonic() + seconds
        for name in names:
            while not self._answer(name).exists():
                if time.monotonic() > deadline or not self.folder.exists():
                    raise StartError(f"{name} was not started. {self._log()}")
                time.sleep(LOOK_SECONDS)
            if error := json.loads(self._answer(name).read_text()).get("error"):
                raise StartError(error)

    def _answer(self, name: str) -> Path:
        own = name in {"storage", "payments"}
        return self.folder / "ready" / (f"{name}-{self.name}.json" if own else f"{name}.json")

    def _details(self, name: str) -> dict[str, object]:
        if name == "storage":
            return {"bucket": self.bucket, "origins": [self.site_url, f"http://localhost:{self.site_port}"]}
        if name == "payments":
            sandbox = self.payments
            return {"port": sandbox.port, "webhook_url": sandbox.webhook_url, "keys": asdict(sandbox.keys)}
        return {}

    def _log(self) -> str:
        log = self.folder / "keeper.log"
        return log.read_text() if log.exists() else ""


class Loan:
    """A keeper of our own: ``with Loan() as borrowed: …``."""

    def __init__(self, cluster: Path | None = None) -> None:
        folder = Path(tempfile.mkdtemp(prefix="lantern-", dir=memory_folder()))
        folder.chmod(0o711)  # where PostgreSQL has to run as another user, that user must get in
        write_private(folder / "plan.json", json.dumps(asdict(Plan.make(cluster))))
        (folder / "want").mkdir()
        with (folder / "keeper.log").open("wb") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "marketplace.sandbox.keeper", folder],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the borrower's affair; the keeper sees its end
            )
        self.borrowed = Borrowed.join(folder)

    def end(self) -> None:
        """Give the servers back and wait until they are stopped. Safe to repeat."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait(30)

    def __enter__(self) -> Borrowed:
        return self.borrowed

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()


def memory_folder() -> Path | None:
    """Prefer memory to the disk for what is thrown away, where the system has a folder in memory that is large enough."""
    folder = Path("/dev/shm")
    if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > MEMORY_FREE_BYTES:
        return folder
    return None  # the system's temporary folder


def main(arguments: list[str]) -> int:
    names = ["valkey"] if "DATABASE_URL" in os.environ else ["valkey", "postgres"]
    if arguments[:1] == ["--all"]:
        names += ["storage", "payments"]
        arguments = arguments[1:]
    with Loan() as borrowed:
        borrowed.want(*names)
        borrowed.wait_for(*names)
        return subprocess.run(arguments, env=borrowed.environment() | inherited(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
