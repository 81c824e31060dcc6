"""One browser for the run: the Chromium that `bin/e2e` found."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

# Playwright's synchronous API keeps an event loop in this thread; Django would refuse every query beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:  # Any: Playwright's options
    return {"executable_path": os.environ["CHROMIUM"], "args": ["--no-sandbox"] if os.geteuid() == 0 else []}


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
