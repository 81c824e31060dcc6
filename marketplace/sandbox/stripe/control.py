"""``/_sandbox/``: looking at what is there and pressing the buttons that a bank or a fault would press.

Open to programs on this machine without a key. A page of another site, opened in a browser here, may not
ask it anything: see ``server.refuse_strangers``.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from . import (
    accounts,
    console,
    disputes,
    errands,
    events,
    faults,
    history,
    idempotency,
    intents,
    onboarding,
    payouts,
    refunds,
)
from .api import Answer, Api, Request, as_json, refused
from .call import Call
from .errors import ApiError, missing
from .objects import Json, StripeObject, visible
from .store import Transaction

MOST_EVENTS = 5000


@dataclass(frozen=True)
class Press:
    """A button that was pressed: what was sent with it, and the id in its address."""

    api: Api
    given: dict[str, Json]
    id: str
    wants_page: bool

    def text(self, name: str) -> str:
        value = self.given.get(name)
        if not isinstance(value, str) or not value:
            raise ApiError(400, f"Missing: {name}.", code="parameter_missing", param=name)
        return value

    def whole_number(self, name: str) -> int:
        value = str(self.given.get(name, ""))
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise ApiError(400, f"Not understood: {name} is a whole number.", param=name)
        return int(value)

    def choice(self, name: str, *choices: str) -> str:
        value = self.text(name)
        if value not in choices:
            raise ApiError(400, f"Not understood: {name} is one of {', '.join(choices)}.", param=name)
        return value

    def call(self, tx: Transaction, *, account_of: str = "") -> Call:
        if account_of:
            tx.account = tx.account_of(account_of)
        return Call(tx, self.api.config, self.api.base_url)

    def intent(self, call: Call) -> StripeObject:
        return call.get("payment_intent", self.text("payment_intent"), param="payment_intent")


def answer(api: Api, request: Request) -> Answer:
    """Answer a request to ``/_sandbox/``; a form pressed in the page is sent back to the page."""
    try:
        for method, pattern, handler in ROUTES:
            match = re.fullmatch(f"/_sandbox{pattern}", request.path)
            if match and method == request.method:
                result = handler(Press(api, read_given(request), match.groupdict().get("id", ""), wants_page(request)))
                api.delivery.wake()
                return result if isinstance(result, Answer) else presented(request, result)
        raise ApiError(404, f"The sandbox has no {request.method} {request.path[:100]}.")
    except ApiError as error:
        return console.refusal(error) if wants_page(request) else refused(error)


def read_given(request: Request) -> dict[str, Json]:
    if request.method == "GET":
        return dict(parse_qsl(request.query))
    if not request.body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            return from_form(parse_qsl(request.body.decode(), keep_blank_values=True))
        given = json.loads(request.body)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise ApiError(400, "Not understood: the body is not JSON.") from None
    if not isinstance(given, dict):
        raise ApiError(400, "Not understood: the body is a JSON object.")
    return given


def from_form(pairs: list[tuple[str, str]]) -> dict[str, Json]:
    """Read the page's own forms: ``webhooks.drop=true``."""
    given: dict[str, Json] = {}
    for name, value in pairs:
        section, _, inner = name.rpartition(".")
        typed: Json = value
        if value in {"true", "false"}:
            typed = value == "true"
        elif section and re.fullmatch(r"\d{1,9}", value):
            typed = int(value)
        (given.setdefault(section, {}) if section else given)[inner] = typed
    return given


def wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def presented(request: Request, result: Json) -> Answer:
    """Answer a program with the result, and a button with the page, which says what has become of it."""
    if request.method == "POST" and wants_page(request):
        done = done_to(request, result)
        return Answer(303, b"", {"Location": f"/_sandbox/?done={done}#{done}" if done else "/_sandbox/"})
    return as_json(200, result)


def done_to(request: Request, result: Json) -> str:
    """Name what a button has changed: an object, the event that went out again, or how it stands."""
    match request.path.split("/")[2:]:
        case ["reset"]:
            return console.FORGOTTEN
        case ["events", event_id, _]:
            return event_id
        case ["accounts", _, "payout"]:
            return str(result["data"][0]["id"]) if result["data"] else console.NOTHING
    return str(result.get("id") or "")


