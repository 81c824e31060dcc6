"""What must still be true when a mail is sent.

A mail waits for its turn, and for hours where the mail server is down. In the meantime a session may be cancelled or moved,
and whoever is told of it then would believe it. So a mail carries the name of a check and the facts it was written under;
``mailing.deliver`` asks the check with these facts and drops the mail if it says no.

Checks live in the ``emails.py`` of the app that knows the facts. They are found by name, since the mail travels in a job.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

_checks: dict[str, Callable[..., bool]] = {}


class Check(NamedTuple):
    """Which check a mail is to pass, and the facts it was written under (plain text: they travel as JSON)."""

    name: str
    facts: Mapping[str, str]


def at_send_time(name: str) -> Callable[[Callable[..., bool]], Callable[..., bool]]:
    """Register a check under a name. It gets the facts as keyword arguments and may ask the database."""

    def register(check: Callable[..., bool]) -> Callable[..., bool]:
        if _checks.setdefault(name, check) is not check:
            raise ValueError(f"two checks are called {name}")
        return check

    return register


def still_holds(check: Check) -> bool:
    """Ask a check. Raises ``KeyError`` where no app that was loaded has it, so that the mail waits and somebody looks."""
    return _checks[check.name](**check.facts)
