"""The Payment Element, the bank's step and the control page in a real browser, under a strict policy."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, FrameLocator, Page, expect

from .conftest import PUBLISHABLE_KEY, Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Pay</title>
<meta name="viewport" content="width=device-width"><script src="{sandbox}/v3/stripe.js"></script></head>
<body><main><h1>Pay</h1><form id="form"><div id="element"></div><button>Pay $33.00</button></form>
<p id="result" role="status"></p></main><script src="/shop.js"></script></body></html>"""

SCRIPT = """
const stripe = Stripe("{key}");
const elements = stripe.elements({{ clientSecret: "{secret}", appearance: {appearance} }});
const element = elements.create("payment", {{ layout: "accordion" }});
const mark = (name, value) => (document.body.dataset[name] = value);
element.on("ready", () => mark("ready", "yes"));
element.on("change", (event) => mark("complete", event.complete));
element.on("loaderror", (event) => mark("loaderror", event.error.message));
element.mount("#element");
document.getElementById("form").addEventListener("submit", async (event) => {{
  event.preventDefault();
  const {{ error: invalid }} = await elements.submit();
  const confirmParams = {{ return_url: location.origin + "/back?order=7" }};
  const {{ error, paymentIntent }} = invalid ? {{ error: invalid }} : await stripe.confirmPayment({{ elements, confirmParams, redirect: "{redirect}" }});
  document.getElementById("result").textContent = error ? error.type + ": " + error.message : paymentIntent.status;
}});
"""
PAGE_RULES = ("landmark-one-main", "page-has-heading-one", "region")
DARK = """{ theme: "night", variables: { colorPrimary: "#63d4aa", colorBackground: "#161e1b", colorText: "#edf3ef",
  colorDanger: "#ff9a90", borderRadius: "12px", fontSizeBase: "17px" }, rules: { ".Label": { fontWeight: "650" } } }"""


@dataclass
class Shop:
    """A product's pay page on another origin, with a policy that allows the sandbox and nothing inline."""

    sandbox: Sandbox
    url: str = ""
    script: str = ""
    problems: list[str] = field(default_factory=list)

    def start(self) -> ThreadingHTTPServer:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                body, kind = {
                    "/": (PAGE.format(sandbox=shop.sandbox.url), "text/html"),
                    "/shop.js": (shop.script, "text/javascript"),
                    "/back": ("<!DOCTYPE html><html lang=en><title>Back</title><h1>Back</h1>", "text/html"),
                }.get(path, ("", "text/plain"))
                here = shop.sandbox.url
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header(
                    "Content-Security-Policy",
                    f"default-src 'none'; script-src 'self' {here}; frame-src {here}; connect-src {here}; "
                    "style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
                )
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def open(self, page: Page, *, appearance: str = "{}", redirect: str = "always") -> stripe.PaymentIntent:
        """Make an intent and show the page that pays it."""
        intent = self.sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
        self.script = SCRIPT.format(
            key=PUBLISHABLE_KEY, secret=intent.client_secret, appearance=appearance, redirect=redirect
        )
        page.goto(self.url)
        expect(page.locator("body[data-ready=yes]")).to_be_attached()
        return intent


