"""The name a mentor goes by in addresses: made once from the name they gave, and nobody else's until they close their account."""

import itertools
import secrets
from collections.abc import Iterator

from django.utils.text import slugify

MAX_LENGTH = 40
# Words that stand where a handle stands, in today's addresses or in ones that we want to keep free.
RESERVED = (
    "admin",
    "api",
    "approve",
    "availability",
    "documents",
    "earnings",
    "me",
    "mentor",
    "mentors",
    "new",
    "onboarding",
    "profile",
    "reject",
    "request-changes",
    "review",
    "search",
    "sessions",
    "slots",
    "start",
    "submit",
)


def handle_candidates(name: str) -> Iterator[str]:
    """Yield handles for a name, best first and without end: ``ngozi-adeyemi``, ``ngozi-adeyemi-2``, …

    A name without a letter that addresses can hold gives ``mentor-3f9c21``.
    """
    base = slugify(name).replace("_", "-")[:MAX_LENGTH].strip("-")
    if len(base) < 3 or base in RESERVED:
        base = f"mentor-{base}" if base else f"mentor-{secrets.token_hex(3)}"
    yield base
    for number in itertools.count(2):
        ending = f"-{number}"
        yield base[: MAX_LENGTH - len(ending)].rstrip("-") + ending
