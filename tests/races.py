"""Several people at the same moment: each a thread with a database connection of their own.

Tests that use this commit for real (``django_db(transaction=True)``), and stand beside a control: the same race with its guard
off, in which more than one wins.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from django.db import connection

from marketplace.common.errors import DomainError

PATIENCE = 60  # seconds until somebody who has not ended counts as stuck


def at_once[T](attempts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all attempts at the same moment; tell, in their order, what each returned or raised.

    A barrier lets all go together once each has its connection.
    """
    barrier = threading.Barrier(len(attempts))
    ends: dict[int, T | Exception] = {}

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(PATIENCE)
            ends[place] = attempts[place]()
        except Exception as exc:  # noqa: BLE001  # whatever it was is the finding
            ends[place] = exc
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place], daemon=True) for place in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "somebody is stuck"
    return [ends[place] for place in range(len(attempts))]


def outcomes(attempts: Sequence[Callable[[], object]]) -> list[str]:
    """Run all attempts at the same moment; tell how each ended: ``won``, the code of its refusal, or the error's name."""
    return [_outcome(end) for end in at_once(attempts)]


def race(attempts: Sequence[Callable[[], object]]) -> Counter[str]:
    """Run all attempts at the same moment; count how they ended (see ``outcomes``)."""
    return Counter(outcomes(attempts))


def _outcome(end: object) -> str:
    if isinstance(end, DomainError):
        return end.code
    return type(end).__name__ if isinstance(end, Exception) else "won"
