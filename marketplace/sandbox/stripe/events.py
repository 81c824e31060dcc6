"""Telling the product what happened: events, and the signature that proves who sent them."""

import hashlib
import hmac
import json
import random

from . import faults, sdk_types
from .objects import Json, StripeObject, differences, make_id, visible
from .store import PLATFORM, Transaction

SHUFFLE_SECONDS = 1.5


def emit(
    tx: Transaction, event_type: str, body: StripeObject, *, webhook: bool, before: StripeObject | None = None
) -> StripeObject:
    """Write an event with a snapshot of its object, and queue its deliveries, in the caller's transaction.

    Faults on webhooks that are in force now decide how often, how late and in which order it goes out.
    """
    data: StripeObject = {"object": visible(body)}
    if before is not None:
        data["previous_attributes"] = differences(before, body)
    event: StripeObject = {
        "id": make_id("evt"),
        "object": "event",
        "api_version": sdk_types.api_version(),
        "created": tx.seconds(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 1 if webhook else 0,
        "request": tx.request or {"id": None, "idempotency_key": None},
        "type": event_type,
    }
    if tx.account != PLATFORM:
        event["account"] = tx.account
    tx.insert(event)
    if webhook:
        queue(tx, event["id"])
    return event


def queue(tx: Transaction, event_id: str) -> None:
    rules = faults.read(tx)["webhooks"]
    for _ in range(rules["duplicate"]):
        jitter = random.uniform(0, SHUFFLE_SECONDS) if rules["shuffle"] else 0
        tx.connection.execute(
            "INSERT INTO deliveries (event, status, due, tries) VALUES (?, ?, ?, '[]')",
            (event_id, "dropped" if rules["drop"] else "pending", tx.now + rules["delay_seconds"] + jitter),
        )


def deliveries_of(tx: Transaction, event_id: str) -> list[StripeObject]:
    rows = tx.connection.execute(
        "SELECT seq, status, due, tries FROM deliveries WHERE event = ? ORDER BY seq", (event_id,)
    )
    return [{"id": seq, "status": status, "due": due, "tries": json.loads(tries)} for seq, status, due, tries in rows]


def body_of(event: StripeObject) -> bytes:
    return json.dumps(event, indent=2).encode()


def signature(payload: bytes, secrets: tuple[str, ...], timestamp: int) -> str:
    """Sign as Stripe does: https://docs.stripe.com/webhooks#verify-manually. Several secrets, several ``v1``."""
    signed = str(timestamp).encode() + b"." + payload
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])


def listed(call_params: dict[str, Json]) -> tuple[str, tuple[Json, ...]]:
    """Return SQL and values for the filters that only events have."""
    wanted = [*([call_params["type"]] if "type" in call_params else []), *call_params.get("types", [])]
    if not wanted:
        return "", ()
    clauses = []
    values: list[Json] = []
    for pattern in wanted:
        clauses.append("json_extract(body, '$.type') GLOB ?")
        values.append(pattern.replace("[", "[[]").replace("?", "[?]"))
    return f"AND ({' OR '.join(clauses)})", tuple(values)
