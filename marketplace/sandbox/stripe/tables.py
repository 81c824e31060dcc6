"""What there is, as tables of the control page: one row an object, with the buttons that make sense for it now."""

import json
from datetime import UTC, datetime
from html import escape

from . import balance, events
from .disputes import CLOSED
from .intents import OPEN
from .objects import StripeObject
from .pages import amount, button
from .store import Transaction

SHOWN = 25
GOOD = frozenset({"succeeded", "delivered", "paid", "won", "active", "warning_closed"})
BAD = frozenset({"failed", "canceled", "dropped", "lost", "needs_response"})


def all_tables(tx: Transaction, *, find: str = "") -> str:
    """Show the latest objects of each kind, in the order in which money moves; ``find`` leaves those that name it."""

    def latest(kind: str) -> list[StripeObject]:
        rows = tx.connection.execute(
            "SELECT body FROM objects WHERE kind = ? AND instr(lower(body), lower(?)) ORDER BY seq DESC LIMIT ?",
            (kind, find, SHOWN),
        )
        return [json.loads(row[0]) for row in rows]

    return "".join(
        [
            table("Payments", ("Payment", "Made", "Amount", "State", "Do"),
                  [intent_row(tx, one) for one in latest("payment_intent")]),
            table("Refunds", ("Refund", "Made", "Amount", "State", "Do"), [refund_row(one) for one in latest("refund")]),
            table("Disputes", ("Dispute", "Made", "Amount", "State", "Do"), [dispute_row(one) for one in latest("dispute")]),
            table("Accounts", ("Account", "Made", "State", "Do"), [account_row(tx, one) for one in latest("account")]),
            table("Transfers", ("Transfer", "Made", "Amount", "To", "Taken back"),
                  [transfer_row(one) for one in latest("transfer")]),
            table("Payouts", ("Payout", "Made", "Amount", "State", "Do"), [payout_row(one) for one in latest("payout")]),
            table("Events", ("Event", "Made", "Type", "Deliveries", "Do"), [event_row(tx, one) for one in latest("event")]),
        ]
    )  # fmt: skip


