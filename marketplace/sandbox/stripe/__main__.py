"""``python -m marketplace.sandbox.stripe``: start, say where, and go on until told to stop."""

import signal
import sys
import threading
from types import FrameType

from . import idempotency
from .api import Api
from .config import parse_config
from .delivery import Delivery
from .errands import Errands
from .server import Server
from .store import Store


def main() -> None:
    config = parse_config()
    try:
        server = Server(config.host, config.port)
    except OSError as error:
        sys.exit(f"The payment sandbox cannot listen on {config.host}:{config.port}: {error}")
    store = Store(config.state)
    with store.transaction() as tx:
        idempotency.forget_old(tx)
    delivery = Delivery(store, config)
    errands = Errands(store, config, server.base_url(), done=delivery.wake)
    server.api = Api(store, config, delivery, server.base_url())

    def stop(signal_number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()  # would wait for itself in this thread

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    delivery.start()
    errands.start()
    print(f"payment sandbox at {server.base_url()}/_sandbox/", file=sys.stderr, flush=True)
    server.serve_forever(poll_interval=0.1)
    errands.stop()
    delivery.stop()
    server.server_close()
    store.close()


if __name__ == "__main__":
    main()
