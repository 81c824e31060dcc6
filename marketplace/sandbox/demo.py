"""``make demo``: the whole marketplace on this machine, from nothing, listening on loopback only."""

import fcntl
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from marketplace.sandbox.environment import ROOT, inherited, product_variables
from marketplace.sandbox.payments import Keys, PaymentSandbox
from marketplace.sandbox.postgres import Postgres
from marketplace.sandbox.processes import LOOPBACK, Program, StartError, free_port, is_free, write_private
from marketplace.sandbox.site import Web, Worker
from marketplace.sandbox.storage import Storage
from marketplace.sandbox.supervisor import Console, Job, Serve, Supervisor, Task, asked_by_signals
from marketplace.sandbox.valkey import Valkey

MANAGE = [sys.executable, str(ROOT / "manage.py")]
SOURCES_OF_ALL = (ROOT / "requirements" / "base.txt", ROOT / "marketplace" / "settings.py")
PROGRAMS = ("postgres", "valkey", "storage", "payments", "static", "migrate", "seed", "worker", "web")

ACCOUNTS = """\
  student1@demo.test … student4@demo.test   students who are new here
  amara@demo.test                           a student with past and coming sessions
  mentor1@demo.test, mentor2@demo.test      mentors in Berlin and New York
  ngozi@demo.test                           a mentor with past sessions; what they earned waits for a bank account
  mentor.pending@demo.test                  a mentor whose application waits for review
  mentor.suspended@demo.test                a mentor who may not teach
  reviewer@demo.test, support@demo.test, finance@demo.test, admin@demo.test   staff, at {site}/admin/
  Every password is lantern-demo. E-mails are kept, not sent: {site}/dev/mail/
  Cards are not real: {payments}/_sandbox/ lists some, and plays the bank's part."""


@dataclass(frozen=True)
class Secrets:
    """What is made up at the first start and stays the same at each later one."""

    secret_key: str
    postgres: str
    postgres_admin: str
    valkey: str
    storage: str
    stripe_secret: str
    stripe_publishable: str
    stripe_webhook: str

    @classmethod
    def kept_in(cls, folder: Path) -> "Secrets":
        path = folder / "secrets.json"
        if path.exists():
            return cls(**json.loads(path.read_text()))
        made = cls(
            secret_key=secrets.token_urlsafe(50),
            postgres=secrets.token_hex(16),
            postgres_admin=secrets.token_hex(16),
            valkey=secrets.token_hex(16),
            storage=secrets.token_hex(20),
            stripe_secret=f"sk_test_sandbox_{secrets.token_hex(12)}",
            stripe_publishable=f"pk_test_sandbox_{secrets.token_hex(12)}",
            stripe_webhook=f"whsec_{secrets.token_hex(24)}",
        )
        write_private(path, json.dumps(asdict(made), indent=2))
        return made


class Demo:
    """The embedded servers and the product in one folder."""

    def __init__(self, folder: Path, *, port: int, caller: Mapping[str, str]) -> None:
        self.folder = folder
        self.site = f"http://{LOOPBACK}:{port}"
        self.run_file = folder / "run.json"
        self.mail = folder / "mail"
        kept = Secrets.kept_in(folder)
        self.keys = Keys(kept.stripe_secret, kept.stripe_publishable, kept.stripe_webhook)
        ports = self._ports()
        self.postgres = Postgres(
            folder, port=ports["postgres"], password=kept.postgres, admin_password=kept.postgres_admin
        )
        self.valkey = Valkey(folder, port=ports["valkey"], password=kept.valkey)
        origins = [self.site, f"http://localhost:{port}"]
        self.storage = Storage(folder, port=ports["storage"], secret_key=kept.storage, origins=origins)
        webhook_url = f"{self.site}/api/payments/webhook"
        self.payments = PaymentSandbox(folder, port=ports["payments"], webhook_url=webhook_url, keys=self.keys)
        self.product = self._product_environment(kept, caller)
        environment = inherited(caller) | self.product
        self.web = Web(folder, port=port, env=environment)
        self.worker = Worker(folder, env=environment)
        self.environment = environment

    def _ports(self) -> dict[str, int]:
        """Keep the ports of the last start where they are still free."""
        path = self.folder / "ports.json"
        last = json.loads(path.read_text()) if path.exists() else {}
        ports: dict[str, int] = {}
        for name in ("postgres", "valkey", "storage", "payments"):
            ports[name] = free_port(last.get(name))
        write_private(path, json.dumps(ports))
        return ports

    def _product_environment(self, kept: Secrets, caller: Mapping[str, str]) -> dict[str, str]:
        """Return what the product needs: the caller's own wishes, then what only the demo can know."""
        wishes = {name: caller[name] for name in product_variables() if name in caller}
        return {
            "DEMO_SKIP_STAFF_MFA": "1",
            "SELLER_ADDRESS": "1 Harbour Street, Port Ellen",
            **wishes,
            "ENV": "development",
            "SECRET_KEY": kept.secret_key,
            "SITE_URL": self.site,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SMTP_URL": self.mail.as_uri(),
            **self.postgres.environment(),
            **self.valkey.environment(),
            **self.storage.environment(),
            **self.payments.environment(),
        }

    def stages(self) -> list[list[list[Task]]]:
        servers: list[list[Task]] = [
            [Serve("PostgreSQL", self.postgres)],
            [Serve("Valkey", self.valkey)],
            [Serve("Object storage", self.storage)],
            [Serve("Payment sandbox", self.payments)],
        ]
        static = self._job("Style sheets and scripts", "static", "collectstatic", "--noinput", "--verbosity", "0")
        static.env = {**self.environment, "DEBUG": "false"}  # with it on, files keep their names and none may be served
        static.mark, static.sources = ROOT / "staticfiles" / "made-from", static_sources
        migrate = self._job("Database tables", "migrate", "migrate", "--noinput", "--verbosity", "0")
        migrate.mark, migrate.sources = self.folder / "postgres" / "migrated-by", migration_sources
        seed = self._job("People, mentors and sessions to look at", "seed", "seed_demo")
        site: list[list[Task]] = [[Serve("Worker", self.worker)], [Serve("Web site", self.web)]]
        if self.was_up_before():
            return [servers, [[static], [migrate]], [*site, [seed]]]  # the seed only adds what is missing by now
        return [servers, [[static], [migrate, seed]], site]

    def was_up_before(self) -> bool:
        return self._up_mark.exists()

    @property
    def _up_mark(self) -> Path:
        return self.folder / "postgres" / "was-up"

    def _job(self, label: str, name: str, *command: str) -> Job:
        return Job(label, Program(name, self.folder), [*MANAGE, *command], self.environment, ROOT)

    def write_run_file(self, pids: Mapping[str, int]) -> None:
        """Tell other programs where everything is (contract: DEMO_DIR/run.json, for its owner only)."""
        facts = {
            "site": self.site,
            "stripe_api": self.payments.url,
            "stripe_secret_key": self.keys.secret,
            "stripe_webhook_secret": self.keys.webhook,
            "s3": self.storage.url,
            "database_url": self.postgres.url,
            "mail_dir": str(self.mail),
            "root": str(ROOT),
            "manage": MANAGE,
            "env": self.product,
            "pids": dict(pids),
        }
        write_private(self.run_file, json.dumps(facts, indent=2) + "\n")
        self._up_mark.touch()


