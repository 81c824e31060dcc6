"""The HTTP server: threads, limits, the log line, and which half of the sandbox answers."""

import ipaddress
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from . import browser, control
from .api import Answer, Api, Request, refused
from .config import is_loopback
from .errors import ApiError

MAX_BODY_BYTES = 1024 * 1024
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Stripe-Account, Stripe-Version",
    "Access-Control-Expose-Headers": "Request-Id, Idempotent-Replayed, Stripe-Version",
    "Access-Control-Max-Age": "300",
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, host: str, port: int) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.api: Api
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a name, which may take seconds."""
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        if not ipaddress.ip_address(self.server_name).is_loopback:
            raise OSError(f"{self.server_name} is not an address of this machine alone")

    def base_url(self) -> str:
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):  # a caller that left is no fault of ours
            print(f"error {error!r}", file=sys.stderr, flush=True)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "PaymentSandbox"
    sys_version = ""
    timeout = 75  # seconds that an idle connection is kept
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body

    def do_GET(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.respond()

    def do_DELETE(self) -> None:
        self.respond()

    def do_OPTIONS(self) -> None:
        self.respond()

    def respond(self) -> None:
        began = time.monotonic()
        url = urlsplit(self.path)
        path = unquote(url.path)
        try:
            body = self.read_body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, path, url.query, headers, body)
            answer = self.answered(request)
        except ApiError as error:  # the body was not read: the connection is of no more use
            answer = refused(error)
            self.close_connection = True
        milliseconds = (time.monotonic() - began) * 1000
        status = "hung up" if answer.hang_up else str(answer.status)
        print(
            f"{self.command} {path[:200]!r} {status} {milliseconds:.0f} ms".replace("'", ""),
            file=sys.stderr,
            flush=True,
        )
        if answer.hang_up:
            self.close_connection = True
            return
        self.send(answer)

    def answered(self, request: Request) -> Answer:
        api = self.server.api
        refuse_strangers(request, api.base_url)
        try:
            if request.path.startswith("/v1/"):
                answer = Answer(204, b"") if request.method == "OPTIONS" else api.answer(request)
                answer.headers |= CORS
                return answer
            if request.path.startswith("/v3"):
                return browser.answer(api, request)
            if request.path.startswith("/_sandbox"):
                return control.answer(api, request)
            if request.path == "/favicon.ico":
                return Answer(204, b"")
            if request.path == "/":
                return Answer(303, b"", {"Location": "/_sandbox/"})
        except Exception as error:  # noqa: BLE001  the last one: say it in Stripe's shape, and keep the server up
            print(f"error in {request.method} {request.path[:200]}: {error!r}", file=sys.stderr, flush=True)
            return refused(ApiError(500, "The payment sandbox failed; see its log.", kind="api_error"))
        return refused(ApiError(404, f"Unrecognized request URL ({request.method}: {request.path[:200]})."))

    def read_body(self) -> bytes:
        if "transfer-encoding" in self.headers:
            raise ApiError(411, "Send a Content-Length.")
        length = self.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise ApiError(400, "The Content-Length is not a number.")
        if int(length) > MAX_BODY_BYTES:
            raise ApiError(413, "The request is too large.")
        return self.rfile.read(int(length))

    def send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named so in the base class
        """Keep quiet: ``respond`` writes the one line, without query strings, which hold secrets."""


def refuse_strangers(request: Request, base_url: str) -> None:
    """Refuse what comes by way of a web page elsewhere.

    A name that is not this machine's may have been pointed here by its owner (DNS rebinding). The
    buttons need no key, so a browser may only press them in the sandbox's own pages.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if not is_loopback(host) and not host.endswith(".localhost"):
        raise ApiError(403, "The payment sandbox answers to the names of this machine only.")
    if not request.path.startswith("/_sandbox"):
        return
    origin = request.headers.get("origin")
    own = {f"http://{request.headers.get('host', '')}", base_url}
    if origin is not None and origin not in own:
        raise ApiError(403, "Other sites may not use the sandbox's controls.")
    if request.headers.get("sec-fetch-site", "none") == "cross-site" and request.method != "GET":
        raise ApiError(403, "Other sites may not use the sandbox's controls.")
