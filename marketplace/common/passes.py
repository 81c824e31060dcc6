"""Work on a clock, one row at a time: a row in trouble does not keep the others waiting."""

from collections.abc import Callable, Iterable

from marketplace.common.logging import get_logger

log = get_logger(__name__)


def run_each[Key](name: str, step: Callable[[Key], object], keys: Iterable[Key]) -> None:
    """Take a step for each key, each in a transaction of its own.

    What goes wrong is logged, and raised as an ``ExceptionGroup`` once the others had their turn; the next pass tries again.
    """
    failures: list[Exception] = []
    for key in keys:
        try:
            step(key)
        except Exception as exc:  # raised below
            log.exception("pass_step_failed", step=name, key=str(key))
            failures.append(exc)
    if failures:
        raise ExceptionGroup(f"{name}: some rows are left for the next pass", failures)
