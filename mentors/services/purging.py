"""The scheduled purge: whatever time has run out for, of all kinds."""

from typing import NamedTuple

from marketplace.common.idempotency import purge_keys
from mentors.services.documents import purge
from uploads.services import purge_exports


class Purged(NamedTuple):
    files: int
    keys: int


def purge_all() -> Purged:
    """Delete the files and exports that may not be kept any longer and the idempotency keys older than a day. Safe to repeat."""
    return Purged(files=purge() + purge_exports(), keys=purge_keys())
