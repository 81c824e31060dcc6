"""Work on a clock, one row at a time: a row in trouble does not keep the others waiting."""

from collections.abc import Callable, Iterable
from functools import partial

from marketplace.common.errors import Unavailable
from marketplace.common.logging import get_logger

log = get_logger(__name__)

# What fails to answer this often in a row is down: the next pass comes soon enough.
PATIENCE = 3


class Pass:
    """One round over many rows: each gets its turn, and what went wrong is raised at the end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.failures: list[Exception] = []
        self.unavailable = 0

    def run(self, step: Callable[[], object], **ids: object) -> None:
        if self.unavailable >= PATIENCE:
            return
        try:
            step()
            self.unavailable = 0
        except Unavailable as exc:
            self.unavailable += 1
            self.failures.append(exc)
        except Exception as exc:  # raised by finish, once the others had their turn
            log.exception("pass_step_failed", step=self.name, **ids)
            self.failures.append(exc)

    def finish(self) -> None:
        if self.failures:
            raise ExceptionGroup(f"{self.name}: some rows are left for the next pass", self.failures)


def run_each[Key](name: str, step: Callable[[Key], object], keys: Iterable[Key]) -> None:
    """Take a step for each key, each in a transaction of its own.

    What goes wrong is raised as an ``ExceptionGroup`` once the others had their turn; the next pass tries again.
    """
    this = Pass(name)
    for key in keys:
        this.run(partial(step, key), key=str(key))
    this.finish()
