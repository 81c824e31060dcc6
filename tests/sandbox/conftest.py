"""A payment sandbox as a real process on a free port, and a receiver for what it sends."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

SECRET_KEY = "sk_test_sandbox_of_the_tests"
PUBLISHABLE_KEY = "pk_test_sandbox_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"
READY_SECONDS = 10


@dataclass(frozen=True)
class Received:
    body: bytes
    signature: str
    at: float

    def event(self) -> stripe.Event:
        """Verify with Stripe's own library and return the event."""
        event: stripe.Event = stripe.Webhook.construct_event(self.body, self.signature, WEBHOOK_SECRET)
        return event


class Receiver:
    """A product's webhook endpoint: keeps what arrives, answers with ``status``."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        self.lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # its sender was killed in the middle
                    return
                with receiver.lock:
                    receiver.received.append(Received(body, self.headers["Stripe-Signature"], time.time()))
                    status = receiver.status
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def events(self, event_type: str = "") -> list[stripe.Event]:
        with self.lock:
            received = list(self.received)
        return [event for event in (one.event() for one in received) if not event_type or event.type == event_type]

    def wait_for(self, event_type: str, *, count: int = 1, seconds: float = 5) -> list[stripe.Event]:
        """Wait until so many events of a type have arrived; fail with what did arrive."""
        deadline = time.monotonic() + seconds
        while len(found := self.events(event_type)) < count:
            if time.monotonic() > deadline:
                arrived = [event.type for event in self.events()]
                raise AssertionError(f"{event_type} × {count} did not arrive: {arrived}")
            time.sleep(0.02)
        return found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Sandbox:
    """The process under test."""

    def __init__(self, state: Path, *, webhook_url: str = "", **flags: str) -> None:
        self.state = state
        self.webhook_url = webhook_url
        self.flags = flags
        self.port = 0
        self.start()

    def start(self) -> None:
        argv = [
            sys.executable,
            "-m",
            "marketplace.sandbox.stripe",
            "--port",
            str(self.port),
            "--state",
            str(self.state),
        ]
        argv += ["--secret-key", SECRET_KEY, "--publishable-key", PUBLISHABLE_KEY, "--webhook-secret", WEBHOOK_SECRET]
        argv += ["--webhook-url", self.webhook_url, "--bank-seconds", "0.3", "--retry-seconds", "0.2,0.4,0.8"]
        for name, value in self.flags.items():
            argv += [f"--{name.replace('_', '-')}", value]
        self.log_path = self.state.with_suffix(".log")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(argv, stderr=log)
        self.url = self.wait_until_ready()
        self.port = int(self.url.rpartition(":")[2])

    def wait_until_ready(self) -> str:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            for line in reversed(self.log().splitlines()):
                if line.startswith("payment sandbox at ") and self.answers(
                    url := line.removeprefix("payment sandbox at ").removesuffix("/_sandbox/")
                ):
                    return url
            time.sleep(0.01)
        raise AssertionError(f"the sandbox did not start: {self.log()}")

    def answers(self, url: str) -> bool:
        try:
            return requests.get(f"{url}/_sandbox/health", timeout=2).status_code == 200
        except requests.ConnectionError:  # the line of an earlier run
            return False

    def log(self) -> str:
        return self.log_path.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=10)

    def client(self, key: str = SECRET_KEY) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.url}, max_network_retries=0)

    def request(self, method: str, path: str, *, key: str = SECRET_KEY, **details: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}", **details.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=20, **details)

    def post(self, path: str, data: dict[str, Any] | None = None, **details: Any) -> requests.Response:
        return self.request("POST", path, data=data, **details)

    def get(self, path: str, **details: Any) -> requests.Response:
        return self.request("GET", path, **details)

    def press(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use the control API, which needs no key, and return its answer."""
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body or {}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, **rules: dict[str, Any]) -> Any:
        return self.press("faults", rules)

    def pay(self, amount: int = 3300, method: str = "pm_card_visa", **params: Any) -> stripe.PaymentIntent:
        """Create an intent and confirm it."""
        given: Any = {
            "amount": amount,
            "currency": "usd",
            "confirm": True,
            "payment_method": method,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            **params,
        }
        return self.client().v1.payment_intents.create(given)


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory, shared_receiver: Receiver) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("payments") / "state", webhook_url=shared_receiver.url)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Receiver:
    with shared_receiver.lock:
        shared_receiver.received.clear()
        shared_receiver.status = 200
    return shared_receiver


@pytest.fixture
def sandbox(shared_sandbox: Sandbox, receiver: Receiver) -> Sandbox:
    """One process for all tests, forgetting everything before each."""
    shared_sandbox.press("reset")
    return shared_sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    return sandbox.client()


@pytest.fixture
def own_receiver() -> Iterator[Receiver]:
    """A receiver that no other test's sandbox sends to."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def new_sandbox(tmp_path: Path, own_receiver: Receiver) -> Iterator[Callable[..., Sandbox]]:
    """Start processes of a test's own, which it may kill."""
    started: list[Sandbox] = []

    def start(**flags: str) -> Sandbox:
        sandbox = Sandbox(tmp_path / f"state{len(started)}", **{"webhook_url": own_receiver.url, **flags})
        started.append(sandbox)
        return sandbox

    yield start
    for sandbox in started:
        sandbox.kill()
