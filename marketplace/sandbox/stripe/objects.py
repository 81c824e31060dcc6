"""The shape of what is stored and shown: ids, metadata, differences, expansion."""

import secrets
import string
from typing import Any

type Json = Any
"""A JSON value. ``Any``, because Stripe's objects are open-ended and are passed through, not computed on."""

type StripeObject = dict[str, Json]
"""One object as Stripe shows it; keys that begin with ``_`` are the sandbox's own and are never shown."""

ALPHABET = string.ascii_letters + string.digits


def make_id(prefix: str, length: int = 24) -> str:
    """Make an id such as ``pi_…``. Random, because a client secret and a dispute's address hang on it."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def visible(value: Json) -> Json:
    """Copy without the sandbox's own keys."""
    if isinstance(value, dict):
        return {key: visible(inner) for key, inner in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [visible(inner) for inner in value]
    return value


def merged_metadata(old: dict[str, str], given: Json) -> dict[str, str]:
    """Merge as Stripe does: an empty value unsets its key, an empty string unsets them all."""
    if given == "":
        return {}
    merged = {**old, **given}
    return {key: value for key, value in merged.items() if value != ""}


def differences(before: StripeObject, after: StripeObject) -> StripeObject:
    """Return the old values of what changed, hashes one level deep, as in ``previous_attributes``."""
    changed: StripeObject = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if key.startswith("_") or old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and old and new:
            changed[key] = {
                inner: old.get(inner) for inner in old.keys() | new.keys() if old.get(inner) != new.get(inner)
            }
        else:
            changed[key] = old
    return changed
