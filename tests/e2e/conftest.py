"""One browser for the run: the Chromium that `bin/e2e` found."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from marketplace.sandbox.environment import ROOT
from tests.e2e.house import RUN_FILE, House, OwnDemo
from tests.e2e.people import Door

# Two cores carry the browser, the site, its worker and their servers: what is to be seen may take its time.
expect.set_options(timeout=20_000)

# Playwright's synchronous API keeps an event loop in this thread; Django would refuse every query beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def site(live_server: Any) -> str:  # Any: pytest-django's server
    """The address of the site, served from this process with the test's own database."""
    return str(live_server.url)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own. The plugin's fixture of this name trips over pytest 9's own checks."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


# The journeys walk through a demo of their own, which starts beside the collection.

own_demo_key = pytest.StashKey[OwnDemo]()
failed_key = pytest.StashKey[bool]()
PICTURES = ROOT / ".cache" / "e2e"  # of windows as they were when a test failed


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any("house" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.getoption("collectonly") and RUN_FILE not in os.environ:
        session.config.stash[own_demo_key] = OwnDemo()


def pytest_unconfigure(config: pytest.Config) -> None:
    if demo := config.stash.get(own_demo_key, None):
        demo.end()


@pytest.fixture(scope="session")
def house(pytestconfig: pytest.Config) -> House:
    """A whole marketplace as `make demo` starts it: worker, webhooks, storage, mails, and the demo's people."""
    if RUN_FILE in os.environ:
        return House.of(Path(os.environ[RUN_FILE]))
    return pytestconfig.stash[own_demo_key].wait_until_up()


@pytest.fixture(scope="session")
def signed_in() -> dict[str, Any]:  # Any: Playwright's storage states
    """Who has signed in during this run, so that each does it once."""
    return {}


@pytest.fixture
def come(request: pytest.FixtureRequest, browser: Browser, house: House, signed_in: dict[str, Any]) -> Iterator[Door]:
    """Lets people in: ``come("student1@demo.test", hands=Keyboard)``. At the end no browser may have complained."""
    door = Door(browser, house, signed_in)
    yield door
    if request.node.stash.get(failed_key, False):
        door.keep_pictures(PICTURES / request.node.name)
    assert door.close() == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[failed_key] = item.stash.get(failed_key, False) or report.failed
    if report.failed and (demo := item.config.stash.get(own_demo_key, None)):
        report.sections.append(("What the demo said last", demo.said()))
    return report
