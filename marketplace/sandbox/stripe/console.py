"""The page at ``/_sandbox/``: what can be made to happen, and what is there. No script: each button is a form."""

import json
from html import escape

from . import events, faults
from .api import Answer
from .cases import cases_panel, in_force
from .config import Config
from .errors import ApiError
from .objects import StripeObject
from .pages import amount, button, document
from .store import Transaction
from .tables import all_tables, link

EMPTY, NO_MATCH = "Nothing has happened yet.", "Nothing has that in it."
NOTHING, FORGOTTEN = "nothing", "forgotten"
SENTENCES = {
    NOTHING: "Nothing is available there to pay out yet.",
    FORGOTTEN: "Everything is forgotten.",
}


def page(tx: Transaction, config: Config, *, done: str = "", find: str = "") -> Answer:
    """Show the page; ``done`` is the id of what a button has just changed, or one of ``SENTENCES``."""
    rules = faults.read(tx)
    where = f"to <code>{escape(config.webhook_url)}</code>" if config.webhook_url else "nowhere"
    body = f"""
<main class="shell">
  <div class="top">
    <div><h1>Payment sandbox</h1><p class="muted">Stands in for Stripe; nothing here is real money. Events go {where}.</p></div>
    <a class="button" href="/_sandbox/">Refresh</a>
  </div>
  <div class="said">{notice(tx, done)}{in_force(rules)}</div>
  {cases_panel(rules)}
  <form class="find" action="/_sandbox/"><label for="find">Find older ones</label>
    <input type="text" id="find" name="find" value="{escape(find)}" placeholder="an id, or a word in it">
    <button>Find</button></form>
  {all_tables(tx, find=find) or f'<p class="muted">{NO_MATCH if find else EMPTY}</p>'}
  <section class="panel" id="end"><div class="panel__body top">
    <p class="muted">Forgetting everything leaves whoever asks here with payments that nobody knows.</p>
    {button("Forget everything", "/_sandbox/reset", kind="danger")}
  </div></section>
</main>"""
    return document("Payment sandbox", body)


def notice(tx: Transaction, done: str) -> str:
    """Say what a button has done, by what is so now."""
    said = escape(SENTENCES.get(done, ""))
    if not said and done and (shown := tx.find(done, account="*")):
        said = f"{link(done)} {escape(standing(tx, shown))}"
    return f'<p class="notice" role="status">{said}</p>' if said else ""


def standing(tx: Transaction, shown: StripeObject) -> str:
    match shown["object"]:
        case "event":
            status = next(
                (one["tries"][-1]["status"] for one in reversed(events.deliveries_of(tx, shown["id"])) if one["tries"]),
                0,
            )
            answer = f"answered {status}" if status else "not answered"
            return f"({shown['type']}) was delivered and {answer}."
        case "account":
            return "can be paid out now." if shown["payouts_enabled"] else "cannot be paid out now."
    sum_ = f" of {amount(shown['amount'], shown['currency'])}" if "amount" in shown else ""
    kind = shown["object"].replace("_", " ")
    return f"({kind}{sum_}): {str(shown.get('status', '')).replace('_', ' ')}."


def refusal(error: ApiError) -> Answer:
    body = f'<main class="card"><h1>That did not work</h1><p>{escape(str(error))}</p><p><a href="/_sandbox/">Back</a></p></main>'
    return document("Payment sandbox", body, status=error.status)


def object_page(shown: StripeObject) -> Answer:
    text = escape(json.dumps(shown, indent=2))
    body = f"""
<main class="shell">
  <div class="top"><h1>{escape(shown["id"])}</h1><a href="/_sandbox/">All objects</a></div>
  <section class="panel"><pre class="panel__body scroll" tabindex="0">{text}</pre></section>
</main>"""
    return document(shown["id"], body)
