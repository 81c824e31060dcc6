"""The hosted form that an account link leads to, as short as it can be."""

from html import escape

from . import accounts
from .api import Answer
from .call import Call
from .objects import StripeObject
from .pages import document
from .store import Transaction


def page(tx: Transaction, token: str) -> Answer:
    """Show the form, once; a link that was used or is too old leads to ``refresh_url`` for a new one."""
    link: StripeObject | None = tx.setting(token) if token.startswith("link_") else None
    if link is None:
        return document("Onboarding", "<main class='card'><h1>This link is not known</h1></main>", status=404)
    if link["expires_at"] < tx.seconds() or link.get("visited"):
        return Answer(303, b"", {"Location": link["refresh_url"]})
    tx.set(token, {**link, "visited": True})
    body = f"""
<main class="card">
  <p class="badge">Payment sandbox</p>
  <h1>Get paid</h1>
  <p>A real provider would ask for identity and a bank account here. Choose what becomes of
  <code>{escape(link["account"])}</code>.</p>
  <form method="post" class="stack">
    <button class="primary" name="bank" value="good">Complete with a working bank account</button>
    <button name="bank" value="fails">Complete with a bank account that refuses payouts</button>
    <button name="bank" value="later">Leave it half done</button>
  </form>
</main>"""
    return document("Onboarding", body)


def finish(call: Call, token: str, bank: str) -> Answer:
    link = call.tx.setting(token) if token.startswith("link_") else None
    if link is None:
        return document("Onboarding", "<main class='card'><h1>This link is not known</h1></main>", status=404)
    given = {"complete": False} if bank == "later" else {"bank": bank}
    accounts.onboard(call, link["account"], given)
    return Answer(303, b"", {"Location": link["return_url"]})
