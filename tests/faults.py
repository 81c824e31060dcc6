"""Trouble made for real, for as long as a ``with`` lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def database_down() -> Iterator[None]:
    """Let every attempt to reach the database fail, as when it has gone away."""
    connection.close()
    right = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    try:
        yield
    finally:
        connection.settings_dict["PORT"] = right
        connection.close()
