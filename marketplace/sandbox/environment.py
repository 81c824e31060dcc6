"""Which variables of the caller's environment reach the programs that we start."""

import ast
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
    """Name the variables that the product reads: the fields of ``Env``, read as text since nothing of it is imported."""
    module = ast.parse((ROOT / "marketplace" / "env.py").read_text())
    (fields,) = (node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Env")
    names = (node.target.id for node in fields if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name))
    return frozenset(name for name in names if name.isupper())
