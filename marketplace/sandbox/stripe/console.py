"""The page at ``/_sandbox/``: what is there, and the buttons. No script: each button is a form."""

import json
from datetime import UTC, datetime
from html import escape

from . import events, faults
from .api import Answer
from .config import Config
from .errors import ApiError
from .objects import StripeObject
from .pages import amount, button, document
from .store import Transaction

SHOWN = 25
GOOD = frozenset({"succeeded", "delivered", "paid", "won", "active"})
BAD = frozenset({"failed", "canceled", "dropped", "lost", "needs_response"})


def page(tx: Transaction, config: Config) -> Answer:
    sections = [
        table("Payments", ("Intent", "Made", "Amount", "State", "Do"), [intent_row(one) for one in latest(tx, "payment_intent")]),
        table("Events", ("Event", "Type", "Made", "Deliveries", "Do"), [event_row(tx, one) for one in latest(tx, "event")]),
        table("Charges", ("Charge", "Made", "Amount", "Given back", "State"), [charge_row(one) for one in latest(tx, "charge")]),
        table("Refunds", ("Refund", "Made", "Amount", "State", "Do"), [refund_row(one) for one in latest(tx, "refund")]),
        table("Disputes", ("Dispute", "Made", "Amount", "State", "Do"), [dispute_row(one) for one in latest(tx, "dispute")]),
        table("Accounts", ("Account", "Made", "State", "Do"), [account_row(one) for one in latest(tx, "account")]),
        table("Transfers", ("Transfer", "Made", "Amount", "To", "Taken back"), [transfer_row(one) for one in latest(tx, "transfer")]),
        table("Payouts", ("Payout", "Made", "Amount", "State"), [payout_row(one) for one in latest(tx, "payout")]),
    ]  # fmt: skip
    where = f"to <code>{escape(config.webhook_url)}</code>" if config.webhook_url else "nowhere"
    body = f"""
<main class="shell">
  <div class="top">
    <div><h1>Payment sandbox</h1><p class="muted">Events go {where}. Nothing here is real money.</p></div>
    <div class="row"><a href="/_sandbox/">Refresh</a>{button("Forget everything", "/_sandbox/reset", kind="danger")}</div>
  </div>
  {faults_panel(tx)}
  {"".join(sections)}
</main>"""
    return document("Payment sandbox", body)


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


def latest(tx: Transaction, kind: str) -> list[StripeObject]:
    rows = tx.connection.execute("SELECT body FROM objects WHERE kind = ? ORDER BY seq DESC LIMIT ?", (kind, SHOWN))
    return [json.loads(row[0]) for row in rows]