@pytest.fixture
def shop(sandbox: Sandbox) -> Iterator[Shop]:
    shop = Shop(sandbox)
    server = shop.start()
    yield shop
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """A page; any message on its console but that of a declined card fails the test."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.set_default_timeout(8000)
    page.on("console", lambda message: shop.problems.append(message.text))
    page.on("pageerror", lambda error: shop.problems.append(str(error)))
    yield page
    page.close()
    assert [problem for problem in shop.problems if "402" not in problem] == []


def card_frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure payment input frame']")


def fill_card(page: Page, number: str = "4242424242424242", expiry: str = "12 / 40", code: str = "123") -> None:
    frame = card_frame(page)
    frame.get_by_label("Card number").press_sequentially(number)
    frame.get_by_label("Expiration date").fill(expiry)
    frame.get_by_label("Security code").fill(code)


def test_a_card_is_typed_and_paid_with_the_keyboard_alone(page: Page, shop: Shop) -> None:
    intent = shop.open(page)
    page.keyboard.press("Tab")
    for text in ("4242424242424242", "1240", "123"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    frame = card_frame(page)
    expect(frame.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(frame.get_by_label("Expiration date")).to_have_value("12 / 40")
    expect(page.locator("body[data-complete=true]")).to_be_attached()
    frame.get_by_label("Security code").press("Enter")
    page.wait_for_url("**/back?*")
    assert page.url == (
        f"{shop.url}/back?order=7&payment_intent={intent.id}&payment_intent_client_secret={intent.client_secret}"
        "&redirect_status=succeeded"
    )
    assert shop.sandbox.client().v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_an_unfinished_card_is_shown_and_nothing_is_sent(page: Page, shop: Shop) -> None:
    intent = shop.open(page)
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#result")).to_have_text("validation_error: Your card number is incomplete.")
    number = card_frame(page).get_by_label("Card number")
    expect(number).to_be_focused()
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(card_frame(page).get_by_text("Your card's security code is incomplete.")).to_be_visible()
    assert "/confirm" not in "".join(line for line in shop.sandbox.log().splitlines() if intent.id in line)


def test_a_declined_card_can_be_changed_and_paid(page: Page, shop: Shop) -> None:
    intent = shop.open(page, redirect="if_required")
    fill_card(page, "4000000000009995")
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#result")).to_have_text("card_error: Your card has insufficient funds.")
    card_frame(page).get_by_label("Card number").fill("4242424242424242")
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#result")).to_have_text("succeeded")
    assert len(shop.sandbox.client().v1.charges.list({"payment_intent": intent.id}).data) == 2


def test_the_banks_step_opens_over_the_page_and_succeeds(page: Page, shop: Shop) -> None:
    shop.open(page)
    fill_card(page, "4000002760003184")
    page.get_by_role("button", name="Pay").click()
    dialog = page.get_by_role("dialog", name="Bank authentication")
    expect(dialog).to_be_visible()
    bank = page.frame_locator("iframe[title='Bank authentication frame']")
    expect(bank.get_by_text("33.00 USD")).to_be_visible()
    violations(page)
    bank.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url("**redirect_status=succeeded")


@pytest.mark.parametrize("way", ["button", "escape", "close"])
def test_the_banks_step_can_be_refused(page: Page, shop: Shop, way: str) -> None:
    intent = shop.open(page)
    fill_card(page, "4000002760003184")
    page.get_by_role("button", name="Pay").click()
    bank = page.frame_locator("iframe[title='Bank authentication frame']")
    expect(bank.get_by_role("button", name="Fail authentication")).to_be_visible()
    match way:
        case "button":
            bank.get_by_role("button", name="Fail authentication").click()
        case "escape":
            page.keyboard.press("Escape")
        case "close":
            page.get_by_role("button", name="Cancel authentication").click()
    expect(page.locator("#result")).to_contain_text("unable to authenticate")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert shop.sandbox.client().v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_an_intent_that_is_over_says_so_when_the_element_loads(page: Page, shop: Shop) -> None:
    intent = shop.open(page)
    shop.sandbox.client().v1.payment_intents.cancel(intent.id)
    page.reload()
    expect(page.locator("body[data-loaderror]")).to_be_attached()


def test_the_element_wears_the_pages_colours(page: Page, shop: Shop) -> None:
    page.emulate_media(color_scheme="dark")
    shop.open(page, appearance=DARK)
    number = card_frame(page).get_by_label("Card number")
    look = number.evaluate(
        "(e) => { const s = getComputedStyle(e); return [s.backgroundColor, s.color, s.borderRadius, s.fontSize]; }"
    )
    assert look == ["rgb(22, 30, 27)", "rgb(237, 243, 239)", "12px", "17px"]
    label = card_frame(page).get_by_text("Card number", exact=True)
    assert label.evaluate("(e) => getComputedStyle(e).fontWeight") == "650"
    violations(page)


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_pay_page_passes_axe_with_the_frame_in_it(page: Page, shop: Shop, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    shop.open(page)
    page.get_by_role("button", name="Pay").click()
    expect(card_frame(page).get_by_text("Your card number is incomplete.")).to_be_visible()
    violations(page)


def violations(page: Page) -> None:
    """Check every frame with axe, each from inside: across origins it cannot see into another."""
    for frame in page.frames:
        frame.evaluate(AXE_SCRIPT)
        # What belongs to a whole page (one main, a heading) is the business of the page around a frame.
        of_pages = {} if frame.parent_frame is None else {rule: {"enabled": False} for rule in PAGE_RULES}
        found = frame.evaluate("(rules) => axe.run(document, { rules, iframes: false })", of_pages)
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_control_page_shows_what_is_there(page: Page, shop: Shop, scheme: Any, width: int) -> None:
    shop.sandbox.pay(method="pm_card_createDispute")
    shop.sandbox.pay(method="pm_card_authenticationRequired")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    for title in ("What can happen", "Payments", "Disputes", "Events"):
        expect(page.get_by_role("heading", name=title, level=2)).to_be_visible()
    violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "only tables scroll sideways"
    page.get_by_role("link", name="pi_").first.click()
    expect(page.get_by_text('"object": "payment_intent"')).to_be_visible()


def press(page: Page, label: str) -> None:
    """Press the first button of that name, as somebody would who looks from the top."""
    page.get_by_role("button", name=label, exact=True).first.click()


def says(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()


def test_a_payment_is_made_from_the_control_page_in_each_way(page: Page, shop: Shop) -> None:
    intent = shop.sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    row = page.locator(f"#{intent.id}")
    press(page, "Decline")
    expect(row).to_contain_text("requires payment method")
    expect(row).to_contain_text("generic_decline")
    for label, shown in (("Bank refuses", "requires payment method"), ("Bank approves", "succeeded")):
        press(page, "Ask the bank")
        expect(row).to_contain_text("requires action")
        press(page, label)
        expect(row).to_contain_text(shown)
    says(page, "(payment intent of 33.00 USD): succeeded.")
    expect(row.get_by_role("button", name="Pay")).to_have_count(0)


def test_what_follows_a_payment_is_done_from_the_control_page(page: Page, shop: Shop) -> None:
    client = shop.sandbox.client()
    refunded, disputed, asked = (shop.sandbox.pay(amount=amount) for amount in (3301, 3302, 3303))
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    page.locator(f"#{refunded.id}").get_by_role("button", name="Refund half").click()
    says(page, "(refund of 16.51 USD): succeeded.")
    press(page, "Let it fail")
    says(page, "(refund of 16.51 USD): failed.")
    page.locator(f"#{refunded.id}").get_by_role("button", name="Refund", exact=True).click()
    expect(page.locator(f"#{refunded.id}")).to_contain_text("33.01 USD refunded")
    expect(page.locator(f"#{refunded.id}").get_by_role("button", name="Refund")).to_have_count(0)
    page.locator(f"#{disputed.id}").get_by_role("button", name="Dispute").click()
    press(page, "Win")
    page.locator(f"#{asked.id}").get_by_role("button", name="Inquiry").click()
    press(page, "Escalate")
    press(page, "Lose")
    told = {one.payment_intent: one.status for one in client.v1.disputes.list().data}
    assert told == {disputed.id: "won", asked.id: "lost"}


def test_faults_are_one_press_each_and_end_with_another(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    press(page, "Lose them")
    press(page, "Send each three times")
    press(page, "Refuse cancellations")
    for words in (
        "events are lost",
        "events are sent 3 times",
        "requests to /v1/payment_intents/*/cancel are answered 503",
    ):
        says(page, words)
    client = shop.sandbox.client()
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.cancel(intent.id)
    press(page, "All well again")
    expect(page.get_by_text("On now:")).to_have_count(0)
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
    press(page, "Deliver again")
    says(page, "was delivered and answered 200.")
    page.get_by_text("Set faults exactly").click()
    page.get_by_label("sent so often").fill("2")
    press(page, "Set faults")
    says(page, "events are sent 2 times")


def test_one_object_among_many_is_found(page: Page, shop: Shop) -> None:
    client = shop.sandbox.client()
    wanted = client.v1.payment_intents.create({"amount": 3300, "currency": "usd", "metadata": {"booking": "the-first"}})
    for _ in range(26):
        client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    expect(page.locator(f"#{wanted.id}")).to_have_count(0)
    page.get_by_label("Find older ones").fill("The-First")
    press(page, "Find")
    expect(page.locator(f"#{wanted.id}")).to_contain_text("booking the-first")
    page.get_by_label("Find older ones").fill("no-such-thing")
    press(page, "Find")
    expect(page.get_by_text("Nothing has that in it.")).to_be_visible()


def test_everything_is_forgotten_on_demand(page: Page, shop: Shop) -> None:
    shop.sandbox.pay()
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    press(page, "Forget everything")
    says(page, "Everything is forgotten.")
    expect(page.get_by_role("heading", name="Payments")).to_have_count(0)


def test_a_bank_that_asks_in_its_own_app_ends_the_dialog(page: Page, shop: Shop) -> None:
    intent = shop.open(page)
    fill_card(page, "4000002760003184")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("dialog", name="Bank authentication")).to_be_visible()
    shop.sandbox.press("authenticate", {"payment_intent": intent.id, "outcome": "succeed"})
    page.wait_for_url("**redirect_status=succeeded")


def test_onboarding_is_one_press(page: Page, shop: Shop) -> None:
    client = shop.sandbox.client()
    given: Any = {
        "controller": {"stripe_dashboard": {"type": "express"}},
        "capabilities": {"transfers": {"requested": True}},
    }
    account = client.v1.accounts.create(given)
    back = f"{shop.url}/back"
    link = client.v1.account_links.create(
        {"account": account.id, "type": "account_onboarding", "return_url": back, "refresh_url": back}
    )
    page.goto(link.url)
    violations(page)
    page.get_by_role("button", name="Complete with a working bank account").click()
    page.wait_for_url(back)
    assert client.v1.accounts.retrieve(account.id).payouts_enabled is True


def test_an_account_is_paid_out_and_its_bank_sends_the_money_back(page: Page, shop: Shop) -> None:
    client = shop.sandbox.client()
    given: Any = {
        "controller": {"stripe_dashboard": {"type": "express"}},
        "capabilities": {"transfers": {"requested": True}},
    }
    account = client.v1.accounts.create(given)
    page.goto(f"{shop.sandbox.url}/_sandbox/")
    press(page, "Complete")
    says(page, "can be paid out now.")
    press(page, "Pay out")
    says(page, "Nothing is available there to pay out yet.")
    shop.sandbox.pay(method="pm_card_bypassPending")
    client.v1.transfers.create({"amount": 2000, "currency": "usd", "destination": account.id})
    page.reload()
    expect(page.locator(f"#{account.id}")).to_contain_text("has 20.00 USD")
    press(page, "Pay out")
    press(page, "Let it fail")
    says(page, "(payout of 20.00 USD): failed.")
    press(page, "Ask for more")
    says(page, "cannot be paid out now.")
