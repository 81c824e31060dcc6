"""How the sandbox is started: flags, each with an environment variable behind it."""

import argparse
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DEFAULT_RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


@dataclass(frozen=True)
class Config:
    host: str
    port: int
    state: Path
    webhook_url: str
    webhook_secrets: tuple[str, ...]
    secret_key: str
    publishable_key: str
    retry_seconds: tuple[float, ...] = DEFAULT_RETRY_SECONDS
    webhook_timeout_seconds: float = 10.0
    bank_seconds: float = 2.0
    """How long banks take: refunds that fail or wait, payouts that arrive."""


def parse_config(arguments: Sequence[str] | None = None) -> Config:
    """Read the command line; exits with a sentence naming the fault.

    Secrets are better given by environment: the command line of a process can be read by others.
    """
    parser = argparse.ArgumentParser(
        prog="python -m marketplace.sandbox.stripe",
        description="A payment sandbox that speaks Stripe's API on this machine.",
    )

    def flag(name: str, default: str, text: str) -> None:
        variable = "STRIPE_SANDBOX_" + name.upper().replace("-", "_")
        parser.add_argument(f"--{name}", default=os.environ.get(variable, default), help=f"{text} (or {variable})")

    flag("host", "127.0.0.1", "loopback address to listen on")
    flag("port", "12111", "port to listen on; 0 picks a free one")
    flag("state", ".stripe-sandbox", "folder that keeps everything")
    flag("webhook-url", "", "where events are sent; empty: nowhere")
    flag("webhook-secret", "whsec_sandbox", "signing secret; several, with commas, during a rotation")
    flag("secret-key", "sk_test_sandbox", "the secret key to accept")
    flag("publishable-key", "pk_test_sandbox", "the publishable key to accept")
    flag("retry-seconds", "", "waits between tries of a webhook, with commas")
    flag("webhook-timeout", "10", "seconds to wait for a webhook's answer")
    flag("bank-seconds", "2", "seconds that slow refunds and payouts take")
    given = parser.parse_args(arguments)

    if not is_loopback(given.host):
        parser.error(f"the sandbox listens on this machine only, so --host {given.host} is refused")
    if not given.secret_key.startswith("sk_test_") or not given.publishable_key.startswith("pk_test_"):
        parser.error("keys begin with sk_test_ and pk_test_")
    if given.webhook_url and not given.webhook_url.startswith(("http://", "https://")):
        parser.error("--webhook-url is an http address")
    try:
        return Config(
            host=given.host,
            port=int(given.port),
            state=Path(given.state),
            webhook_url=given.webhook_url,
            webhook_secrets=tuple(secret.strip() for secret in given.webhook_secret.split(",") if secret.strip()),
            secret_key=given.secret_key,
            publishable_key=given.publishable_key,
            retry_seconds=tuple(float(part) for part in given.retry_seconds.split(",") if part)
            or DEFAULT_RETRY_SECONDS,
            webhook_timeout_seconds=float(given.webhook_timeout),
            bank_seconds=float(given.bank_seconds),
        )
    except ValueError as error:
        parser.error(f"not a number: {error}")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
