"""Install a set of requirements into ``.venv``. Called by ``bin/setup``; uses the standard library only.

Safe to run twice at once, to interrupt, and to run where nothing is to do: then it asks no network and writes nothing.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"  # "SET HASH" of what is installed
# A larger set holds the smaller ones, in the same versions.
HOLDERS = {"base": ("base", "demo", "dev"), "demo": ("demo", "dev"), "dev": ("dev",)}
WORDS = {"base": "the product", "demo": "the product and its embedded servers", "dev": "everything that checks need"}


def main(name: str) -> None:
    if is_installed(name):
        return
    with only_one():
        if not is_installed(name):  # whoever held the lock may have done it
            began = time.monotonic()
            installed, _ = stamped()
            install(installed if installed in HOLDERS[name] else name)  # never take a developer's tools away
            say(f"Installed in {time.monotonic() - began:.0f} s.")


def is_installed(name: str) -> bool:
    installed, digest = stamped()
    return installed in HOLDERS[name] and digest == digest_of(installed) and runs(PYTHON)


def stamped() -> tuple[str, str]:
    """Return which set was installed last, and the hash of its requirements then."""
    try:
        installed, digest = STAMP.read_text().split()
    except (OSError, ValueError):
        return "", ""
    return installed, digest


def digest_of(name: str) -> str:
    files = (f"{name}.txt", "tools.txt")
    parts = [(ROOT / "requirements" / file).read_bytes() for file in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def runs(python: Path) -> bool:
    """Say whether the interpreter works: the one it was made from may have been removed since."""
    check = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
    try:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(name: str) -> None:
    environment = os.environ | caches() | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_SYSTEM_CERTS": "1"}
    # What an activated environment of the caller's says must not decide where things go.
    for misleading in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        environment.pop(misleading, None)
    if not runs(PYTHON):
        make_venv()
    STAMP.unlink(missing_ok=True)
    requirements = ROOT / "requirements" / f"{name}.txt"
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r"]
    uv = [str(PYTHON), "-m", "uv", "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON)]
    packages = sum(line[:1].isalnum() for line in requirements.read_text().splitlines())
    say(f"Installing {WORDS[name]}: {packages} packages …")
    has_uv = runs_quietly([str(PYTHON), "-m", "uv", "--version"], environment)
    if not has_uv:
        has_uv = run([*pip, str(ROOT / "requirements" / "tools.txt")], environment)
    if not (has_uv and run([*uv, str(requirements)], environment | indexes(environment))):
        say("uv could not do it; trying pip, which takes longer …")
        if not run([*pip, str(requirements)], environment):
            sys.exit("The packages could not be installed; the lines above say why.")
    STAMP.write_text(f"{name} {digest_of(name)}\n")


def make_venv() -> None:
    if VENV.exists():
        if not (VENV / "pyvenv.cfg").exists():
            sys.exit(f"{VENV} exists but is no virtual environment; move it away.")
        say("The interpreter of .venv is gone or too old; making it again …")
        shutil.rmtree(VENV)
    say(f"Making .venv with Python {sys.version.split()[0]} …")
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def caches() -> dict[str, str]:
    """Keep the download caches in the project when there is no home to write to."""
    home = Path(os.environ.get("HOME") or "/nonexistent")
    if home.is_dir() and os.access(home, os.W_OK):
        return {}
    inside = ROOT / ".cache"
    own = {"UV_CACHE_DIR": str(inside / "uv"), "PIP_CACHE_DIR": str(inside / "pip")}
    return {name: path for name, path in own.items() if name not in os.environ}


def indexes(environment: dict[str, str]) -> dict[str, str]:
    """Tell uv the package index that pip is configured to use, unless it was told itself."""
    if {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & environment.keys():
        return {}
    asked = [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False).stdout.strip()
    index = environment.get("PIP_INDEX_URL") or answer
    return {"UV_DEFAULT_INDEX": index} if index else {}


def run(argv: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0


def runs_quietly(argv: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(argv, env=environment, capture_output=True, check=False).returncode == 0


@contextmanager
def only_one() -> Iterator[None]:
    """Wait for another installation in this checkout; its end releases the lock, however it ends."""
    with (ROOT / ".venv.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another installation in this folder …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
