"""Which variables of the caller's environment reach the programs that we start."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# What the caller set for other programs and which libraries of ours would believe.
MISLEADING = re.compile(
    r"^(PG(?!_BINDIR)|AWS_|PYTHONPATH$|PYTHONHOME$|VIRTUAL_ENV$|DJANGO_SETTINGS_MODULE$|GUNICORN_CMD_ARGS$)"
)


def inherited(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the caller's environment less what would mislead, with loopback kept away from proxies."""
    kept = {name: value for name, value in environment.items() if not MISLEADING.match(name)}
    for name in ("no_proxy", "NO_PROXY"):
        kept[name] = ",".join(filter(None, [kept.get(name), "127.0.0.1,localhost"]))
    return kept | {"PYTHONUNBUFFERED": "1"}


def product_variables() -> frozenset[str]:
    """Name the variables that the product reads: those explained in ``.env.example``."""
    example = (ROOT / ".env.example").read_text()
    return frozenset(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, flags=re.MULTILINE))
