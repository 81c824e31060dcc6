"""People with a browser window each: where they are, what their hands did, and what their browser complained of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Response, WebError

from tests.e2e.hands import Mouse, Touch
from tests.e2e.house import House

PASSWORD = "lantern-demo"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

# Chromium writes breaches of the content-security policy into the console too; this makes sure of each.
REPORT_BREACHES = """document.addEventListener("securitypolicyviolation", event =>
    console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`))"""


@dataclass
class Complaints:
    """Errors in the console, of scripts, and of the content-security policy. A test names those that it causes on purpose."""

    heard: list[str] = field(default_factory=list)
    foreseen: list[str] = field(default_factory=list)

    def foresee(self, *parts: str) -> None:
        """Expect complaints that contain one of ``parts``, such as ``status of 422`` for a form that is refused."""
        self.foreseen += parts

    def listen(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_BREACHES)
        context.on("console", self._console)
        context.on("weberror", self._error)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.append(
                f"{message.text} ({message.location['url']} on {message.page.url if message.page else '?'})"
            )

    def _error(self, error: WebError) -> None:
        self.heard.append(str(error.error))

    @property
    def unforeseen(self) -> list[str]:
        return [line for line in self.heard if not any(part in line for part in self.foreseen)]


@dataclass
class Person:
    """Somebody in front of one window. ``hands`` do what is counted; ``page`` is for looking."""

    house: House
    page: Page
    hands: Mouse
    complaints: Complaints
    # Of who signs up on the way
    email: str = ""
    secret: str = ""  # of their authenticator app

    def goto(self, path: str) -> Response | None:
        return self.page.goto(self.house.site + path)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.house.site)

    def press(self, target: str | Locator) -> None:
        """Activate the button or the link of that name."""
        self.hands.press(self.named(target) if isinstance(target, str) else target)

    def fill(self, label: str, text: str) -> None:
        self.hands.fill(self.page.get_by_label(label, exact=True), text)

    def named(self, name: str) -> Locator:
        page = self.page
        return (
            page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True)).first
        )

    def control(self, testid: str) -> Locator:
        """The main control of an operation, the one that can be seen (the dock repeats it on phones)."""
        return self.page.get_by_test_id(testid).filter(visible=True).first

    def wait_for(self, path: str | Any) -> None:  # Any: a compiled pattern
        """Wait until this page, by its path or a pattern of its address, is there."""
        self.page.wait_for_url(self.house.site + path if isinstance(path, str) else path)


class Door:
    """Lets people in, each with a browser context of their own, and hears what their browsers complain of."""

    def __init__(self, browser: Browser, house: House, states: dict[str, Any]) -> None:
        self.browser = browser
        self.house = house
        self.states = states  # Any: Playwright's storage state, by address: who signed in once need not again
        self.people: list[Person] = []

    def __call__(
        self,
        email: str = "",
        *,
        hands: Callable[[Page], Mouse] = Mouse,
        **options: Any,  # Any: Playwright's options of a context
    ) -> Person:
        """Let somebody in, signed in as ``email`` of the demo if one is given."""
        if hands is Touch:
            options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, **options}
        options = {"viewport": DESKTOP, "timezone_id": "Europe/Lisbon", "locale": "en-GB", **options}
        if email:
            options["storage_state"] = self.state_of(email)
        context = self.browser.new_context(**options)
        context.set_default_timeout(15_000)
        complaints = Complaints()
        complaints.listen(context)
        page = context.new_page()
        page.on("filechooser", lambda chooser: None)  # from the start: a key may be quicker than the asking for it
        person = Person(self.house, page, hands(page), complaints)
        self.people.append(person)
        return person

    def state_of(self, email: str) -> Any:  # Any: Playwright's storage state
        if email not in self.states:
            context = self.browser.new_context(timezone_id="Europe/Lisbon", locale="en-GB")
            page = context.new_page()
            page.goto(f"{self.house.site}/accounts/login/")
            page.get_by_label("E-mail").fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_test_id("log-in").click()
            page.wait_for_url(lambda url: "/accounts/" not in url)
            self.states[email] = context.storage_state()
            context.close()
        return self.states[email]

    def keep_pictures(self, folder: Path) -> None:
        """Keep what each window showed, as a picture and as a screen reader would tell it."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, person in enumerate(self.people):
            seen = person.page.locator("body").aria_snapshot()
            (folder / f"{number}.txt").write_text(f"{person.page.url}\n{seen}\n{person.complaints.heard}\n")
            with suppress(Error):  # a window without script can't always be photographed; the test has failed anyway
                person.page.screenshot(path=folder / f"{number}.png", full_page=True)

    def close(self) -> list[str]:
        """Let everybody go; return what nobody had foreseen."""
        unforeseen = [line for person in self.people for line in person.complaints.unforeseen]
        for person in self.people:
            person.page.context.close()
        return unforeseen
