"""The small cast of the tests, and the rule that no call leaves the house while a transaction is open."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from django.core.cache import cache
from django.core.management.commands import flush
from django.test import Client

from accounts.models import User
from marketplace.deep_calls import roomy
from mentors.models import Mentor
from tests.emptying import flush_keeping_migrated_rows
from tests.factories import make_mentor, make_staff, make_student
from tests.outward import watch_outward_calls


def pytest_collection_finish() -> None:
    """Keep what is loaded out of the collector's sight; each test leaves enough of its own."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test as pytest does, with room for its calls: the runner's own already fill a chunk or two."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    roomy(runtestprotocol)(item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(scope="session", autouse=True)
def _migrated_rows_stay() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", flush_keeping_migrated_rows)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)  # it would only look for what stays
        yield


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Each test starts with unused rate limits."""
    cache.clear()


@pytest.fixture(autouse=True)
def _no_outward_call_in_a_transaction(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail any test in which the provider, storage or mail was called while a transaction was open."""
    with watch_outward_calls() as breaches:
        yield
    assert not breaches, f"called while a transaction was open: {breaches}"


@pytest.fixture
def student(db: None) -> User:
    """Sees and changes only what is theirs."""
    return make_student()


@pytest.fixture
def other_student(db: None) -> User:
    """Must see nothing of ``student``'s."""
    return make_student()


@pytest.fixture
def mentor(db: None) -> Mentor:
    """Approved and listed, open every day from 8 to 20 in Berlin, 44.00 an hour."""
    return make_mentor()


@pytest.fixture
def reviewer(db: None) -> User:
    """Decides documents and applications; sees no bookings."""
    return make_staff("reviewer")


@pytest.fixture
def support(db: None) -> User:
    """Sees every booking and reported threads; decides no documents."""
    return make_staff("support")


@pytest.fixture
def finance(db: None) -> User:
    """Sees every booking and payment."""
    return make_staff("finance")


@pytest.fixture
def csrf_client() -> Client:
    """A client that is held to CSRF tokens, as browsers are."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:  # Any: Playwright's options
    """The Chromium that ``bin/e2e`` found."""
    return {"executable_path": os.environ["CHROMIUM_HEADLESS"], "args": ["--no-sandbox"] if os.geteuid() == 0 else []}