def main() -> int:
    began = time.monotonic()
    folder = Path(os.environ.get("DEMO_DIR") or ROOT / ".demo").absolute()
    port = int(os.environ.get("PORT") or 8000)
    console = Console()
    try:
        prepare(folder)
        with only_one(folder):
            (folder / "run.json").unlink(missing_ok=True)  # of a run that was cut short
            stop_leftovers(folder, console)
            if not is_free(port):
                raise StartError(f"Port {port} is taken by another program. Choose one: PORT=8001 make demo")
            demo = Demo(folder, port=port, caller=os.environ)
            supervisor = Supervisor(demo.stages(), on_change=demo.write_run_file, console=console)

            with asked_by_signals(supervisor):
                console.say(f"Starting the demo in {folder} …")
                try:
                    supervisor.run(
                        when_up=lambda: console.say(banner(demo.site, demo.payments.url, time.monotonic() - began))
                    )
                finally:
                    demo.run_file.unlink(missing_ok=True)
    except StartError as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1
    console.say("All stopped. Everything is kept for the next start.")
    return 0


def migration_sources() -> list[Path]:
    return [*SOURCES_OF_ALL, *ROOT.glob("*/migrations/*.py"), *ROOT.glob("marketplace/*/migrations/*.py")]


def static_sources() -> list[Path]:
    files = [*ROOT.glob("static/**/*"), *ROOT.glob("*/static/**/*")]
    return [*SOURCES_OF_ALL, *(path for path in files if path.is_file())]


def prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for private in ("logs", "mail", "pids", "storage"):
            (folder / private).mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise StartError(
            f"{folder} cannot be written ({exc.strerror}). Choose a folder: DEMO_DIR=/path make demo"
        ) from exc


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Refuse a second demo in the same folder. The lock goes with the process, however that ends."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"A demo runs in {folder} already{where(folder)}. {ADVICE}") from None
        yield


ADVICE = "Stop it with Ctrl-C, or start another beside it: DEMO_DIR=.demo2 PORT=8001 make demo"


def where(folder: Path) -> str:
    try:
        return f", at {json.loads((folder / 'run.json').read_text())['site']}"
    except (OSError, ValueError, KeyError):
        return ""  # it is still starting


def stop_leftovers(folder: Path, console: Console) -> None:
    """Stop what a killed supervisor left running."""
    for name in reversed(PROGRAMS):
        stop_signal = signal.SIGINT if name == "postgres" else signal.SIGTERM
        if Program(name, folder, stop_signal=stop_signal).stop_leftover():
            console.say(f"Stopped {name}, left over from a run that was cut short.")


def banner(site: str, payments: str, seconds: float) -> str:
    return f"""
  Lantern is up after {seconds:.0f} s:  {site}

{ACCOUNTS.format(site=site, payments=payments)}

  Ctrl-C stops everything; what was entered stays.
"""
