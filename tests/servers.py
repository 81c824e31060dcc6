"""The servers under the test-suite: PostgreSQL, Valkey, object storage and the payment sandbox, all real processes.

Loaded with ``-p tests.servers``, before Django's settings are read: it sets the environment that they read. One keeper
process (``marketplace.sandbox.keeper``) serves a whole run, xdist's workers included, and ends with it however it ends.
PostgreSQL and Valkey start at once, beside the collection; storage and payments when a test first asks for them,
by the fixtures below. A ``DATABASE_URL`` that is set already is used as it is.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.sandbox.borrow import Borrowed, Loan
from marketplace.sandbox.payments import PaymentSandbox
from marketplace.sandbox.processes import LOOPBACK
from marketplace.sandbox.storage import Storage

SHARED_FOLDER = "LANTERN_TEST_SERVERS"  # tells xdist's workers where the keeper's folder is
OWN_DATABASE = "LANTERN_TEST_OWN_DATABASE"  # the DATABASE_URL that the caller brought

loan_key = pytest.StashKey[Loan]()
borrowed_key = pytest.StashKey[Borrowed]()


@pytest.hookimpl(wrapper=True)  # a wrapper, so that it runs before pytest-django's own "first" reads the settings
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")  # "gw0", "gw1", …
    if worker is None:
        loan = early_config.stash[loan_key] = Loan()
        borrowed = loan.borrowed
        os.environ[SHARED_FOLDER] = str(borrowed.folder)
        if "DATABASE_URL" in os.environ:
            os.environ[OWN_DATABASE] = os.environ["DATABASE_URL"]
        borrowed.want(*base_servers())
    else:
        number = int(worker.removeprefix("gw"))
        borrowed = Borrowed.join(Path(os.environ[SHARED_FOLDER]), name=worker, cache=1 + number)
    early_config.stash[borrowed_key] = borrowed
    os.environ.update(borrowed.environment())
    if OWN_DATABASE in os.environ:
        os.environ["DATABASE_URL"] = os.environ[OWN_DATABASE]
    # pytest-django's live_server listens where SITE_URL and the webhooks point.
    os.environ["DJANGO_LIVE_TEST_SERVER_ADDRESS"] = f"{LOOPBACK}:{borrowed.site_port}"
    return (yield)


def base_servers() -> list[str]:
    return ["valkey"] if OWN_DATABASE in os.environ else ["valkey", "postgres"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wait for the servers that nearly every test needs; by now they are up."""
    if session.items and not session.config.getoption("collectonly"):
        session.config.stash[borrowed_key].wait_for(*base_servers())


def pytest_unconfigure(config: pytest.Config) -> None:
    if loan := config.stash.get(loan_key, None):
        loan.end()


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Borrowed:
    """This test process's view of the servers: addresses, bucket, mail folder."""
    return pytestconfig.stash[borrowed_key]


@pytest.fixture(scope="session")
def storage_server(servers: Borrowed) -> Storage:
    """The S3 server, running, with this worker's bucket (the settings name both)."""
    servers.want("storage")
    servers.wait_for("storage")
    return servers.plan.storage(servers.folder)


@pytest.fixture(scope="session")
def payment_server(servers: Borrowed) -> PaymentSandbox:
    """This worker's own payment sandbox, running. Its webhooks go to ``live_server``."""
    servers.want("payments")
    servers.wait_for("payments")
    return servers.payments
