"""The payment sandbox as a process of its own; what it does stands in ``marketplace.sandbox.stripe``."""

import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from marketplace.sandbox.environment import ROOT, inherited
from marketplace.sandbox.processes import LOOPBACK, Program


@dataclass(frozen=True)
class Keys:
    secret: str
    publishable: str
    webhook: str


class PaymentSandbox:
    """One payment sandbox, its state in ``folder/payments``, sending its events to ``webhook_url``."""

    def __init__(self, folder: Path, *, port: int, webhook_url: str, keys: Keys) -> None:
        self.home = folder / "payments"
        self.port = port
        self.webhook_url = webhook_url
        self.keys = keys
        self.program = Program("payments", folder)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            "STRIPE_API_BASE": self.url,
            "STRIPE_JS_URL": f"{self.url}/v3/stripe.js",
            "STRIPE_SECRET_KEY": self.keys.secret,
            "STRIPE_PUBLISHABLE_KEY": self.keys.publishable,
            "STRIPE_WEBHOOK_SECRETS": self.keys.webhook,
        }

    def start(self) -> None:
        """Start the sandbox and return once it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "marketplace.sandbox.stripe", "--host", LOOPBACK, "--port", str(self.port)]
        argv += ["--state", str(self.home), "--webhook-url", self.webhook_url, "--webhook-secret", self.keys.webhook]
        argv += ["--secret-key", self.keys.secret, "--publishable-key", self.keys.publishable]
        self.program.start(argv, env=inherited(), cwd=ROOT)
        self.program.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_sandbox/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
