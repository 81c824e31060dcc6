"""The promises of docs/style.md that a machine can keep."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
APPS = ("accounts", "uploads", "mentors", "bookings", "payments", "chat")
SOURCES = [
    path
    for folder in (*APPS, "marketplace")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
PRODUCT = [path for path in SOURCES if "sandbox" not in path.parts and "seed" not in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported module, and whether it is imported inside a function."""
    tree = ast.parse(path.read_text())
    top = set(ast.walk(tree)) - {inner for node in ast.walk(tree) if is_function(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        yield from ((name, node not in top) for name in names)


def is_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_modules_are_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 420


# Django asks for it: when an app's configuration is read its models can't be imported yet.
WIRED_IN_READY = {path for path in PRODUCT if path.name == "apps.py"}


@pytest.mark.parametrize("path", [path for path in PRODUCT if path not in WIRED_IN_READY], ids=relative)
def test_nothing_of_ours_is_imported_inside_a_function(path: Path) -> None:
    ours = (*APPS, "marketplace")
    assert [name for name, is_inner in imports(path) if is_inner and name.split(".")[0] in ours] == []


@pytest.mark.parametrize("app", APPS)
def test_views_ask_the_database_only_through_what_may_be_seen(app: str) -> None:
    allowed = re.compile(r"objects\s*\.(visible_to|owned_by|listed|readable|waiting_for_review)\b")
    for path in sorted((ROOT / app).glob("*views.py")) + sorted((ROOT / app).glob("*api.py")):
        text = path.read_text()
        found = re.findall(r"\w+\.objects\s*\.\w+", text)
        assert [call for call in found if not allowed.search(call)] == [], relative(path)


def test_only_the_settings_read_the_environment() -> None:
    readers = {relative(path) for path in PRODUCT if re.search(r"os\.environ\b|os\.getenv", path.read_text())}
    # A process's own name of its settings module, and gunicorn's own variable.
    assert readers <= {"marketplace/env.py", "marketplace/wsgi.py", "marketplace/gunicorn_conf.py"}


def test_vendors_libraries_stay_in_gateways() -> None:
    vendors = {"stripe", "boto3", "botocore", "clamav_client"}
    for path in PRODUCT:
        used = {name.split(".")[0] for name, _inner in imports(path)} & vendors
        assert not used or "gateways" in path.parts, relative(path)


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_templates_hold_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", text)
    assert "hx-on" not in text
    if "emails" not in path.parts:
        assert not re.search(r"<script(?![^>]*\b(src|type=\"application/(ld\+)?json\"|nonce))[^>]*>", text)


# The page of last resort asks nothing of the product, and the gallery shows a form that leads nowhere.
MAY_WRITE_ADDRESSES = {"templates/500.html", "templates/bare.html", "templates/components/gallery.html"}


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES if relative(path) not in MAY_WRITE_ADDRESSES], ids=relative
)
def test_templates_name_addresses_by_their_urls(path: Path) -> None:
    assert re.findall(r"""["'](/(?:[a-z-]+/)*(?:\?[^"']*)?)["']""", path.read_text()) == []


def test_committed_files_name_no_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    home = re.compile(r"(?<![\w./-])/(?:root|home/\w+|Users/\w+)/")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".sh", ".yaml", ".yml"} and path.is_file():
            assert not home.search(path.read_text()), name


SECRETS = re.compile(
    r"\b(?:sk|rk)_live_[A-Za-z0-9]{16,}|\bAKIA[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{30,}"
)


def test_committed_files_hold_no_secret() -> None:
    assert SECRETS.search("sk_live_" + "a1b2c3d4" * 3)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in tracked if (ROOT / name).is_file()}
    assert [name for name, text in texts.items() if SECRETS.search(text)] == []


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_the_tests_that_a_document_names_exist(document: Path) -> None:
    for name, function in re.findall(r"`(tests/[\w/.*]+)(?:::(\w+))?`", document.read_text()):
        files = list(ROOT.glob(name))
        assert files, name
        assert not function or any(f"def {function}(" in file.read_text() for file in files), f"{name}::{function}"


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{relative(page)} → {target}"


def guards() -> set[str]:
    """The named constraints and triggers of our models."""
    return {
        guard.name
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.split(".")[0] in (*APPS, "marketplace")
        for guard in (*model._meta.constraints, *getattr(model._meta, "triggers", ()))
    }


def test_every_constraint_and_trigger_is_named_by_a_test() -> None:
    here = Path(__file__).resolve()
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != here]
    assert {"booking_mentor_no_overlap", "user_role_known", "message_changed_by_rule"} <= guards()
    # As a whole string: what only a comment or a longer name speaks of is not tested.
    assert sorted(name for name in guards() if not any(f'"{name}"' in text for text in texts)) == []
