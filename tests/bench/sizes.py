"""What a browser fetches, compressed with gzip as ``collectstatic`` left it."""

import json
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from tests.bench.report import Row


def rows() -> list[Row]:
    manifest: dict[str, str] = json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text())["paths"]
    scripts = [name for name in manifest if name.startswith("js/") and name.endswith(".js")]
    scripts += [name for name in manifest if name.startswith("django_htmx/htmx") and name.endswith("4.min.js")]
    return [
        Row("Style sheet, compressed", _kilobytes(manifest, ["css/site.css"]), 30, "", "kB"),
        # No page loads them all: what one may load is held to 40 kB by tests/frontend/test_assets.py.
        Row("All scripts, compressed", _kilobytes(manifest, scripts), None, f"{len(scripts)} files, htmx among them", "kB"),
    ]  # fmt: skip


def _kilobytes(manifest: dict[str, str], names: Iterable[str]) -> float:
    return sum(_compressed(settings.STATIC_ROOT / manifest[name]) for name in names) / 1_000


def _compressed(path: Path) -> int:
    """WhiteNoise keeps a compressed copy only where that is smaller."""
    copy = path.with_name(f"{path.name}.gz")
    return (copy if copy.exists() else path).stat().st_size
