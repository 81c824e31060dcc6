"""``/v3/``: what browsers load. The stand-in for Stripe.js, the frame for the card, and the bank's page."""

import re
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from . import intents
from .api import Answer, Api, Request
from .call import Call
from .errors import ApiError, missing
from .objects import StripeObject
from .pages import amount, asset, document

BANK_PAGE = re.compile(r"/v3/authenticate/(pi_[A-Za-z0-9]{1,60})")


def answer(api: Api, request: Request) -> Answer:
    if match := BANK_PAGE.fullmatch(request.path):
        try:
            return bank_page(api, request, match[1])
        except ApiError as error:
            return document("Bank", f"<main class='card'><h1>Nothing to do here</h1><p>{escape(str(error))}</p></main>",
                            status=error.status, framed=True)  # fmt: skip
    name = request.path.removeprefix("/v3/").strip("/")
    found = asset({"": "stripe.js", "frame": "frame.html"}.get(name, name)) if request.method == "GET" else None
    return found or Answer(404, b"Not found\n", {"Content-Type": "text/plain"})


def bank_page(api: Api, request: Request, intent_id: str) -> Answer:
    """Show the bank's step, and take its end; whoever has the client secret may."""
    given = parse_qs(request.query if request.method == "GET" else request.body.decode(errors="replace"))
    with api.store.transaction() as tx:
        tx.account = tx.account_of(intent_id)
        call = Call(tx, api.config, api.base_url)
        intent = call.get("payment_intent", intent_id)
        if given.get("client_secret") != [intent["client_secret"]]:
            raise missing("payment_intent", intent_id)
        if request.method == "GET":
            return asking(intent)
        outcome = given.get("outcome", [""])[0]
        if outcome not in {"succeed", "fail"}:
            raise ApiError(400, "The outcome is succeed or fail.")
        result = ended(intents.authenticate(call, intent, succeeds=outcome == "succeed"))
    api.delivery.wake()
    return result


def asking(intent: StripeObject) -> Answer:
    if intent["status"] != "requires_action":
        return closing("This step is over.")
    secret = escape(intent["client_secret"])
    body = f"""
<main class="card bank">
  <p class="badge">Payment sandbox</p>
  <h1>Your bank asks: is this you?</h1>
  <p>Approve the payment of <strong>{escape(amount(intent["amount"], intent["currency"]))}</strong>.
  A real bank would ask for a code here.</p>
  <form method="post" class="row">
    <input type="hidden" name="client_secret" value="{secret}">
    <button class="primary" name="outcome" value="succeed" data-testid="authenticate-succeed">Complete authentication</button>
    <button name="outcome" value="fail" data-testid="authenticate-fail">Fail authentication</button>
  </form>
</main>"""
    return document("Bank authentication", body, framed=True, script="bank.js")


def ended(intent: StripeObject) -> Answer:
    """Lead back to where the payer came from; in a dialog, tell the page around it."""
    if not intent.get("_return_url"):
        return closing("Thank you. You can go back to the shop.")
    return Answer(303, b"", {"Location": return_address(intent), "Cache-Control": "no-store"})


def return_address(intent: StripeObject) -> str:
    """Add what Stripe adds to a return address."""
    result = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
        }
    )
    parts = urlsplit(intent["_return_url"])
    return urlunsplit(parts._replace(query=f"{parts.query}&{result}" if parts.query else result))


def closing(sentence: str) -> Answer:
    return document(
        "Bank authentication",
        f'<main class="card bank" data-done><h1>Done</h1><p>{escape(sentence)}</p></main>',
        framed=True,
        script="bank.js",
    )
