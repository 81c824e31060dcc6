"""The promises about style sheets, scripts, fonts, icons and markup that no page may break."""

import gzip
import re
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it brings none
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.test import override_settings

from marketplace.common.static import StaticStorage

ROOT = Path(__file__).resolve().parents[2]
STATIC, TEMPLATES = ROOT / "static", ROOT / "templates"
ALL_STYLES = sorted((STATIC / "css").rglob("*.css"))
# Pages inside Django admin keep its stock look and tokens; their few rules stand in sheets of their own.
STYLES = [sheet for sheet in ALL_STYLES if not sheet.name.startswith("admin-")]
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
PAGES = sorted(TEMPLATES.rglob("*.html"))
# Mail has no style sheets, so its markup carries them; our own admin pages follow the site's rules.
WEB_PAGES = [page for page in PAGES if "emails" not in page.parts]

KB = 1000
CSS_BUDGET, JS_BUDGET, FONT_BUDGET = 30 * KB, 40 * KB, 45 * KB


def compressed(data: bytes) -> int:
    """The larger of the two encodings, since a browser may ask for either."""
    return max(len(brotli.compress(data)), len(gzip.compress(data, 9)))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_all_style_sheets_together_stay_within_30_kb() -> None:
    assert compressed(b"".join(sheet.read_bytes() for sheet in ALL_STYLES)) <= CSS_BUDGET


def imported(scripts: set[str]) -> set[str]:
    """Some scripts with all that they import, by their names."""
    found, ahead = set(), set(scripts)
    while ahead:
        found |= ahead
        texts = [(STATIC / f"js/{stem}.js").read_text() for stem in ahead]
        ahead = {stem for text in texts for stem in re.findall(r'from "\./([\w-]+)\.js"', text)} - found
    return found


def behaviours() -> dict[str, str]:
    """Each behaviour of the shell with the selector that loads it."""
    site = (STATIC / "js/site.js").read_text()
    return {
        stem: selector for selector, stem in re.findall(r'\["([^"]+)", \(\) => import\("\./([\w-]+)\.js"\)\]', site)
    }


@cache
def whole(template: str) -> str:
    """The text of a template with all that it extends and includes."""
    path = TEMPLATES / template
    if not path.exists():
        return ""
    text = path.read_text()
    parts = set(re.findall(r'{% (?:include|extends) "([^"#]+)', text)) - {template}
    return text + "".join(whole(part) for part in sorted(parts))


def test_no_page_loads_more_scripts_than_40_kb_with_htmx() -> None:
    htmx = finders.find("django_htmx/htmx-4.min.js")
    assert htmx is not None
    weights = {script.stem: compressed(script.read_bytes()) for script in SCRIPTS}
    pages = [str(page.relative_to(TEMPLATES)) for page in WEB_PAGES]
    found = {}
    for page in [page for page in pages if '{% extends "base.html" %}' in whole(page)]:
        hooks = set(re.findall(r"data-[a-z-]+", whole(page)))
        stems = {stem for stem, selector in behaviours().items() if hooks & set(re.findall(r"data-[a-z-]+", selector))}
        # By the reader rather than by the page: the zone's offer and the choice of colours.
        found[page] = sum(weights[stem] for stem in imported({"site", "tz", "theme"} | stems))
    assert found["chat/thread.html"] > weights["chat"] + weights["upload"] + weights["live"]
    assert max(found.values()) + compressed(Path(htmx).read_bytes()) <= JS_BUDGET


def test_fonts_stay_within_45_kb() -> None:
    assert sum(font.stat().st_size for font in (STATIC / "fonts").glob("*.woff2")) <= FONT_BUDGET


def test_every_sheet_is_imported_once_and_stands_in_a_layer() -> None:
    site = (STATIC / "css/site.css").read_text()
    imported = re.findall(r'@import url\("([^"]+)"\);', site)
    others = {str(sheet.relative_to(STATIC / "css")) for sheet in STYLES} - {"site.css"}
    assert sorted(imported) == sorted(others)
    for sheet in STYLES:
        if sheet.name in {"site.css", "fonts.css"}:
            continue
        blocks = re.findall(r"^(?!@layer|@property|\s|\}|/\*|\n)[^\n]*", sheet.read_text(), re.MULTILINE)
        assert not [line for line in blocks if line.strip() and "*/" not in line and not line.startswith("   ")], name(
            sheet
        )


def test_components_read_meanings_and_never_the_palette() -> None:
    tokens = (STATIC / "css/tokens.css").read_text()
    palette = re.findall(r"(--[\w-]+): #", tokens.split("/* Meanings */")[0])
    assert len(palette) > 40
    for sheet in STYLES:
        if sheet.name == "tokens.css":
            continue
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert not [colour for colour in palette if f"var({colour})" in text], name(sheet)
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", text), name(sheet)


def test_every_token_is_defined_and_used() -> None:
    text = "".join(sheet.read_text() for sheet in STYLES)
    defined = set(re.findall(r"^\s+(--[\w-]+):", (STATIC / "css/tokens.css").read_text(), re.MULTILINE))
    local = set(re.findall(r"(--[\w-]+):", text)) | {"--gap"}
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert not defined - used
    assert not used - local


