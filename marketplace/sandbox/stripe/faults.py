"""Things going wrong on purpose, switched on and off at ``/_sandbox/faults``."""

import re
from dataclasses import dataclass

from .errors import ApiError
from .objects import Json, StripeObject
from .store import Transaction

DEFAULTS: StripeObject = {
    "webhooks": {"drop": False, "duplicate": 1, "delay_seconds": 0, "shuffle": False},
    "api": {"match": "", "method": "", "status": 500, "after_commit": False, "delay_seconds": 0, "times": 0},
}
STATUSES = frozenset({0, 200, 400, 401, 402, 403, 404, 409, 424, 429, 500, 502, 503, 504})
"""0 hangs up without an answer; 200 changes nothing, so that only the delay is felt."""
MAX_DELAY_SECONDS = 600
MAX_DUPLICATES = 100


@dataclass(frozen=True)
class Fault:
    status: int
    after_commit: bool
    delay_seconds: float

    @property
    def stands_before_everything(self) -> bool:
        """Whether the request never reaches the service, as when it is down or limits its callers.

        A 500 comes from inside: with an idempotency key it is kept and replayed, as at Stripe.
        """
        return not self.after_commit and self.status not in {200, 500}


def read(tx: Transaction) -> StripeObject:
    kept = tx.setting("faults") or {}
    return {section: {**defaults, **kept.get(section, {})} for section, defaults in DEFAULTS.items()}


def change(tx: Transaction, given: Json) -> StripeObject:
    """Set what is given, keep what is not, return all. Raises ``ApiError`` 400 for what is not understood."""
    rules = read(tx)
    if not isinstance(given, dict):
        raise refusal("the body is a JSON object")
    for section, values in given.items():
        if section not in DEFAULTS:
            raise refusal(f"{section} is neither webhooks nor api")
        if values is None:
            values = DEFAULTS[section]
        if not isinstance(values, dict):
            raise refusal(f"{section} is a JSON object")
        for name, value in values.items():
            rules[section][name] = checked(section, name, value)
    new = given.get("api") or {}
    if new.get("match") and "times" not in new and rules["api"]["times"] == 0:
        rules["api"]["times"] = 1  # a fault is wanted: once, unless it says how often
    tx.set("faults", rules)
    return rules


def checked(section: str, name: str, value: Json) -> Json:
    where = f"{section}.{name}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case _ if name not in DEFAULTS[section]:
            raise refusal(f"{where} is not known")
        case "drop" | "shuffle" | "after_commit" if not isinstance(value, bool):
            raise refusal(f"{where} is true or false")
        case "duplicate" if not (isinstance(value, int) and is_number and 1 <= value <= MAX_DUPLICATES):
            raise refusal(f"{where} is a whole number from 1 to {MAX_DUPLICATES}")
        case "delay_seconds" if not (is_number and 0 <= value <= MAX_DELAY_SECONDS):
            raise refusal(f"{where} is a number from 0 to {MAX_DELAY_SECONDS}")
        case "times" if not (isinstance(value, int) and is_number and value >= 0):
            raise refusal(f"{where} is a whole number")
        case "status" if not (isinstance(value, int) and is_number and value in STATUSES):
            raise refusal(f"{where} is one of {sorted(STATUSES)}")
        case "match" | "method" if not isinstance(value, str):
            raise refusal(f"{where} is a text")
    return value


def refusal(message: str) -> ApiError:
    return ApiError(400, f"Not understood: {message}.")


def find(tx: Transaction, method: str, path: str) -> Fault | None:
    """Return the fault in the way of this request, if there is one, without using it up.

    A fault after the commit only meets requests that commit something.
    """
    rule = read(tx)["api"]
    if rule["times"] < 1 or not rule["match"] or not re.match(pattern_of(rule["match"]), path):
        return None
    if rule["method"] and rule["method"].upper() != method:
        return None
    if rule["after_commit"] and method == "GET":
        return None
    return Fault(status=rule["status"], after_commit=rule["after_commit"], delay_seconds=rule["delay_seconds"])


def pattern_of(match: str) -> str:
    """What a path begins with; ``*`` stands for one step of it, such as an id."""
    return re.escape(match).replace(r"\*", "[^/]+")


def use_up(tx: Transaction) -> None:
    rules = read(tx)
    rules["api"]["times"] -= 1
    tx.set("faults", rules)


def error_for(status: int) -> ApiError:
    match status:
        case 429:
            return ApiError(429, "Too many requests hit the API too quickly. Retry later.", code="rate_limit")
        case 409:
            return ApiError(409, "This object cannot be accessed right now because another request holds it.",
                            code="lock_timeout")  # fmt: skip
        case 402:
            return ApiError(402, "Your card was declined.", kind="card_error", code="card_declined")
        case _ if status >= 500:
            return ApiError(status, "An unknown error occurred.", kind="api_error")
    return ApiError(status, "Refused by a fault of the sandbox.")
