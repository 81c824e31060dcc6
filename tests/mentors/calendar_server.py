"""Servers of calendars on this machine: real sockets, real TLS, and every bad manner a server can have."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PUBLIC = "93.184.215.14"  # somebody's address on the internet; no test connects to it
OTHER_PUBLIC = "93.184.215.15"

type Answer = Callable[[BaseHTTPRequestHandler], None]


def calendar(*events: str, zones: str = "") -> bytes:
    """A calendar of VEVENTs, each given as its lines with ``|`` between."""
    body = "".join("BEGIN:VEVENT\r\n" + event.replace("|", "\r\n") + "\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//elsewhere//EN\r\n{zones}{body}END:VCALENDAR\r\n".encode()


def giving(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Answer with a body; header names with ``_`` for ``-``."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def sending_to(location: str, status: int = 302) -> Answer:
    return giving(b"", status, Location=location)


def versioned(content: bytes, etag: str) -> Answer:
    """A server that says when nothing has changed."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["If-None-Match"] == etag:
            giving(b"", 304)(handler)
        else:
            giving(content, ETag=etag)(handler)

    return answer


def dripping(piece: bytes, *, stop: threading.Event, pause: float = 0.05) -> Answer:
    """A body that never ends: a piece, a pause, and on until the test is over."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(pause):
            handler.wfile.write(piece)

    return answer


def silent(server: "CalendarServer") -> Answer:
    """Take the request and say nothing."""

    def answer(_handler: BaseHTTPRequestHandler) -> None:
        server.stop.wait(30)

    return answer


@dataclass
class CalendarServer:
    """``answers`` by path; ``requests`` as they came: path and headers."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str = "/me.ics") -> str:
        return self.origin + path


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[CalendarServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            server.requests.append((self.path, dict(self.headers.items())))
            answer = server.answers.get(self.path, giving(b"", 404))
            try:
                answer(self)
            except OSError:
                self.close_connection = True  # the client has hung up, as it should

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up in the handshake is what is tested."""

    house = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        house.socket = tls.wrap_socket(house.socket, server_side=True, do_handshake_on_connect=False)
    server = CalendarServer(house.server_address[1])
    thread = threading.Thread(target=house.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        house.shutdown()
        thread.join()
        house.server_close()


@dataclass(frozen=True)
class Certificates:
    """An authority of the test's own: what servers show, and what a client that trusts it believes."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @classmethod
    def make(cls) -> "Certificates":
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, _certificate("Test authority", key, key, issuer="Test authority", is_root=True))

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.root.public_bytes(serialization.Encoding.PEM).decode())

    def server(self, name: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key, self.key, issuer="Test authority")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            chain = Path(folder) / "chain.pem"
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            chain.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(chain)
        return context


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    issuer: str,
    is_root: bool = False,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    own, theirs = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, issuer))
    names: list[x509.GeneralName] = [x509.DNSName(name.replace(" ", "-"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(theirs)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=is_root, crl_sign=is_root, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    return builder.sign(signer, hashes.SHA256())


@dataclass
class Doorkeeper:
    """Stands where names are looked up and connections opened: every answer is the test's, every connection is noted.

    ``answers`` are the resolver's, one after the other for each name, the last for ever. ``rooms`` leads from a public
    address to the port on this machine that plays it.
    """

    answers: dict[str, list[list[str]]]
    rooms: dict[str, int] = field(default_factory=dict)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        waiting = self.answers.get(host)
        if not waiting:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def connect(self, ip: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((ip, port))
        return socket.create_connection(("127.0.0.1", self.rooms[ip]), timeout=seconds)
