"""What the command line refuses."""

import subprocess
import sys

import pytest


def start(*flags: str, timeout: float = 10) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "marketplace.sandbox.stripe", *flags]
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_it_listens_on_this_machine_only(host: str) -> None:
    refused = start("--host", host, "--port", "0")
    assert refused.returncode == 2
    assert "this machine only" in refused.stderr


@pytest.mark.parametrize(
    "flags",
    [
        ("--secret-key", "sk_live_x"),
        ("--publishable-key", "sk_test_x"),
        ("--port", "http"),
        ("--webhook-url", "ftp://x"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(flags: tuple[str, str]) -> None:
    assert start(*flags).returncode == 2


def test_it_imports_neither_django_nor_the_product_nor_the_sdk() -> None:
    code = (
        "import sys, marketplace.sandbox.stripe.server\n"
        "bad = [m for m in sys.modules if m.split('.')[0] in {'django', 'stripe', 'pydantic'} "
        "or m.startswith('marketplace.') and not m.startswith('marketplace.sandbox')]\n"
        "sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 0, done.stderr
