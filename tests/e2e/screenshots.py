"""The README's pictures: ``make screenshots`` starts a demo of its own, visits its pages and keeps them in ``docs/``.

Pictures are cut to one screen and drawn with few colours, so that each is well below 200 kB.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from marketplace.sandbox.environment import ROOT
from tests.e2e import steps
from tests.e2e.house import RUN_FILE, House, OwnDemo
from tests.e2e.pages import path_of
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
    picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < MAX_BYTES, f"{name} has {path.stat().st_size} bytes"
    sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB\n")


def take_all(come: Door) -> None:
    for suffix, options in (("", LIGHT), ("-dark", DARK), ("-phone", PHONE_DARK)):
        stranger = come(**options)
        for name, path in (
            ("home", "/"),
            ("search", "/mentors/?subject=linear-algebra"),
            ("mentor", "/mentors/mentor1/"),
        ):
            stranger.goto(path)
            if name == "mentor":
                steps.pick_a_start(stranger, 9)
                stranger.page.evaluate("scrollTo(0, 0)")
            keep(stranger, name + suffix)
        student = come("amara@demo.test", **options)
        for name, path in (("session", "/bookings/{coming}/"), ("chat", "/messages/{thread}/")):
            student.goto(path_of(come.house, path))
            keep(student, name + suffix)
        mentor = come("mentor1@demo.test", **options)
        mentor.goto("/mentor/availability/")
        keep(mentor, f"availability{suffix}")
    pay(come)
    review(come)
    documents(come)


def pay(come: Door) -> None:
    for email, suffix, options in (
        ("student1@demo.test", "", LIGHT),
        ("student2@demo.test", "-dark", DARK),
        ("student3@demo.test", "-phone", PHONE_DARK),
    ):
        student = come(email, **options)
        student.goto("/mentors/hannah-whitlock/")
        steps.pick_a_start(student, 6)
        student.press(student.control("hold-slot"))
        student.wait_for(steps.PAY_PAGE)
        steps.card_form(student.page)
        keep(student, f"pay{suffix}")
        student.press(student.control("let-go"))
        student.page.wait_for_url("**/mentors/**")


def review(come: Door) -> None:
    for suffix, options in (("", LIGHT), ("-dark", DARK)):
        reviewer = come("reviewer@demo.test", **options)
        reviewer.goto(path_of(come.house, "/admin/mentors/review/{document}/"))
        expect(reviewer.page.get_by_alt_text("Page 1 of 1")).to_be_visible()
        keep(reviewer, f"review{suffix}")


def documents(come: Door) -> None:
    for suffix, options in (("", LIGHT), ("-phone", PHONE_DARK)):
        mentor = come("mentor.pending@demo.test", **options)
        mentor.goto("/mentor/documents/")
        keep(mentor, f"documents{suffix}")


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
