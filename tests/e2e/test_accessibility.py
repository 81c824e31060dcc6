"""Every page, as axe sees it at 1280 and 390 px, light and dark; none scrolls sideways at 320; each has its landmarks."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from django.contrib import admin
from django.urls import get_resolver, reverse
from playwright.sync_api import Page, expect

from tests.access.test_access import is_stock_admin, url_names
from tests.e2e.house import House
from tests.e2e.pages import NEW_BY_NAME, NO_PAGE, PAGES
from tests.e2e.people import Door, Person

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WIDTHS = (1280, 390)
NARROWEST = 320  # laid out as 390 is, so what is asked is what the width alone decides
STAFF = ("reviewer@demo.test", "support@demo.test", "finance@demo.test", "admin@demo.test")

# What the colours decide is asked in both schemes; the rest of a page is the same in the dark.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
WIDTH_RULES = ["target-size", "scrollable-region-focusable"]

RUN = """async ([rules, targets]) => {
    for (const motion of document.getAnimations()) motion.finish();
    // A bar that sticks to the bottom lies over whatever happens to be scrolled beneath it, and axe takes that for its size.
    for (const bar of document.querySelectorAll(".savebar")) bar.style.position = "static";
    const only = rules && {runOnly: {type: "rule", values: rules}};
    const options = {resultTypes: ["violations"], iframes: false, ...only};  // the card's frame is the provider's
    if (targets && !rules) options.rules = {"target-size": {enabled: true}};  // WCAG 2.2, which axe leaves out unasked
    const {violations} = await axe.run(document, options);
    return violations.flatMap(found => found.nodes.map(node => `${found.id}: ${node.target.join(" ")}`));
}"""


def faults_of(page: Page, *, is_stock: bool = False) -> list[str]:
    """What is wrong with the page that is open, at each width and in each scheme.

    Django's own pages (``is_stock``) are of the same colours at each width; the size of their targets is Django's.
    """
    page.evaluate(AXE)
    found: list[str] = []
    for width in (*WIDTHS, NARROWEST):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in looks_at(width, is_stock=is_stock):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{width} {scheme} {line}" for line in page.evaluate(RUN, [rules, not is_stock])]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{width} scrolls sideways to {wide}")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    return found + missing_landmarks(page)


def looks_at(width: int, *, is_stock: bool) -> list[tuple[Literal["light", "dark"], list[str] | None]]:
    """The schemes in which a page is looked at, each with the rules it is held to (``None``: all)."""
    if width == NARROWEST:
        return [] if is_stock else [("light", WIDTH_RULES)]
    if is_stock and width != WIDTHS[0]:
        return [("light", None)]
    return [("light", None), ("dark", COLOUR_RULES)]


def missing_landmarks(page: Page) -> list[str]:
    wanted = {"banner": 1, "main": 1}
    # No footer where the page is as high as the screen, and at the staff's desk.
    if not page.locator("body.app, .header--staff").count():
        wanted["contentinfo"] = 1
    found: list[str] = [
        f"{count} {role}"
        for role, due in wanted.items()
        if (count := page.get_by_role(role).count()) != due  # type: ignore[arg-type]
    ]
    headings = page.get_by_role("heading", level=1).count()
    return found if headings == 1 else [*found, f"{headings} h1"]


def look_at(person: Person, way: Any) -> list[str]:  # Any: pages.Way
    if callable(way):
        way(person)
        return faults_of(person.page)
    answer = person.goto(person.house.path(way))
    assert answer is not None
    if answer.status != 200 or person.path.split("?")[0] != person.house.path(way).split("?")[0]:
        return [f"{answer.status} at {person.path}"]
    return faults_of(person.page)


def test_every_url_has_been_thought_of() -> None:
    looked_at = {name.split()[0] for pages in PAGES.values() for name in pages}
    without = {name for names in NO_PAGE.values() for name in names}
    names = {name for name in url_names(get_resolver().url_patterns) if not is_stock_admin(name)}
    pages = {name for name in names if not re.match(r"\w+-api:", name)}  # what programs ask has no looks
    assert pages - looked_at - without == set()
    assert {name for name in looked_at | without if not is_stock_admin(name)} - pages == set()
    assert looked_at & without == set()


@pytest.mark.parametrize("who", PAGES, ids=lambda who: who or "anonymous")
def test_pages_are_accessible_fit_the_screen_and_keep_to_the_policy(come: Door, house: House, who: str) -> None:
    person = come(who if "@" in who else "")
    if who == NEW_BY_NAME:
        person.house = dataclasses.replace(house, site=house.site.replace("127.0.0.1", "localhost"))
    found = {name: faults for name, way in PAGES[who].items() if (faults := look_at(person, way))}
    assert found == {}, json.dumps(found, indent=1)


def test_lists_and_rows_of_the_stock_admin_are_accessible(come: Door, house: House) -> None:
    staff = [come(email) for email in STAFF]
    found: dict[str, list[str]] = {}
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        path = reverse(f"admin:{label}_changelist")
        reader = next(one for one in staff if one.page.request.get(house.site + path).status == 200)
        reader.goto(path)
        # A hundred rows alike: a few show what all would.
        reader.page.evaluate("document.querySelectorAll('#result_list tr:nth-child(n+4)').forEach(row => row.remove())")
        found[label] = faults_of(reader.page, is_stock=True)
        first = reader.page.locator("#result_list tbody th a")
        if first.count():
            first.first.click()
            expect(reader.page.locator("#content-start")).to_be_visible()
            found[f"{label} row"] = faults_of(reader.page, is_stock=True)
    found = {label: faults for label, faults in found.items() if faults}
    assert found == {}, json.dumps(found, indent=1)
