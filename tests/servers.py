"""The servers under the test-suite: PostgreSQL, Valkey, object storage and the payment sandbox, all real processes.

Loaded with ``-p tests.servers``, before Django's settings are read: it sets the environment that they read. One keeper
process (``marketplace.sandbox.keeper``) serves a whole run, xdist's workers included, and ends with it however it ends.
PostgreSQL and Valkey start at once, beside the collection; storage and payments when a test first asks for them,
by the fixtures below. A ``DATABASE_URL`` that is set already is used as it is.

Running all migrations takes seconds, so a cluster with the migrated tables is kept under ``.cache/`` and copied, until
a migration, the settings, a requirement or this file changes.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from marketplace.sandbox.borrow import Borrowed, Loan
from marketplace.sandbox.environment import ROOT, inherited
from marketplace.sandbox.payments import PaymentSandbox
from marketplace.sandbox.processes import LOOPBACK
from marketplace.sandbox.storage import Storage

SHARED_FOLDER = "LANTERN_TEST_SERVERS"  # tells xdist's workers where the keeper's folder is
OWN_DATABASE = "LANTERN_TEST_OWN_DATABASE"  # the DATABASE_URL that the caller brought
TEMPLATE = "lantern_template"
KEPT_CLUSTERS = 4

loan_key = pytest.StashKey[Loan]()
borrowed_key = pytest.StashKey[Borrowed]()


@pytest.hookimpl(wrapper=True)  # a wrapper, so that it runs before pytest-django's own "first" reads the settings
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")  # "gw0", "gw1", …
    if worker is None:
        if "DATABASE_URL" in os.environ:
            os.environ[OWN_DATABASE] = os.environ["DATABASE_URL"]
        kept = kept_cluster()
        loan = early_config.stash[loan_key] = Loan(kept if kept.exists() else None)
        borrowed = loan.borrowed
        os.environ[SHARED_FOLDER] = str(borrowed.folder)
        borrowed.want(*base_servers())
        if OWN_DATABASE not in os.environ and not kept.exists():
            keep_migrated_cluster(borrowed, kept)
    else:
        number = int(worker.removeprefix("gw"))
        borrowed = Borrowed.join(Path(os.environ[SHARED_FOLDER]), name=worker, cache=1 + number)
    early_config.stash[borrowed_key] = borrowed
    os.environ.update(borrowed.environment())
    os.environ["DEBUG"] = "1"  # static files as they lie; pytest-django switches the rest of DEBUG off again
    if OWN_DATABASE in os.environ:
        os.environ["DATABASE_URL"] = os.environ[OWN_DATABASE]
    # pytest-django's live_server listens where SITE_URL and the webhooks point.
    os.environ["DJANGO_LIVE_TEST_SERVER_ADDRESS"] = f"{LOOPBACK}:{borrowed.site_port}"
    return (yield)


def kept_cluster() -> Path:
    """Name the folder of a cluster that was migrated by this very code."""
    sources = sorted(ROOT.glob("*/migrations/*.py")) + sorted(ROOT.glob("marketplace/*/migrations/*.py"))
    sources += [ROOT / "marketplace" / "settings.py", ROOT / "requirements" / "dev.txt", Path(__file__)]
    digest = hashlib.sha256(f"{platform.machine()} {os.environ.get('PG_BINDIR')} {os.geteuid()}".encode())
    for source in sources:
        digest.update(f"\0{source.relative_to(ROOT)}\0".encode() + source.read_bytes())
    return ROOT / ".cache" / "clusters" / digest.hexdigest()[:16]


def keep_migrated_cluster(borrowed: Borrowed, folder: Path) -> None:
    """Migrate a template database and keep the cluster. A failure is left to the tests to show."""
    borrowed.wait_for("postgres")
    postgres = borrowed.plan.postgres(borrowed.folder)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    with postgres.connect_as_admin() as connection:  # for tests.emptying; in production the role may not
        connection.execute("GRANT SET ON PARAMETER session_replication_role TO PUBLIC")
    environment = inherited() | borrowed.environment() | {"DATABASE_URL": postgres.url_of(TEMPLATE)}
    migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--noinput", "--skip-checks", "--verbosity", "0"]
    if subprocess.run(migrate, env=environment, capture_output=True, check=False).returncode != 0:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(TEMPLATE)))
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    others = sorted(folder.parent.glob("[!.]*"), key=lambda path: path.stat().st_mtime)
    for old in others[: -KEPT_CLUSTERS + 1]:
        shutil.rmtree(old, ignore_errors=True)
    borrowed.keep_cluster(folder)


def copy_migrated_template(borrowed: Borrowed) -> None:
    """Let Django copy the template, which has the tables and their first rows, rather than migrate."""
    with borrowed.plan.postgres(borrowed.folder).connect_as_admin() as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
    if found:
        connections["default"].settings_dict["TEST"].update({"TEMPLATE": TEMPLATE, "MIGRATE": False})


def base_servers() -> list[str]:
    return ["valkey"] if OWN_DATABASE in os.environ else ["valkey", "postgres"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wait for the servers that nearly every test needs; by now they are up."""
    if session.items and not session.config.getoption("collectonly"):
        borrowed = session.config.stash[borrowed_key]
        borrowed.wait_for(*base_servers())
        if OWN_DATABASE not in os.environ:
            copy_migrated_template(borrowed)


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
