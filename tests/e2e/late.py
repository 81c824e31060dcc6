"""A slow network, at will."""

from __future__ import annotations

from playwright.sync_api import Page, Route


class Late:
    """What a page asks for and does not get before it is let go: a script, an answer."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.page = page
        self.asked: list[Route] = []
        page.route(pattern, self._keep)

    def _keep(self, route: Route) -> None:
        self.asked.append(route)

    def wait(self) -> None:
        """Wait until it has been asked for."""
        for _ in range(1000):
            if self.asked:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("what comes late was never asked for")

    def comes(self) -> None:
        self.wait()
        self.asked.pop().continue_()
