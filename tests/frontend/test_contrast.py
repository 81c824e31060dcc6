"""Every pair of text and ground, every mark and its ground, computed from the tokens in light and dark (WCAG 2.2 AA)."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[2] / "static/css/tokens.css").read_text()
PALETTE = dict(re.findall(r"^    (--[\w-]+): (#[0-9a-f]{6});", TOKENS, re.MULTILINE))
SCHEMES = ("light", "dark")

GROUNDS = ("canvas", "surface", "sunken")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS),
    *(("brand", ground) for ground in GROUNDS),
    *(("danger", ground) for ground in ("canvas", "surface")),
    *((ink, "brand-tint") for ink in ("ink", "ink-2")),
    ("ink", "glow-tint"),
    ("ink", "mark"),
    ("canvas", "ink"),
    ("on-brand", "brand-hover"),
    ("on-glow", "glow-hover"),
    ("on-danger", "danger-hover"),
    ("danger", "danger-tint"),
    ("on-glow-tint", "surface"),
]
MARKS = [
    *(("line-strong", ground) for ground in ("canvas", "surface")),
    *(("focus", ground) for ground in (*GROUNDS, "brand-tint", "glow-tint", "danger-tint", "info-tint")),
    ("focus-inverse", "ink"),
    ("star", "surface"),
    ("star", "canvas"),
    ("brand", "brand-tint"),
    ("brand", "canvas"),
]


def meanings() -> dict[str, dict[str, str]]:
    """The colour of each meaning in each scheme."""
    found: dict[str, dict[str, str]] = {}
    for meaning, value in re.findall(r"--color-([\w-]+): ([^;]+);", TOKENS):
        names = re.findall(r"var\((--[\w-]+)\)", value)
        if names:
            found[meaning] = {"light": PALETTE[names[0]], "dark": PALETTE[names[-1]]}
    return found


COLOURS = meanings()


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_meaning_for_a_ground_has_its_text() -> None:
    named = {meaning.removeprefix("on-") for meaning in COLOURS if meaning.startswith("on-")}
    assert named == {"brand", "brand-tint", "glow", "glow-tint", "danger", "danger-tint", "info-tint"}
    assert named <= COLOURS.keys()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("meaning", sorted(m for m in COLOURS if m.startswith("on-")))
def test_text_on_its_own_ground_has_4_5(meaning: str, scheme: str) -> None:
    assert contrast(COLOURS[meaning][scheme], COLOURS[meaning.removeprefix("on-")][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_has_4_5(text: str, ground: str, scheme: str) -> None:
    assert contrast(COLOURS[text][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_and_borders_have_3(mark: str, ground: str, scheme: str) -> None:
    assert contrast(COLOURS[mark][scheme], COLOURS[ground][scheme]) >= 3


@pytest.mark.parametrize("hue", range(1, 9))
def test_initials_are_legible_all_over_their_tile(hue: int) -> None:
    ink = PALETTE[f"--hue-{hue}-ink"]
    assert contrast(ink, PALETTE[f"--hue-{hue}-light"]) >= 4.5
    # The deep corner is met by no more than the end of a long name in large type.
    assert contrast(ink, PALETTE[f"--hue-{hue}-deep"]) >= 3
