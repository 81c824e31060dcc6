"""gunicorn's worker process: uvicorn, without what it would believe or wait for."""

import socket
from typing import Any, ClassVar

from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from marketplace.asgi import streams


class LiveServer(Server):
    """uvicorn, which ends the streams before it waits for its connections to close."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await streams.stop()
        await super().shutdown(sockets)


class WebWorker(UvicornWorker):  # type: ignore[misc]  # it comes without types
    """Serves the hybrid application. ``proxy_headers`` is off: TRUSTED_PROXY_COUNT alone says who is believed."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "off",
        "proxy_headers": False,
        "server_header": False,
        "date_header": True,
        "access_log": False,
        "timeout_graceful_shutdown": 20,
    }

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = LiveServer(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