def table(title: str, heads: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    more = f'<p class="muted">the latest {SHOWN}</p>' if len(rows) == SHOWN else ""
    return (
        f'<section class="panel"><header><h2>{escape(title)}</h2>{more}</header>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def row(shown: StripeObject, *cells: str) -> str:
    made = datetime.fromtimestamp(shown["created"], UTC).strftime("%d %b %H:%M:%S")
    first, *rest = cells
    return f'<tr><td class="id">{link(shown["id"])}</td>{first}<td>{made}</td>{"".join(rest)}</tr>'


def link(object_id: str) -> str:
    return f'<a href="/_sandbox/objects/{escape(object_id)}">{escape(object_id)}</a>'


def cell(html: str) -> str:
    return f"<td>{html}</td>"


def money(shown: StripeObject, name: str = "amount") -> str:
    return f'<td class="number">{escape(amount(shown[name], shown["currency"]))}</td>'


def state(word: str) -> str:
    kind = "good" if word in GOOD else "bad" if word in BAD else "wait"
    return f'<span class="state state--{kind}">{escape(word.replace("_", " "))}</span>'


def actions(*buttons: str) -> str:
    return cell(f'<div class="row">{"".join(buttons)}</div>')


def intent_row(intent: StripeObject) -> str:
    press = []
    if intent["status"] == "requires_action":
        for label, outcome in (("Authenticate", "succeed"), ("Fail", "fail")):
            press.append(button(label, "/_sandbox/authenticate", payment_intent=intent["id"], outcome=outcome))
    if intent["status"] == "succeeded":
        press += [
            button(label, "/_sandbox/disputes", payment_intent=intent["id"], reason=reason)
            for label, reason in (("Dispute", "fraudulent"), ("Ask", "inquiry"))
        ]
    return row(intent, "", money(intent), cell(state(intent["status"])), actions(*press))


def event_row(tx: Transaction, event: StripeObject) -> str:
    tries = [
        f"{state(one['status'])} {' '.join(str(attempt['status'] or 'no answer') for attempt in one['tries'])}"
        for one in events.deliveries_of(tx, event["id"])
    ]
    again = button("Deliver again", f"/_sandbox/events/{event['id']}/deliver")
    return row(event, cell(escape(event["type"])), cell(", ".join(tries) or "none"), actions(again))


def charge_row(charge: StripeObject) -> str:
    return row(charge, "", money(charge), money(charge, "amount_refunded"), cell(state(charge["status"])))


def refund_row(refund: StripeObject) -> str:
    press = [] if refund["status"] == "failed" else [button("Let it fail", f"/_sandbox/refunds/{refund['id']}/fail")]
    return row(refund, "", money(refund), cell(state(refund["status"])), actions(*press))


def dispute_row(dispute: StripeObject) -> str:
    press = []
    if dispute["status"] not in {"won", "lost", "warning_closed"}:
        press = [
            button(label, "/_sandbox/disputes", payment_intent=dispute["payment_intent"], outcome=outcome)
            for label, outcome in (("Win", "won"), ("Lose", "lost"))
        ]
    return row(dispute, "", money(dispute), cell(state(dispute["status"])), actions(*press))


def account_row(account: StripeObject) -> str:
    here = f"/_sandbox/accounts/{account['id']}"
    press = [
        button("Complete", f"{here}/onboard"),
        button("Complete, bank fails", f"{here}/onboard", bank="fails"),
        button("Ask for more", f"{here}/restrict"),
        button("Pay out", f"{here}/payout"),
    ]
    word = "active" if account["payouts_enabled"] else "incomplete"
    return row(account, "", cell(state(word)), actions(*press))


def transfer_row(transfer: StripeObject) -> str:
    back = money(transfer, "amount_reversed")
    return row(transfer, "", money(transfer), f'<td class="id">{link(transfer["destination"])}</td>', back)


def payout_row(payout: StripeObject) -> str:
    return row(payout, "", money(payout), cell(state(payout["status"])))


def faults_panel(tx: Transaction) -> str:
    rules = faults.read(tx)
    hooks, api = rules["webhooks"], rules["api"]
    return f"""
<section class="panel">
  <header><h2>Faults</h2><p class="muted">What goes wrong on purpose.</p></header>
  <form class="panel__body stack" method="post" action="/_sandbox/faults">
    <fieldset class="faults"><legend>Webhooks</legend>
    {choice("are dropped", "webhooks.drop", hooks["drop"])}
    {number("are sent so often", "webhooks.duplicate", hooks["duplicate"], least=1)}
    {number("after seconds", "webhooks.delay_seconds", hooks["delay_seconds"])}
    {choice("out of order", "webhooks.shuffle", hooks["shuffle"])}
    </fieldset>
    <fieldset class="faults"><legend>Requests</legend>
    <label>that begin with <input type="text" name="api.match" value="{escape(api["match"])}" placeholder="/v1/refunds"></label>
    {number("get status", "api.status", api["status"])}
    {choice("after committing", "api.after_commit", api["after_commit"])}
    {number("after seconds", "api.delay_seconds", api["delay_seconds"])}
    {number("so many times", "api.times", api["times"])}
    </fieldset>
    <div><button class="primary">Set faults</button></div>
  </form>
</section>"""


def choice(label: str, name: str, value: bool) -> str:
    options = "".join(
        f'<option value="{word}"{" selected" if value == (word == "true") else ""}>{shown}</option>'
        for word, shown in (("false", "no"), ("true", "yes"))
    )
    return f'<label>{escape(label)} <select name="{name}">{options}</select></label>'


def number(label: str, name: str, value: float, *, least: int = 0) -> str:
    return f'<label>{escape(label)} <input type="number" name="{name}" min="{least}" value="{value}"></label>'
