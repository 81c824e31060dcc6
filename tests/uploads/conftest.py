"""Every test here talks to the S3 server."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from marketplace.sandbox.storage import Storage
from tests.signin import sign_in
from tests.uploads import clamd
from uploads.gateways.scanner import ClamdScanner


@pytest.fixture(autouse=True)
def _storage(storage_server: Storage) -> None:
    """The S3 server is up."""


@pytest.fixture(autouse=True)
def _no_jobs_of_earlier_tests(db: None) -> None:
    """Tests that commit leave their jobs behind: the queue's tables are not Django's to empty."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def owner(client: Client, student: User) -> User:
    """A student, signed in to ``client``: who sends the files of these tests."""
    sign_in(client, student)
    return student


@dataclass
class Clamd:
    """A running scanner; while ``mute`` is there it hangs up without a verdict."""

    url: str
    mute: Path

    @property
    def scanner(self) -> ClamdScanner:
        return ClamdScanner(self.url)


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[Clamd]:
    mute = tmp_path / "mute"
    with subprocess.Popen([sys.executable, clamd.__file__, str(mute)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Clamd(f"tcp://127.0.0.1:{process.stdout.readline().strip()}", mute)
        process.kill()
