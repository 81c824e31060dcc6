"""A request to ``/v1/``: key, faults, idempotency, validation, handler, answer, in that order."""

import base64
import binascii
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import faults, forms, idempotency, routes, sdk_types
from .call import Call
from .config import Config
from .delivery import Delivery
from .errors import ApiError
from .idempotency import InFlight, KeptAnswer
from .objects import Json, make_id, visible
from .rendering import for_browser, shown
from .store import PLATFORM, Store, Transaction
from .validation import validate

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z_]+)?")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    """Close the connection without a word, as a dying server does."""


class Api:
    def __init__(self, store: Store, config: Config, delivery: Delivery, base_url: str) -> None:
        self.store = store
        self.config = config
        self.delivery = delivery
        self.base_url = base_url
        self.in_flight = InFlight()

    def answer(self, request: Request) -> Answer:
        request_id = make_id("req", 14)
        try:
            answer = self.executed(request, request_id)
        except ApiError as error:
            answer = refused(error)
        answer.headers.setdefault("Request-Id", request_id)
        answer.headers.setdefault("Stripe-Version", request.headers.get("stripe-version") or sdk_types.api_version())
        return answer

    def executed(self, request: Request, request_id: str) -> Answer:
        pairs = forms.read_pairs(request.query) if request.method == "GET" else read_body(request)
        publishable = self.check_key(key_of(request.headers.get("authorization", "")) or browser_key(pairs))
        route, ids = routes.find(request.method, request.path)
        if publishable and not route.publishable:
            raise ApiError(
                403,
                "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list "
                "of your API keys at https://dashboard.stripe.com/account/apikeys.",
                code="secret_key_required",
            )
        check_version(request)
        job = Job(route, ids, pairs, publishable, request, request_id)

        with self.store.transaction() as tx:
            fault = faults.find(tx, request.method, request.path)
            if fault and fault.stands_before_everything:
                faults.use_up(tx)
        if fault and fault.stands_before_everything:
            time.sleep(fault.delay_seconds)
            return broken(fault.status)
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if not key:
            return self.run(job, fault)
        idempotency.check_key(key)
        with self.in_flight.claimed(request.headers.get("stripe-account", PLATFORM), key):
            return self.run(job, fault, key=key)

    def run(self, job: "Job", fault: faults.Fault | None, *, key: str = "") -> Answer:
        """Execute in one transaction, the answer kept under the key included; replay it when there is one."""
        request = job.request
        mark = idempotency.fingerprint(request.method, request.path, job.pairs) if key else ""
        headers = {"Idempotency-Key": key} if key else {}
        with self.store.transaction() as tx:
            self.choose_account(tx, request)
            kept = idempotency.find(tx, key, mark) if key else None
            if kept:
                headers |= {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
                return Answer(kept.status, kept.body.encode(), headers)
        if fault and not fault.after_commit:
            time.sleep(fault.delay_seconds)  # outside any transaction: others go on meanwhile
        with self.store.transaction() as tx:
            self.choose_account(tx, request)
            tx.request = {"id": job.request_id, "idempotency_key": key or None}
            if fault:
                faults.use_up(tx)
            if fault and not fault.after_commit and fault.status == 500:
                answer = refused(faults.error_for(500))
            else:
                answer = self.handled(tx, job)
                if fault and fault.after_commit and fault.status not in {0, 200}:
                    answer = refused(faults.error_for(fault.status))
            if key:
                kept = KeptAnswer(answer.status, answer.body.decode(), job.request_id)
                idempotency.keep(tx, key, mark, kept)
        self.delivery.wake()
        if fault and fault.after_commit:
            time.sleep(fault.delay_seconds)
            answer.hang_up = fault.status == 0
        answer.headers |= headers
        return answer

    def handled(self, tx: Transaction, job: "Job") -> Answer:
        """Validate and run the handler. A failed validation raises, so that no answer is kept for it."""
        schema, extra = job.route.accepts(job.publishable)
        params = validate(forms.nest(job.pairs), schema, extra)
        call = Call(tx, self.config, self.base_url, params, job.ids, job.publishable)
        try:
            with tx.undoable():
                try:
                    return succeeded(shown(call, job.route.handler(call)))
                except ApiError as error:
                    if not error.keeps:
                        raise
                    return self.refused_to(call, error)
        except ApiError as error:
            return self.refused_to(call, error)

    def refused_to(self, call: Call, error: ApiError) -> Answer:
        if call.publishable and "payment_intent" in error.body:
            error.body["payment_intent"] = for_browser(error.body["payment_intent"])
        return refused(error)

    def check_key(self, key: str) -> bool:
        """Return whether the key is the publishable one. Raises a 401 for any other than the two."""
        if not key:
            raise ApiError(
                401,
                "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
                "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for "
                "details, or we can help at https://support.stripe.com/.",
            )
        if hmac.compare_digest(key.encode(), self.config.secret_key.encode()):
            return False
        if hmac.compare_digest(key.encode(), self.config.publishable_key.encode()):
            return True
        raise ApiError(401, f"Invalid API Key provided: {key[:8]}{'*' * 8}{key[-4:] if len(key) > 20 else ''}")

    def choose_account(self, tx: Transaction, request: Request) -> None:
        account = request.headers.get("stripe-account")
        if account and account != PLATFORM:
            if tx.find(account, "account") is None:
                raise ApiError(
                    403,
                    f"The provided key does not have access to account '{account[:40]}' (or that account does not exist). "
                    "Application access may have been revoked.",
                    code="account_invalid",
                )
            tx.account = account


@dataclass(frozen=True)
class Job:
    """What a request asks for, once it is known who asks."""

    route: routes.Route
    ids: dict[str, str]
    pairs: list[tuple[str, str]]
    publishable: bool
    request: Request
    request_id: str


def key_of(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":  # curl -u sk_test_…:
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def browser_key(pairs: list[tuple[str, str]]) -> str:
    """Return the publishable key that a script may send among the parameters; a secret key is not taken from there."""
    key = dict(pairs).get("key", "")
    return key if key.startswith("pk_") else ""


def check_version(request: Request) -> None:
    version = request.headers.get("stripe-version")
    if version and not VERSION.fullmatch(version):
        raise ApiError(400, f"Invalid Stripe API version: {version[:40]}")


def read_body(request: Request) -> list[tuple[str, str]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and kind != "application/x-www-form-urlencoded":
        raise ApiError(
            400,
            f"Invalid request: the content type is {kind or 'missing'}; send application/x-www-form-urlencoded.",
        )
    pairs = forms.read_pairs(request.query)
    try:
        return pairs + forms.read_pairs(request.body.decode())
    except UnicodeDecodeError:
        raise ApiError(400, "Invalid request: the body is not UTF-8.") from None


def as_json(status: int, body: Json, **headers: str) -> Answer:
    return Answer(status, json.dumps(body, indent=2).encode() + b"\n", {"Content-Type": "application/json", **headers})


def succeeded(body: Json) -> Answer:
    return as_json(200, body)


def refused(error: ApiError) -> Answer:
    answer = as_json(error.status, {"error": visible(error.body)})
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    if error.status == 429:
        answer.headers["Retry-After"] = "1"
    if error.body.get("code") == "idempotency_key_in_use":
        answer.headers["Stripe-Should-Retry"] = "true"
    return answer


def broken(status: int) -> Answer:
    answer = refused(faults.error_for(status))
    answer.hang_up = status == 0
    return answer