def table(title: str, heads: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    more = f'<p class="muted">the latest {SHOWN}</p>' if len(rows) == SHOWN else ""
    return (
        f'<section class="panel" id="{title.lower()}"><header><h2>{escape(title)}</h2>{more}</header>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def row(shown: StripeObject, *cells: str, about: str = "") -> str:
    made = datetime.fromtimestamp(shown["created"], UTC).strftime("%d %b %H:%M:%S")
    name = f'<td class="id">{link(shown["id"])}{about}</td>'
    return f'<tr id="{escape(shown["id"])}">{name}<td>{made}</td>{"".join(cells)}</tr>'


def link(object_id: str) -> str:
    return f'<a href="/_sandbox/objects/{escape(object_id)}">{escape(object_id)}</a>'


def cell(html: str) -> str:
    return f"<td>{html}</td>"


def money(shown: StripeObject, name: str = "amount") -> str:
    return f'<td class="number">{escape(amount(shown[name], shown["currency"]))}</td>'


def state(word: str, about: str = "") -> str:
    kind = "good" if word in GOOD else "bad" if word in BAD else "wait"
    return f'<span class="state state--{kind}">{escape(word.replace("_", " "))}</span>{note(about)}'


def actions(*buttons: str) -> str:
    return cell(f'<div class="row">{"".join(buttons)}</div>')


def intent_row(tx: Transaction, intent: StripeObject) -> str:
    charge = tx.find(intent["latest_charge"] or "", "charge", account="*")
    known = "".join(note(f"{name} {value}") for name, value in list(intent["metadata"].items())[:1])
    return row(
        intent,
        money(intent),
        cell(state(intent["status"], note_on(intent, charge))),
        actions(*intent_buttons(intent, charge)),
        about=known,
    )


def note_on(intent: StripeObject, charge: StripeObject | None) -> str:
    if intent["status"] != "succeeded":
        error = intent["last_payment_error"]
        return str(error.get("decline_code") or error["code"]) if error else ""
    if charge and charge["amount_refunded"]:
        return f"{amount(charge['amount_refunded'], charge['currency'])} refunded"
    return ""


def intent_buttons(intent: StripeObject, charge: StripeObject | None) -> list[str]:
    def press(label: str, address: str, **fields: str) -> str:
        return button(label, f"/_sandbox/{address}", payment_intent=intent["id"], **fields)

    if intent["status"] == "requires_action":
        return [
            press("Bank approves", "authenticate", outcome="succeed"),
            press("Bank refuses", "authenticate", outcome="fail"),
        ]
    if intent["status"] in OPEN:
        return [
            press("Pay", "pay", payment_method="pm_card_visa"),
            press("Decline", "pay", payment_method="pm_card_chargeDeclined"),
            press("Ask the bank", "pay", payment_method="pm_card_authenticationRequired"),
        ]
    if charge is None or intent["status"] != "succeeded":
        return []
    buttons = []
    left = charge["amount"] - charge["amount_refunded"]
    if left:
        buttons += [press("Refund", "refunds"), press("Refund half", "refunds", amount=str((left + 1) // 2))]
    if left and not charge["disputed"]:
        buttons += [
            press("Dispute", "disputes", reason="fraudulent"),
            press("Inquiry", "disputes", reason="inquiry"),
        ]
    return buttons


def refund_row(refund: StripeObject) -> str:
    press = []
    if refund["status"] == "pending":
        press.append(button("Let it arrive", f"/_sandbox/refunds/{refund['id']}/arrive"))
    if refund["status"] != "failed":
        press.append(button("Let it fail", f"/_sandbox/refunds/{refund['id']}/fail"))
    return row(refund, money(refund), cell(state(refund["status"])), actions(*press))


def dispute_row(dispute: StripeObject) -> str:
    is_inquiry = dispute["status"].startswith("warning")
    choices = [("Close it", "won"), ("Escalate", "escalated")] if is_inquiry else [("Win", "won"), ("Lose", "lost")]
    press = [
        button(label, "/_sandbox/disputes", payment_intent=dispute["payment_intent"], outcome=outcome)
        for label, outcome in choices
        if dispute["status"] not in CLOSED
    ]
    kind = "inquiry" if is_inquiry else dispute["reason"].replace("_", " ")
    return row(dispute, money(dispute), cell(state(dispute["status"], kind)), actions(*press))


def account_row(tx: Transaction, account: StripeObject) -> str:
    here = f"/_sandbox/accounts/{account['id']}"
    is_active = account["payouts_enabled"]
    press = [
        button("Pay out", f"{here}/payout"),
        button("Ask for more", f"{here}/restrict"),
        button("Change to a failing bank", f"{here}/onboard", bank="fails"),
        button("Change to a working bank", f"{here}/onboard", bank="good"),
    ]
    if not is_active:
        press = [
            button("Complete", f"{here}/onboard"),
            button("Complete, bank fails", f"{here}/onboard", bank="fails"),
        ]
    has = [amount(left, currency) for currency, left in balance.sums(tx, account["id"], available=True).items() if left]
    return row(
        account,
        cell(state("active" if is_active else "incomplete", f"has {', '.join(has)}" if has else "")),
        actions(*press),
        about=note(account["email"] or ""),
    )


def note(text: str) -> str:
    return f'<br><span class="muted">{escape(text)}</span>' if text else ""


def transfer_row(transfer: StripeObject) -> str:
    to = f'<td class="id">{link(transfer["destination"])}</td>'
    return row(transfer, money(transfer), to, money(transfer, "amount_reversed"))


def payout_row(payout: StripeObject) -> str:
    here = f"/_sandbox/payouts/{payout['id']}"
    press = []
    if payout["status"] == "pending":
        press.append(button("Let it arrive", f"{here}/arrive"))
    if payout["status"] in {"pending", "paid"}:
        press.append(button("Let it fail", f"{here}/fail"))
    return row(payout, money(payout), cell(state(payout["status"])), actions(*press))


def event_row(tx: Transaction, event: StripeObject) -> str:
    tries = [
        " ".join([state(one["status"]), *(str(attempt["status"] or "no answer") for attempt in one["tries"])])
        for one in events.deliveries_of(tx, event["id"])
    ]
    again = button("Deliver again", f"/_sandbox/events/{event['id']}/deliver")
    return row(event, cell(escape(event["type"])), cell(", ".join(tries) or "none"), actions(again))
