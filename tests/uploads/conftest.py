"""Every test here talks to the S3 server."""

import pytest

from accounts.models import User
from marketplace.sandbox.storage import Storage
from tests.signin import sign_in
from django.test import Client


@pytest.fixture(autouse=True)
def _storage(storage_server: Storage) -> None:
    """The S3 server is up."""


@pytest.fixture
def owner(client: Client, student: User) -> User:
    """A student, signed in to ``client``: who sends the files of these tests."""
    sign_in(client, student)
    return student
