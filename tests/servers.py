"""The servers under the test-suite: PostgreSQL, Valkey, object storage and the payment sandbox, all real processes.

Loaded with ``-p tests.servers``, before Django's settings are read: it sets the environment that they read. One keeper
process (``marketplace.sandbox.keeper``) serves a whole run, xdist's workers included, and ends with it however it ends.
PostgreSQL and Valkey start at once, beside the collection; storage and payments when a test first asks for them,
by the fixtures below. A ``DATABASE_URL`` that is set already is used as it is.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from marketplace.sandbox.keeper import Borrowed, postgres_of, storage_of, valkey_of
from marketplace.sandbox.payments import Keys, PaymentSandbox
from marketplace.sandbox.processes import LOOPBACK, free_port
from marketplace.sandbox.storage import Storage

SHARED_FOLDER = "LANTERN_TEST_SERVERS"  # tells xdist's workers where the keeper's folder is
OWN_DATABASE = "LANTERN_TEST_OWN_DATABASE"  # set when the caller brought a DATABASE_URL
KEYS = Keys(secret="sk_test_sandbox_tests", publishable="pk_test_sandbox_tests", webhook="whsec_tests")


@dataclass
class TestServers:
    """The servers as one test process (one xdist worker) sees them: its own bucket, cache and payment sandbox."""

    __test__ = False

    borrowed: Borrowed
    worker: str  # "gw0", "gw1", … or "main"
    site_port: int
    payments_port: int

    @property
    def site_url(self) -> str:
        return f"http://{LOOPBACK}:{self.site_port}"

    @property
    def bucket(self) -> str:
        return f"lantern-{self.worker}"

    @property
    def storage(self) -> Storage:
        return storage_of(self.borrowed.folder, self.borrowed.plan)

    @property
    def payments(self) -> PaymentSandbox:
        return PaymentSandbox(
            self.borrowed.folder,
            port=self.payments_port,
            webhook_url=f"{self.site_url}/api/payments/webhook",
            keys=KEYS,
        )

    def environment(self) -> dict[str, str]:
        folder, plan = self.borrowed.folder, self.borrowed.plan
        cache = 0 if self.worker == "main" else 1 + int(self.worker.removeprefix("gw"))
        mail = folder / "mail" / self.worker
        own = os.environ["DATABASE_URL"] if os.environ.get(OWN_DATABASE) else None
        return {
            "ENV": "development",
            "SECRET_KEY": "only-for-tests",
            "SITE_URL": self.site_url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SMTP_URL": f"file://{mail}",
            "DATABASE_URL": own or postgres_of(folder, plan).url,
            "CACHE_URL": valkey_of(folder, plan).url(cache),
            # pytest-django's live_server listens where SITE_URL and the webhooks point.
            "DJANGO_LIVE_TEST_SERVER_ADDRESS": f"{LOOPBACK}:{self.site_port}",
            **self.storage.environment(self.bucket),
            **self.payments.environment(),
        }

    def need_storage(self) -> None:
        name = f"storage-{self.worker}"
        origins = [self.site_url, f"http://localhost:{self.site_port}"]
        self.borrowed.want(name, bucket=self.bucket, origins=origins)
        self.borrowed.wait_for(name)

    def need_payments(self) -> None:
        sandbox = self.payments
        name = f"payments-{self.worker}"
        self.borrowed.want(name, port=sandbox.port, webhook_url=sandbox.webhook_url, keys=vars(sandbox.keys))
        self.borrowed.wait_for(name)


stash_key = pytest.StashKey[TestServers]()
keeper_key = pytest.StashKey[subprocess.Popen[bytes]]()


@pytest.hookimpl(wrapper=True)  # a wrapper, so that it runs before pytest-django's own "first" reads the settings
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    shared = os.environ.get(SHARED_FOLDER)
    if shared is None:
        if os.environ.get("DATABASE_URL"):
            os.environ[OWN_DATABASE] = "1"
        borrowed, early_config.stash[keeper_key] = Borrowed.start(Path(tempfile.mkdtemp(prefix="lantern-tests-")))
        os.environ[SHARED_FOLDER] = str(borrowed.folder)
        borrowed.want("valkey")
        if OWN_DATABASE not in os.environ:
            borrowed.want("postgres")
    else:
        borrowed = Borrowed.open(Path(shared))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    servers = TestServers(borrowed, worker, site_port=free_port(), payments_port=free_port())
    early_config.stash[stash_key] = servers
    os.environ.update(servers.environment())
    return (yield)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wait for the two servers that nearly every test needs; by now they are up."""
    if session.items and not session.config.getoption("collectonly"):
        borrowed = session.config.stash[stash_key].borrowed
        borrowed.wait_for("valkey")
        if OWN_DATABASE not in os.environ:
            borrowed.wait_for("postgres")


def pytest_unconfigure(config: pytest.Config) -> None:
    keeper = config.stash.get(keeper_key, None)
    if keeper is not None and keeper.stdin is not None:
        keeper.stdin.close()
        keeper.wait(30)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> TestServers:
    return pytestconfig.stash[stash_key]


@pytest.fixture(scope="session")
def storage_server(servers: TestServers) -> Storage:
    """The S3 server, running, with this worker's bucket (``settings`` name both)."""
    servers.need_storage()
    return servers.storage


@pytest.fixture(scope="session")
def payment_server(servers: TestServers) -> PaymentSandbox:
    """This worker's own payment sandbox, running. Its webhooks go to ``live_server``."""
    servers.need_payments()
    return servers.payments
