"""The scheduled purge: whatever time has run out for, of all kinds."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from marketplace.common.idempotency import purge_keys
from marketplace.common.passes import Pass
from mentors.services.documents import purge
from uploads.services import purge_exports


class Purged(NamedTuple):
    files: int
    keys: int


def purge_all() -> Purged:
    """Delete the files and exports that may not be kept any longer and the idempotency keys older than a day. Safe to repeat.

    None of them waits for another: what goes wrong is raised as an ``ExceptionGroup`` at the end.
    """
    this, counts = Pass("purge"), Counter[str]()
    for kind, step in (("keys", purge_keys), ("files", purge), ("files", purge_exports)):
        this.run(partial(_count, counts, kind, step))
    this.finish()
    return Purged(files=counts["files"], keys=counts["keys"])


def _count(counts: Counter[str], kind: str, step: Callable[[], int]) -> None:
    counts[kind] += step()
