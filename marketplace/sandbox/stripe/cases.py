"""What can be made to happen, as panels of the control page: test cards, what each button is for, and faults at one press."""

from dataclasses import dataclass, field
from html import escape

from .objects import Json, StripeObject
from .pages import button

CARDS = (
    ("4242 4242 4242 4242", "pays"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "is declined: no money on it"),
    ("4000 0027 6000 3184", "pays once the bank has asked (3-D Secure)"),
    ("4000 0082 6000 3178", "the bank asks, then it is declined all the same"),
    ("4000 0000 0000 5126", "pays; what is refunded to it comes back"),
    ("4000 0000 0000 7726", "pays; what is refunded to it waits"),
    ("4000 0000 0000 0259", "pays, and is disputed at once"),
)
FOR_LONG = 100_000


@dataclass(frozen=True)
class Case:
    title: str
    how: str
    # What one press sets, by the label of its button; see ``faults``.
    presses: dict[str, dict[str, Json]] = field(default_factory=dict)


def requests(match: str, status: int, times: int, *, after_commit: bool = False) -> dict[str, Json]:
    return {"api.match": match, "api.method": "", "api.status": status, "api.after_commit": after_commit,
            "api.delay_seconds": 0, "api.times": times}  # fmt: skip


CASES = (
    Case(
        "The bank’s step",
        "Pay with the card that asks. The bank’s question opens over the page; it can be answered there, or here with "
        "“Bank approves” and “Bank refuses” beside the payment.",
    ),
    Case(
        "Money that comes late",
        "Go to pay and leave it. Refuse cancellations, so that the payment stays open when its time is over; "
        "then press “Pay” beside it.",
        {"Refuse cancellations": requests("/v1/payment_intents/*/cancel", 503, FOR_LONG)},
    ),
    Case(
        "Events that are lost, doubled or late",
        "What was lost stays in the list of events, each with “Deliver again”.",
        {
            "Lose them": {"webhooks.drop": True},
            "Send each three times": {"webhooks.duplicate": 3},
            "Send them 30 s late": {"webhooks.delay_seconds": 30},
            "Mix up their order": {"webhooks.shuffle": True},
        },
    ),
    Case(
        "A provider in trouble",
        "For whatever is asked of it next, the card form of the pay page included.",
        {
            "Too busy (429), five times": requests("/v1/", 429, 5),
            "Broken (500) once, nothing done": requests("/v1/", 500, 1),
            "Broken (500) once, but done": requests("/v1/", 500, 1, after_commit=True),
            "Done, but no answer, once": requests("/v1/", 0, 1, after_commit=True),
            "Down (503)": requests("/v1/", 503, FOR_LONG),
        },
    ),
    Case(
        "Refunds",
        "“Refund” beside a payment does what somebody would do in the provider’s dashboard. “Let it fail” beside a "
        "refund is the bank that sends it back.",
    ),
    Case(
        "Disputes",
        "“Dispute” and “Inquiry” beside a payment open one; “Win”, “Lose” and “Escalate” beside the dispute end it.",
    ),
    Case(
        "Transfers and payouts",
        "An account stands here once somebody has set up payouts. “Pay out” does what the daily schedule would; it "
        "arrives by itself, or fails if the bank is a failing one. “Let it fail” is the bank that sends it back later.",
    ),
)


def cases_panel(tx_faults: StripeObject) -> str:
    cards = "".join(f"<dt><code>{number}</code></dt><dd>{escape(does)}</dd>" for number, does in CARDS)
    cases = "".join(case_part(case) for case in CASES)
    return f"""
<section class="panel" id="cases">
  <header><h2>What can happen</h2><p class="muted">Each case, and the buttons for it.</p></header>
  <div class="panel__body cases">
    <div class="case case--cards"><h3>Cards</h3><dl class="cards">{cards}</dl><p class="muted">Any later date, any code.</p></div>
    {cases}
  </div>
  {exactly(tx_faults)}
</section>"""


def case_part(case: Case) -> str:
    presses = "".join(
        button(label, "/_sandbox/faults", **{name: as_text(value) for name, value in given.items()})
        for label, given in case.presses.items()
    )
    buttons = f'<div class="row">{presses}</div>' if presses else ""
    return f'<div class="case"><h3>{escape(case.title)}</h3><p>{escape(case.how)}</p>{buttons}</div>'


def as_text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_force(rules: StripeObject) -> str:
    """Say which faults are on, with the button that ends them; nothing while all is well."""
    said = [*of_webhooks(rules["webhooks"]), *of_requests(rules["api"])]
    if not said:
        return ""
    return (
        f'<div class="alarm" role="status"><p><strong>On now:</strong> {escape("; ".join(said))}.</p>'
        f"{button('All well again', '/_sandbox/faults/clear', kind='primary')}</div>"
    )


def of_webhooks(rules: StripeObject) -> list[str]:
    said = []
    if rules["drop"]:
        said.append("events are lost")
    if rules["duplicate"] > 1:
        said.append(f"events are sent {rules['duplicate']} times")
    if rules["delay_seconds"]:
        said.append(f"events are sent {rules['delay_seconds']:g} s late")
    if rules["shuffle"]:
        said.append("events come in any order")
    return said


def of_requests(rules: StripeObject) -> list[str]:
    if not rules["match"] or rules["times"] < 1:
        return []
    answer = {0: "get no answer", 200: "are slow"}.get(rules["status"], f"are answered {rules['status']}")
    done = ", but done" if rules["after_commit"] else ""
    slow = f" after {rules['delay_seconds']:g} s" if rules["delay_seconds"] else ""
    many = "requests" if rules["times"] > 1000 else f"the next {rules['times']} requests"
    method = f"{rules['method']} " if rules["method"] else ""
    return [f"{many} to {method}{rules['match']} {answer}{slow}{done}"]


def exactly(rules: StripeObject) -> str:
    """The form behind the buttons, for what no button sets."""
    hooks, api = rules["webhooks"], rules["api"]
    return f"""
  <details class="panel__body exactly"><summary>Set faults exactly</summary>
  <form class="stack" method="post" action="/_sandbox/faults">
    <fieldset class="faults"><legend>Events</legend>
    {choice("lost", "webhooks.drop", hooks["drop"])}
    {number("sent so often", "webhooks.duplicate", hooks["duplicate"], least=1)}
    {number("late by seconds", "webhooks.delay_seconds", hooks["delay_seconds"])}
    {choice("in any order", "webhooks.shuffle", hooks["shuffle"])}
    </fieldset>
    <fieldset class="faults"><legend>Requests</legend>
    <label>to what begins with <input type="text" name="api.match" value="{escape(api["match"])}" placeholder="/v1/refunds"></label>
    {number("are answered", "api.status", api["status"])}
    {choice("once done", "api.after_commit", api["after_commit"])}
    {number("after seconds", "api.delay_seconds", api["delay_seconds"])}
    {number("so many times", "api.times", api["times"])}
    </fieldset>
    <div><button class="primary">Set faults</button></div>
  </form></details>"""


def choice(label: str, name: str, value: bool) -> str:
    options = "".join(
        f'<option value="{word}"{" selected" if value == (word == "true") else ""}>{shown}</option>'
        for word, shown in (("false", "no"), ("true", "yes"))
    )
    return f'<label>{escape(label)} <select name="{name}">{options}</select></label>'


def number(label: str, name: str, value: float, *, least: int = 0) -> str:
    return f'<label>{escape(label)} <input type="number" name="{name}" min="{least}" value="{value}"></label>'