def health(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        tx.setting("faults")
    return {"status": "ok"}


def page(press: Press) -> Answer:
    with press.api.store.transaction() as tx:
        shown = {name: str(press.given.get(name, "")) for name in ("done", "find")}
        return console.page(tx, press.api.config, **shown)


def list_events(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        rows = tx.connection.execute(
            "SELECT body FROM objects WHERE kind = 'event' ORDER BY seq DESC LIMIT ?", (MOST_EVENTS,)
        )
        return {"data": [visible(json.loads(row[0])) for row in rows]}


def show_event(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        event = tx.find(press.id, "event", account="*")
        if event is None:
            raise missing("event", press.id)
        return {**visible(event), "deliveries": events.deliveries_of(tx, press.id)}


def show_object(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        found = tx.find(press.id, account="*")
    if found is None:
        raise missing("object", press.id)
    return console.object_page(visible(found)) if press.wants_page else visible(found)


def deliver(press: Press) -> Json:
    if not press.api.config.webhook_url:
        raise ApiError(409, "The sandbox was started without --webhook-url, so there is nowhere to deliver to.")
    return {"status": press.api.delivery.deliver_now(press.id)}


def read_faults(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return faults.read(tx)


def change_faults(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return faults.change(tx, press.given)


def clear_faults(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return faults.change(tx, dict.fromkeys(faults.DEFAULTS))


def pay(press: Press) -> Json:
    """Pay an open intent, as its payer would by a page of their own; ``payment_method`` is one of Stripe's test names."""
    with press.api.store.transaction() as tx:
        call = press.call(tx, account_of=press.text("payment_intent"))
        call.params = {"payment_method": press.text("payment_method")}
        call.ids = {"payment_intent": press.text("payment_intent")}
        return visible(intents.pay_by_hand(call))


def refund(press: Press) -> Json:
    """Send money back, as somebody would in the dashboard; all that is left without ``amount``."""
    with press.api.store.transaction() as tx:
        call = press.call(tx, account_of=press.text("payment_intent"))
        call.params = {"payment_intent": press.text("payment_intent")}
        if "amount" in press.given:
            call.params["amount"] = press.whole_number("amount")
        return visible(refunds.create(call))


def authenticate(press: Press) -> Json:
    succeeds = press.choice("outcome", "succeed", "fail") == "succeed"
    with press.api.store.transaction() as tx:
        call = press.call(tx, account_of=press.text("payment_intent"))
        return visible(intents.authenticate(call, press.intent(call), succeeds=succeeds))


def dispute(press: Press) -> Json:
    if press.given.get("outcome"):
        press.choice("outcome", "won", "lost", "escalated")
    if press.given.get("reason"):
        press.choice("reason", "fraudulent", "product_not_received", "inquiry")
    with press.api.store.transaction() as tx:
        call = press.call(tx, account_of=press.text("payment_intent"))
        return visible(disputes.dispute_intent(call, press.intent(call), press.given))


def by_the_bank(act: Callable[[Call, str], None]) -> Callable[[Press], Json]:
    """Let a bank do to an object what it would do by itself."""

    def press_it(press: Press) -> Json:
        with press.api.store.transaction() as tx:
            act(press.call(tx, account_of=press.id), press.id)
            return visible(tx.find(press.id, account="*"))

    return press_it


def hurry_banks(press: Press) -> Json:
    """Have done now what banks would do by themselves some seconds later."""
    while errands.do_next(press.api.store, press.api.config, press.api.base_url, early=True):
        pass
    return {"status": "ok"}


def onboard(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return visible(accounts.onboard(press.call(tx), press.id, press.given))


def restrict(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return visible(accounts.restrict(press.call(tx), press.id))


def pay_out(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return {"data": visible(payouts.pay_out_everything(press.call(tx), press.id))}


def write_history(press: Press) -> Json:
    with press.api.store.transaction() as tx:
        return {"data": history.write(press.call(tx), press.given.get("payments"))}


def forget_answers(press: Press) -> Json:
    """Forget what is kept under idempotency keys, for a program whose clock runs ahead of the sandbox's."""
    with press.api.store.transaction() as tx:
        idempotency.forget_all(tx)
    return {"status": "ok"}


def reset(press: Press) -> Json:
    """Forget everything, faults and waiting deliveries included."""
    with press.api.store.transaction() as tx:
        tx.forget_everything()
    return {"status": "ok"}


def show_onboarding(press: Press) -> Answer:
    with press.api.store.transaction() as tx:
        return onboarding.page(tx, press.id)


def finish_onboarding(press: Press) -> Answer:
    with press.api.store.transaction() as tx:
        return onboarding.finish(press.call(tx), press.id, press.choice("bank", "good", "fails", "later"))


ID = r"/(?P<id>[A-Za-z0-9_]{1,80})"
ROUTES: tuple[tuple[str, str, Callable[[Press], Json]], ...] = (
    ("GET", "/?", page),
    ("GET", "/health", health),
    ("GET", "/events", list_events),
    ("GET", f"/events{ID}", show_event),
    ("GET", f"/objects{ID}", show_object),
    ("POST", f"/events{ID}/deliver", deliver),
    ("GET", "/faults", read_faults),
    ("POST", "/faults", change_faults),
    ("POST", "/faults/clear", clear_faults),
    ("POST", "/pay", pay),
    ("POST", "/authenticate", authenticate),
    ("POST", "/disputes", dispute),
    ("POST", "/refunds", refund),
    ("POST", f"/refunds{ID}/arrive", by_the_bank(refunds.arrives)),
    ("POST", f"/refunds{ID}/fail", by_the_bank(refunds.fails)),
    ("POST", f"/payouts{ID}/arrive", by_the_bank(payouts.arrives)),
    ("POST", f"/payouts{ID}/fail", by_the_bank(payouts.fails)),
    ("POST", "/banks/hurry", hurry_banks),
    ("POST", f"/accounts{ID}/onboard", onboard),
    ("POST", f"/accounts{ID}/restrict", restrict),
    ("POST", f"/accounts{ID}/payout", pay_out),
    ("GET", f"/onboarding{ID}", show_onboarding),
    ("POST", f"/onboarding{ID}", finish_onboarding),
    ("POST", "/history", write_history),
    ("POST", "/answers/forget", forget_answers),
    ("POST", "/reset", reset),
)
