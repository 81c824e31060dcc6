"""One round over many rows: each gets its turn, whatever becomes of the others."""

from collections.abc import Callable

from marketplace.common.logging import get_logger
from payments.errors import ProviderUnavailable

log = get_logger(__name__)

# A provider that fails this often in a row is down: the next pass comes soon enough.
PATIENCE = 3


class Pass:
    """One row at a time, so that a row in trouble does not keep the others waiting. What went wrong is raised at the end."""

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
        except ProviderUnavailable as exc:
            self.unavailable += 1
            self.failures.append(exc)
        except Exception as exc:  # raised by finish, once the others had their turn
            log.exception("pass_step_failed", step=self.name, **ids)
            self.failures.append(exc)

    def finish(self) -> None:
        if self.failures:
            raise ExceptionGroup(f"{self.name}: some rows are left for the next pass", self.failures)
