"""A virus scanner, where one is configured (``SCANNER_URL``, clamd's protocol)."""

import io
from typing import Protocol
from urllib.parse import urlsplit

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket
from django.conf import settings

from marketplace.common.errors import Unavailable
from marketplace.common.logging import get_logger

log = get_logger(__name__)

TIMEOUT_SECONDS = 30


class ScannerSilent(Unavailable):
    """The scanner gave no verdict: the file waits."""


class Scanner(Protocol):
    def is_clean(self, data: bytes) -> bool:
        """Tell whether nothing was found; raise ``ScannerSilent`` without a verdict."""


class ClamdScanner:
    """clamd over TCP (``tcp://host:3310``) or a socket file (``unix:///run/clamav/clamd.ctl``)."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)

    def is_clean(self, data: bytes) -> bool:
        try:
            report = self._connection().instream(io.BytesIO(data))
        except (ClamdError, OSError) as exc:
            raise ScannerSilent from exc
        status, finding = report.get("stream", ("", None))
        if status == "FOUND":
            log.warning("infected_file_refused", finding=finding)
            return False
        if status != "OK":
            raise ScannerSilent
        return True

    def _connection(self) -> ClamdNetworkSocket:
        if self.parts.scheme == "unix":
            return ClamdUnixSocket(path=self.parts.path, timeout=TIMEOUT_SECONDS)
        return ClamdNetworkSocket(host=self.parts.hostname or "", port=self.parts.port or 3310, timeout=TIMEOUT_SECONDS)


def configured_scanner() -> Scanner | None:
    return ClamdScanner(settings.SCANNER_URL) if settings.SCANNER_URL else None
