"""The public page of rules prints every number of docs/product.md, as the settings say it."""

import html
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from marketplace.pages import public_rules

pytestmark = pytest.mark.django_db

TEMPLATE = settings.BASE_DIR / "templates" / "help" / "how-it-works.html"

# Said in other words: by a tag of its own, or on another page.
ELSEWHERE = {"SESSION_MINUTES", "UPLOAD_MAX_BYTES", "UPLOAD_TYPES", "SELLER_NAME", "SELLER_ADDRESS", "SELLER_TAX_ID"}

SENTENCES = [
    "A session lasts 15, 45 or 90 minutes",
    "between $12.00 and $1,000.00",
    "No session costs less than $3.00",
    "Of it 15% is our fee",
    "Sessions start every 15 minutes",
    "notice of 1 hour to 3 days before a start; 4 hours unless they chose otherwise",
    "You can book 60 days ahead, 80 at most",
    "a break of 0, 5, 10, 15, 30 minutes between sessions; 0 unless they chose otherwise",
    "held for 15 minutes while you pay",
    "You can add 10 minutes, once.",
    "Another 5 minutes are added by themselves, once,",
    "You can hold 3 times at once, 1 per mentor",
    "free for others within 1 second; a payment that was begun for it is called off within 30 seconds",
    "the 3 nearest free times",
    "at least 15 minutes ahead; otherwise all of it is sent back within 1 minute",
    "Within 30 minutes of the confirmation, and with 2 hours or more to go",
    "twice at most, to a time within 80 days of your payment",
    "You have 1 day, and until 2 hours before the old start",
    "The mentor is paid 2 days after the planned end",
    "A problem can be reported for 14 days. The other side answers within 3 days",
    "we ask both after 2 days; after 7 days support decides",
    "present after 15 minutes on the session page, or after 1/3 of the length",
    "every 30 seconds that you are there, until 15 minutes after the end; what it says at most 90 seconds apart",
    "A completed session can be reviewed for 14 days, and the review changed for 2 days. The mentor may answer once.",
    "cancels less than 1 day before gets 1 strike. One who does not come gets 3. Strikes are kept for 90 days.",
    "At 3 strikes there is a warning. At 5 nobody finds the mentor for 7 days. At 8 nobody finds the mentor for 30 days.",
    "Each of these waits 2 days",
    "Everyone here is 18 or over",
    "a sign-in no older than 10 minutes",
    "PDF, JPEG or PNG, 10 MB at most",
    "You have 5 minutes to send a file and 1 day to hand it in",
    "A link to a private file is good for 1 minute",
    "deleted 30 days after the decision, or 90 days after it was sent",
    "a copy of your data, and for the next one 1 day later. Each can be fetched for 7 days",
    "You and a mentor share 1 conversation",
    "up to 4,000 characters and 5 files, and can be edited for 5 minutes. A file that no message took is deleted after 7 days",
    "reminded of a session 1 day and 1 hour before it",
    "nobody has read for 10 minutes is told by mail",
    "told 30 days and 7 days before a certificate expires. Our reviewers are told of documents that have waited for 1 day",
    "notifications for 365 days",
    "above $500.00, needs a second person",
    "up to 262,144 bytes, no more than 5 minutes old or ahead",
    "wait for it for 10 seconds",
    "Every 5 minutes we ask about each payment that has been open for 2 minutes",
    "settled after 3 such rounds",
]

LIMITS = {
    "Failed sign-ins, per account": "10 in 5 minutes",
    "Sign-ins, per address": "30 in 5 minutes",
    "Sign-ups, per address": "20 in 1 hour",
    "Password resets": "5 in 1 hour",
    "Sending an application": "5 in 1 hour",
    "Uploads": "30 in 1 hour",
    "Messages": "20 in 1 minute",
    "New conversations, before the first paid session": "5 in 1 day",
    "Holding a time": "10 in 1 hour",
    "Trying to hold a time": "60 in 1 minute",
    "Declined cards": "5 in 1 hour",
}

POLICIES = {
    "Flexible": "100% until 12 hours before, 50% until 2 hours before, then 0%",
    "Standard": "100% until 1 day before, 50% until 2 hours before, then 0%",
    "Strict": "100% until 1 day before, then 0%",
}


@pytest.fixture
def page(client: Client) -> str:
    return words(client.get(reverse("help-how-it-works")).text)


def words(page: str) -> str:
    """The text of a page, without its marks, one space between words."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")
    return re.sub(r"\s+([.,;:])", r"\1", re.sub(r"\s+", " ", text)).replace(" %", "%")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_number_of_the_product_is_said(page: str, sentence: str) -> None:
    assert sentence in page


@pytest.mark.parametrize(("name", "said"), [*LIMITS.items(), *POLICIES.items()])
def test_every_limit_and_policy_is_said(page: str, name: str, said: str) -> None:
    assert f"{name} {said}" in page


def test_no_number_of_the_settings_is_left_out() -> None:
    template = TEMPLATE.read_text()
    numbers = public_rules()
    missing = {name for name in numbers if not re.search(rf"\brules\.{name}\b", template)}
    assert missing == ELSEWHERE
    assert {name for name in numbers["RATE_LIMITS"] if f"rules.RATE_LIMITS.{name}|rate" not in template} == set()


def test_the_page_holds_no_number_of_its_own(page: str) -> None:
    """Outside tags and marks the template has no digit, so that no number can be other than the settings'."""
    template = TEMPLATE.read_text()
    text = re.sub(r"<[^>]+>", " ", re.sub(r"{%.*?%}|{{.*?}}", " ", template, flags=re.DOTALL))
    assert re.findall(r"\d+", text) == ["1"]  # "1/3 of the length"


def test_another_number_in_the_settings_is_another_on_the_page(client: Client, settings: Any) -> None:
    settings.STRIKE_APPEAL_HOURS = 30
    settings.MOVES_MAX = 4
    settings.SESSION_MINUTES = (20, 40)
    page = words(client.get(reverse("help-how-it-works")).text)
    assert "Each of these waits 30 hours" in page
    assert "4 times at most" in page
    assert "A session lasts 20 or 40 minutes" in page
