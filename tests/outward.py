"""Watches every way out of the process for calls made inside a transaction.

Hooked beneath the libraries, at the socket: whatever vendor's client is used, and however it is configured, a
connection that is opened or written to while the test's own thread is inside ``atomic`` is a breach. The wrapping
transaction of pytest-django's ``db`` fixture does not count: only blocks the product opened do.
"""

import http.client
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.db import connection

from marketplace.common.mail import FolderBackend


def in_a_transaction() -> bool:
    """Whether the product (not the test case around it) has a transaction open on this thread."""
    return any(not block._from_testcase for block in connection.atomic_blocks)  # type: ignore[attr-defined]


@contextmanager
def watch_outward_calls() -> Iterator[list[str]]:
    breaches: list[str] = []
    undo: list[Callable[[], None]] = []

    def watch(owner: type, name: str, label: str) -> None:
        original = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:  # Any: stands for whatever it wraps
            if in_a_transaction():
                breaches.append(label)
            return original(*args, **kwargs)

        setattr(owner, name, watched)
        undo.append(lambda: setattr(owner, name, original))

    watch(http.client.HTTPConnection, "putrequest", "http")
    watch(smtplib.SMTP, "sendmail", "smtp")
    watch(subprocess.Popen, "__init__", "process")  # what reads a stranger's file or calendar
    backends: tuple[type[BaseEmailBackend], ...] = (LocmemBackend, FolderBackend)
    for backend in backends:
        watch(backend, "send_messages", "mail")
    try:
        yield breaches
    finally:
        for put_back in undo:
            put_back()