def test_important_stands_only_where_it_must() -> None:
    allowed = {"utilities.css", "print.css", "base.css"}
    assert {sheet.name for sheet in STYLES if "!important" in sheet.read_text()} <= allowed
    base = (STATIC / "css/base.css").read_text()
    assert base.index("prefers-reduced-motion: reduce") < base.index("!important")


def test_boxes_are_sized_and_placed_by_logical_properties() -> None:
    physical = re.compile(
        r"^\s+(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|top|bottom|width|height|min-width|max-width|text-align: (?:left|right))\b[^;]*;",
        re.MULTILINE,
    )
    assert not {name(sheet): found for sheet in STYLES if (found := physical.findall(sheet.read_text()))}


FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]+\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "a js: value": re.compile(r"""hx-[a-z-]+\s*=\s*["']js:""", re.IGNORECASE),
    "a trigger filter": re.compile(r"""hx-trigger\s*=\s*["'][^"']*\["""),
    "an inline script without a nonce": re.compile(r"<script(?![^>]*\b(?:src|nonce)=)[^>]*>", re.IGNORECASE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    found = [
        name(page)
        for page in WEB_PAGES
        if FORBIDDEN[what].search(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", page.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "markup"),
    [
        ("an inline style", '<p style="color: red">'),
        ("a style element", "<style>"),
        ("an inline handler", '<a onclick="x()">'),
        ("hx-on", '<a hx-on:click="x()">'),
        ("a script address", '<a href="javascript:x()">'),
        ("a js: value", "<a hx-vals='js:{x: 1}'>"),
        ("a trigger filter", '<a hx-trigger="click[ctrlKey]">'),
        ("an inline script without a nonce", "<script>"),
    ],
)
def test_what_is_forbidden_would_be_noticed(what: str, markup: str) -> None:
    assert FORBIDDEN[what].search(markup)


def sprite() -> set[str]:
    return set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))


def icon_words() -> dict[str, list[str]]:
    """Every quoted word of templates, scripts and Python that could name an icon, and where it stands."""
    words: dict[str, list[str]] = {}
    apps = ("marketplace", "accounts", "uploads", "mentors", "bookings", "payments", "chat")
    code = [path for app in apps for path in (ROOT / app).rglob("*.py") if "sandbox" not in path.parts]
    for path in [*PAGES, *SCRIPTS, *code]:
        for word in re.findall(r"""["']([a-z][a-z0-9-]*)["']""", path.read_text()):
            words.setdefault(word, []).append(name(path))
    return words


def test_every_icon_used_is_in_the_sprite() -> None:
    named = {
        icon: name(page)
        for page in WEB_PAGES
        for icon in re.findall(
            r'_icon\.html" with name="([\w-]+)"|\bicon(?:_after)?="([\w-]+)"|{% icon "([\w-]+)"', page.read_text()
        )
        for icon in icon
        if icon
    }
    assert len(named) > 20
    assert {icon: page for icon, page in named.items() if icon not in sprite()} == {}


def test_every_icon_in_the_sprite_is_used() -> None:
    assert sprite() - icon_words().keys() == set()


def test_every_component_that_is_included_exists() -> None:
    missing = {
        (name(page), target)
        for page in PAGES
        for target in re.findall(r'{% (?:include|extends) "([^"#]+)', page.read_text())
        if not (TEMPLATES / target).exists()
        and not target.startswith(("django/", "admin/", "allauth/", "account/", "mfa/", "usersessions/"))
    }
    assert missing == set()


def test_every_behaviour_is_loaded_by_the_shell_and_can_be_attached() -> None:
    site = (STATIC / "js/site.js").read_text()
    loaded = set(re.findall(r'import\("\./([\w-]+)\.js"\)', site))
    assert imported({"site"} | loaded) == {script.stem for script in SCRIPTS}
    for stem in loaded - {"theme"}:
        assert "export function attach(root)" in (STATIC / f"js/{stem}.js").read_text(), stem


def test_collected_pages_ask_for_one_style_sheet_with_hashed_fonts(tmp_path: Path) -> None:
    storages = {**settings.STORAGES, "staticfiles": {"BACKEND": "marketplace.common.static.StaticStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    [sheet] = tmp_path.glob("css/site.????????????.css")
    text = sheet.read_text()
    assert "@import" not in text
    assert text.count("@font-face") == 4
    for url in re.findall(r'url\("([^"]+)"\)', text):
        assert re.search(r"\.[0-9a-f]{12}\.woff2$", url), url
        assert (sheet.parent / url).exists()
    [script] = tmp_path.glob("js/site.????????????.js")
    modules = re.findall(r'import\("\./([^"]+)"\)', script.read_text())
    assert modules
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", module) for module in modules)
    assert (tmp_path / "css" / f"{sheet.name}.br").exists()


def test_a_component_sheet_that_points_at_a_file_is_refused(tmp_path: Path) -> None:
    """Its address is relative to its own folder and would be wrong once it stands in the one sheet."""
    sheets = FileSystemStorage(tmp_path)
    sheets.save("css/site.css", ContentFile(b'@import url("components/card.css");\n'))
    sheets.save("css/components/card.css", ContentFile(b".card { background: url(paper.png); }"))
    paths = {name: (sheets, name) for name in ("css/site.css", "css/components/card.css")}
    storage = StaticStorage(location=tmp_path / "out", base_url="/static/")
    with pytest.raises(ValueError, match="would point elsewhere"):
        list(storage.post_process(paths))
