"""How a person works a page: by mouse, by touch, or by the keyboard alone. What they do is counted, for the budgets."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

TABS_MAX = 400

# Whether the focused element can be seen to be focused: drawn as such, and not under a bar that sticks to an edge.
# Chromium scrolls to what Tab reached some frames after it.
SEEN = """async element => {
    const fault = () => {
        if (!element.matches(":focus-visible")) return "no visible focus";
        const box = (element.closest("label") ?? element).getBoundingClientRect();
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        const bar = top?.closest("[class*=dock], [class*=sticky], [class*=savebar], header");
        return bar && !bar.contains(element) ? `covered by ${bar.className}` : "";
    };
    for (let frame = 0; frame < 60 && fault(); frame++) await new Promise(requestAnimationFrame);
    return fault();
}"""


class Mouse:
    """Counts activations (``clicks``) and answers (``fields``): typing is no click, choosing is one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.fields = 0

    def press(self, target: Locator) -> None:
        """Activate a link or a button."""
        self.clicks += 1
        self._activate(target)

    def choose(self, target: Locator) -> None:
        """Choose a radio or tick a box."""
        self.clicks += 1
        self._choose(target)
        expect(target).to_be_checked()

    def fill(self, target: Locator, text: str) -> None:
        self.fields += 1
        self._type(target, text)

    def select(self, target: Locator, label: str) -> None:
        """Choose from a list."""
        self.fields += 1
        self._select(target, label)

    def attach(self, button: Locator, file: Path) -> None:
        """Choose a file behind a button."""
        self.clicks += 1
        with self.page.expect_file_chooser() as chooser:
            self._activate(button)
        chooser.value.set_files(file)

    def _activate(self, target: Locator) -> None:
        target.click()

    def _choose(self, target: Locator) -> None:
        # The control itself may be drawn by its label: that is where a person clicks.
        label = target.locator("xpath=ancestor::label[1]")
        (label if label.count() else target).click()

    def _type(self, target: Locator, text: str) -> None:
        target.click()
        target.press("ControlOrMeta+a")
        target.press_sequentially(text)

    def _select(self, target: Locator, label: str) -> None:
        target.select_option(label=label)


class Touch(Mouse):
    def _activate(self, target: Locator) -> None:
        target.tap()

    def _choose(self, target: Locator) -> None:
        label = target.locator("xpath=ancestor::label[1]")
        (label if label.count() else target).tap()

    def _type(self, target: Locator, text: str) -> None:
        target.tap()
        target.fill(text)


class Keyboard(Mouse):
    """Never touches the mouse, and looks where the focus is at each step."""

    def _activate(self, target: Locator) -> None:
        self.tab_to(target)
        self.page.keyboard.press("Enter")

    def _choose(self, target: Locator) -> None:
        if target.get_attribute("type") == "checkbox":
            self.tab_to(target)
            self.page.keyboard.press("Space")
            return
        self.tab_to(target, or_its_group=True)
        if not target.is_checked():
            self.page.keyboard.press("Space")  # where none is chosen yet, the focus chooses nothing by itself
        for _ in range(TABS_MAX):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")

    def _type(self, target: Locator, text: str) -> None:
        self.tab_to(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def _select(self, target: Locator, label: str) -> None:
        self.tab_to(target)
        self.page.keyboard.type(label)
        assert target.evaluate("element => element.selectedOptions[0].label") == label

    def attach(self, button: Locator, file: Path) -> None:
        """The button is a label; the control that it names takes the focus, and a key opens the chooser."""
        self.clicks += 1
        self.tab_to(self.page.locator(f"#{button.get_attribute('for')}"))
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def tab_to(self, target: Locator, *, or_its_group: bool = False) -> None:
        """Press Tab until ``target`` has the focus, or, ``or_its_group``, another radio of its name."""
        expect(target).to_be_attached()
        for _ in range(TABS_MAX):
            if self._has_focus(target, or_its_group):
                fault = "" if or_its_group else target.evaluate(SEEN)
                assert not fault, f"{target}: {fault}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached by Tab")

    def _has_focus(self, target: Locator, or_its_group: bool) -> bool:
        script = """(element, orItsGroup) => {
            const active = element.ownerDocument.activeElement;
            return active === element || (orItsGroup && active?.type === "radio" && active.name === element.name);
        }"""
        return bool(target.evaluate(script, or_its_group))
