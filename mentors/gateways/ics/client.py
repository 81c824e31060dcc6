"""Asks for one calendar over https: the address that was judged is the address that is connected to.

By hand on the standard library's connection (docs/decisions/0016): what makes it safe — one look-up, every answer judged, a
socket to that very address, the certificate checked against the name — then stands in one page. No cookies, no
credentials, no proxy from the environment.
"""

import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urljoin

import certifi

from mentors.gateways.ics.addresses import Address, Failure, is_public, parse

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
CONTENT_MAX_BYTES = 2 * 1024 * 1024
REDIRECTS_MAX = 3
CHUNK = 64 * 1024

REDIRECTS = frozenset({301, 302, 303, 307, 308})
FAILURES = {401: "locked", 403: "locked", 404: "gone", 410: "gone"}

type Resolve = Callable[[str, int], Sequence[str]]
type Connect = Callable[[str, int, float], socket.socket]


@dataclass(frozen=True)
class Fetched:
    """``content`` is None where the server says that nothing has changed (304)."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


def resolve(host: str, port: int) -> list[str]:
    """Look a name up, once. Raises ``OSError``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_rest, address in found]


def connect(ip: str, port: int, seconds: float) -> socket.socket:
    """Open a socket to an IP address, never to a name. Raises ``OSError``."""
    return socket.create_connection((ip, port), timeout=seconds)


class Client:
    """``resolve``, ``connect`` and ``tls`` are the world, which tests bring along; ``trusted`` as in ``addresses.parse``."""

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        connect: Connect = connect,
        tls: ssl.SSLContext | None = None,
        trusted: Collection[str] = (),
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.resolve, self.connect, self.trusted = resolve, connect, trusted
        self.tls = tls or ssl.create_default_context(cafile=certifi.where())
        self.total_seconds = total_seconds

    def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Ask for a calendar, only what changed where its last version is named.

        Follows ``REDIRECTS_MAX`` redirects, each judged anew. Raises ``Failure``.
        """
        deadline = monotonic() + self.total_seconds
        headers = {"Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "gzip", "User-Agent": "calendar-import"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        address = parse(url, trusted=self.trusted)
        try:
            for _hop in range(REDIRECTS_MAX + 1):
                answer = self._ask(address, headers, deadline)
                if isinstance(answer, Fetched):
                    if answer.content is None and not (etag or last_modified):
                        raise Failure("server")  # unchanged since what? An empty calendar would free every time
                    return answer
                address = parse(_joined(address.url, answer), trusted=self.trusted)
        except ssl.SSLCertVerificationError as exc:
            raise Failure("certificate") from exc
        except (OSError, http.client.HTTPException, zlib.error) as exc:
            raise Failure("slow" if isinstance(exc, TimeoutError) or monotonic() >= deadline else "connection") from exc
        raise Failure("redirects")

    def _ask(self, address: Address, headers: dict[str, str], deadline: float) -> Fetched | str:
        """Ask once; return what came, or where to ask instead."""
        with closing(self._open(address, deadline)) as line:
            # Timeouts of the socket count from byte to byte, and a server may send one a second. This ends the call.
            # Past SSLSocket's own method, which would first take the encryption off under the reader's hands.
            watchdog = threading.Timer(max(0.0, deadline - monotonic()), _cut, [line])
            watchdog.daemon = True
            watchdog.start()
            try:
                if isinstance(line, ssl.SSLSocket):
                    line.do_handshake()
                connection = http.client.HTTPConnection(address.host, address.port)
                connection.sock = line
                connection.request("GET", address.target, headers=headers | {"Host": address.origin.split("//")[1]})
                with closing(connection.getresponse()) as response:  # the socket stays open as long as it does
                    answer = self._answer(response)
            finally:
                watchdog.cancel()
        if monotonic() >= deadline:  # a body without a length ends where the line was cut, and looks whole
            raise Failure("slow")
        return answer

    def _open(self, address: Address, deadline: float) -> socket.socket:
        """Connect to the first address behind a name that takes the call. All must be public, or none is asked."""
        if address.origin in self.trusted:
            return self.connect(address.host, address.port, CONNECT_SECONDS)
        try:
            found = list(dict.fromkeys(self.resolve(address.host, address.port)))
        except OSError as exc:
            raise Failure("host") from exc
        if not found or not all(is_public(ip) for ip in found):
            raise Failure("host")  # the same as unknown: what names mean inside our house is nobody's business
        plain = self._first_to_answer(found, address.port, deadline)
        plain.settimeout(max(0.01, deadline - monotonic()))
        return self.tls.wrap_socket(plain, server_hostname=address.host, do_handshake_on_connect=False)

    def _first_to_answer(self, found: Sequence[str], port: int, deadline: float) -> socket.socket:
        trouble: OSError = TimeoutError()
        for ip in found:
            if (left := min(CONNECT_SECONDS, deadline - monotonic())) <= 0:
                break
            try:
                return self.connect(ip, port, left)
            except OSError as exc:
                trouble = exc
        raise trouble

    def _answer(self, response: http.client.HTTPResponse) -> Fetched | str:
        if response.status in REDIRECTS:
            if location := response.headers.get("Location", ""):
                return location
            raise Failure("server")
        if response.status == 304:
            return Fetched(None)
        if response.status != 200:
            raise Failure(FAILURES.get(response.status, "server"))
        etag, last_modified = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
        return Fetched(_content(response), _header(etag), _header(last_modified))


def _joined(base: str, location: str) -> str:
    """Where a redirect leads, seen from where it was met. Raises ``Failure`` (``address``)."""
    try:
        return urljoin(base, location)
    except ValueError as exc:  # brackets without an address
        raise Failure("address") from exc


def _content(response: http.client.HTTPResponse) -> bytes:
    """Read a body up to ``CONTENT_MAX_BYTES``, unpacked. What comes after them is not read. Raises ``Failure``."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip"}:
        raise Failure("server")
    if response.length is not None and response.length > CONTENT_MAX_BYTES:
        raise Failure("too_big")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    content = bytearray()
    while chunk := response.read1(CHUNK):
        # A packed kilobyte may hold megabytes: no more is unpacked than could still be kept.
        content += unpack.decompress(chunk, CONTENT_MAX_BYTES + 1 - len(content)) if unpack else chunk
        if len(content) > CONTENT_MAX_BYTES:
            raise Failure("too_big")
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    if unpack and not unpack.eof:
        raise zlib.error("the packed calendar ends too early")
    return bytes(content)


def _header(value: str) -> str:
    """What is sent back as it came; nothing that could be more than one header."""
    return value if len(value) <= 200 and value.isprintable() and value.isascii() else ""


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # closed already
        socket.socket.shutdown(line, socket.SHUT_RDWR)
