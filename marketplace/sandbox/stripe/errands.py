"""What banks do by themselves, some seconds later: refunds that fail or arrive, payouts that arrive."""

import sys
import threading
from collections.abc import Callable

from . import payouts, refunds
from .call import Call
from .config import Config
from .store import Store

ACTIONS: dict[str, Callable[[Call, str], None]] = {
    "refund_fails": refunds.fails,
    "refund_waits": refunds.arrives,
    "payout_arrives": payouts.arrives,
    "payout_fails": payouts.fails,
}
TICK_SECONDS = 0.2


class Errands:
    """A thread that does what is due; what was not done when the process died is done at the next start."""

    def __init__(self, store: Store, config: Config, base_url: str, *, done: Callable[[], None]) -> None:
        self.store = store
        self.config = config
        self.base_url = base_url
        self.done = done  # called when an errand has been committed, so that its events go out
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="errands", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(timeout=2)

    def run(self) -> None:
        while not self.stopping.wait(TICK_SECONDS):
            while do_next(self.store, self.config, self.base_url):
                self.done()


def do_next(store: Store, config: Config, base_url: str, *, early: bool = False) -> bool:
    """Do the next thing that is due, or (``early``) that some bank has still to do; false if there is none."""
    with store.transaction() as tx:
        row = tx.connection.execute(
            "SELECT seq, action, object FROM errands WHERE ? OR due <= ? ORDER BY due, seq LIMIT 1", (early, tx.now)
        ).fetchone()
        if row is None:
            return False
        sequence, action, object_id = row
        tx.connection.execute("DELETE FROM errands WHERE seq = ?", (sequence,))
        tx.account = tx.account_of(object_id)
        try:
            with tx.undoable():
                ACTIONS[action](Call(tx, config, base_url), object_id)
        except Exception as error:  # noqa: BLE001  one bad errand must not stop the others for ever
            print(f"errand {action} {object_id}: {error!r}", file=sys.stderr, flush=True)
    return True
