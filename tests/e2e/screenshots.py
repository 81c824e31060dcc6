"""The README's pictures: ``make screenshots`` starts a demo of its own, visits its pages and keeps them in ``docs/``.

Pictures are cut to one screen, so that each stays below 200 kB.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from marketplace.sandbox.environment import ROOT
from tests.e2e import steps
from tests.e2e.house import RUN_FILE, House, OwnDemo
from tests.e2e.people import DESKTOP, PHONE, Door, Person

FOLDER = ROOT / "docs" / "screenshots"
MAX_BYTES = 200_000
LIGHT: dict[str, Any] = {"viewport": DESKTOP, "color_scheme": "light"}  # Any: Playwright's options
DARK: dict[str, Any] = {"viewport": DESKTOP, "color_scheme": "dark"}
PHONE_DARK: dict[str, Any] = {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 2}


def keep(person: Person, name: str) -> None:
    """Take the picture of what is on the screen, once its fonts and images are there."""
    page = person.page
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    path = FOLDER / f"{name}.png"
    for step in (1, 2, 4):  # gradients cost most: where need be, with fewer shades than anybody sees
        shades = [min(255, step * round(shade / step)) for shade in range(256)] * 3
        picture.point(shades).save(path, optimize=True)
        if path.stat().st_size < MAX_BYTES:
            break
    assert path.stat().st_size < MAX_BYTES, f"{name} has {path.stat().st_size} bytes"
    sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB\n")


def take_all(come: Door) -> None:
    in_public(come, "", LIGHT, "home", "search", "mentor")
    in_public(come, "-dark", DARK, "mentor")
    in_public(come, "-phone-dark", PHONE_DARK, "search", "mentor")
    pay(come("student1@demo.test", **LIGHT), "pay")
    pay(come("student2@demo.test", **PHONE_DARK), "pay-phone-dark")
    look(come("amara@demo.test", **LIGHT), {"session": "/bookings/{coming}/", "chat": "/messages/{thread}/"})
    look(come("amara@demo.test", **PHONE_DARK), {"chat-phone-dark": "/messages/{thread}/"})
    look(come("mentor1@demo.test", **LIGHT, timezone_id="Europe/Berlin"), {"availability": "/mentor/availability/"})
    look(come("mentor.pending@demo.test", **LIGHT, timezone_id="Europe/Madrid"), {"documents": "/mentor/documents/"})
    look(come("reviewer@demo.test", **LIGHT), {"review": "/admin/mentors/review/{document}/"})
    look(come("reviewer@demo.test", **DARK), {"review-dark": "/admin/mentors/review/{document}/"})


def look(person: Person, paths: dict[str, str]) -> None:
    for name, path in paths.items():
        person.goto(person.house.path(path))
        keep(person, name)


def in_public(come: Door, suffix: str, options: dict[str, Any], *names: str) -> None:  # Any: Playwright's options
    stranger = come(**options)
    stranger.goto("/")
    stranger.page.wait_for_function("document.cookie.includes('tz=')")  # the browser has told its time zone
    for name in names:
        stranger.goto({"home": "/", "search": "/mentors/?subject=linear-algebra", "mentor": "/mentors/mentor1/"}[name])
        if name == "mentor":
            steps.pick_a_start(stranger, 3)
            stranger.page.evaluate("scrollTo(0, 0)")
        keep(stranger, name + suffix)


def pay(student: Person, name: str) -> None:
    student.goto("/mentors/hannah-whitlock/")
    steps.pick_a_start(student, 6)
    student.press(student.control("hold-slot"))
    student.wait_for(steps.PAY_PAGE)
    steps.card_form(student.page)
    keep(student, name)
    student.press(student.control("let-go"))
    student.page.wait_for_url("**/mentors/**")


@contextmanager
def some_house() -> Any:  # Any: a generator of houses
    if RUN_FILE in os.environ:
        yield House.of(Path(os.environ[RUN_FILE]))
        return
    demo = OwnDemo()
    try:
        yield demo.wait_until_up()
    finally:
        demo.end()


def launch(playwright: Any) -> Browser:  # Any: Playwright's own
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser: Browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=arguments)
    return browser


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with some_house() as house, sync_playwright() as playwright:
        door = Door(launch(playwright), house, {})
        take_all(door)
        complaints = door.close()
    sys.stdout.writelines(f"{line}\n" for line in complaints)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
