"""Every mail, rendered with believable data: whole, plain, in its reader's zone, and the same in text and HTML.

``MAIL_PAGES=<folder>`` keeps the HTML of each there, to be looked at.
"""

import html
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from pytest_django import DjangoDbBlocker

from marketplace.common import mailing
from marketplace.common.events import EVENTS
from tests.access.world import put_back
from tests.mails.samples import all_mails

pytestmark = pytest.mark.django_db

type Mail = dict[str, Any]  # Any: the job's payload

CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b")
ZONE = re.compile(r"\bGMT[+-]\d")
# Names of what a template asked for and did not get, or what was left over of one.
LEFT_OVER = re.compile(r"{%|{{|\bNone\b|\bUndefined\b|<time|&amp;amp;|%\(\w+\)s|%[a-z]\b")
SUBJECTS = {
    "code": "418 229 is your Lantern code",
    "account_exists": "You already have an account",
    "new_sign_in": "New sign-in from Firefox on Windows",
    "password_changed": "Your password was changed",
    "welcome": "Find your first mentor",
    "booking_confirmed": "Booked: Ngozi, Thu 26 Nov at 18:30",
    "receipt": "Receipt for $33.00, session with Ngozi",
    "reminder_day": "Tomorrow at 19:30: Amara",
    "reminder_hour": "In 1 hour: Ngozi, 18:30",
    "moved": "Moved: Ngozi is now Thu 26 Nov at 18:30",
    "move_proposed": "Ngozi suggests Fri 27 Nov at 12:00",
    "cancelled": "Cancelled: Thu 26 Nov at 18:30. $33.00 is on its way back",
    "payment_failed": "Your session is not booked yet",
    "slot_gone_refunded": "That time was taken. You have been refunded",
    "refund_sent": "Refund of $33.00 sent",
    "dispute_opened": "A payment is being disputed",
    "how_was_it": "How was your session with Ngozi?",
    "student_absent": "Ngozi says you did not come",
    "problem_reported": "A problem was reported about Thu 26 Nov",
    "problem_decided": "Decided: $16.50 is on its way back",
    "new_review": "Amara left you a review",
    "message_digest": "2 new messages from Amara",
    "application_received": "We have your documents",
    "application_approved": "You are live. Students can book you now",
    "better_copy_needed": "One document needs another try",
    "application_refused": "About your application",
    "mentor_suspended": "Students cannot book you for now",
    "strike": "About your session on Thu 26 Nov",
    "document_expires": "Your linear algebra certificate expires on Mon 14 Dec",
    "no_hours": "You have no open hours next week",
    "payout_sent": "$284.00 is on its way",
    "payout_failed": "Your payout did not go through",
    "export_ready": "Your data is ready to download",
    "account_closed": "Your account is closed",
    "report_received": "We have your report R-7K3M2Q",
    "queue_late": "6 documents have waited over 24 hours",
}


@pytest.fixture(scope="module")
def mails(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, Mail]:
    with django_db_blocker.unblock(), put_back():
        found = all_mails()
    if folder := os.environ.get("MAIL_PAGES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, one in found.items():
            (Path(folder) / f"{name}.html").write_text(one["html"])
            (Path(folder) / f"{name}.txt").write_text(f"{one['subject']}\n\n{one['text']}")
    return found


def words_of(page: str) -> str:
    """The text of a mail's HTML, without its style sheet."""
    page = re.sub(r"<(style|title)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_all_are_here(mails: dict[str, Mail]) -> None:
    assert set(mails) == set(EVENTS)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_subject_is_the_one_of_the_design(mails: dict[str, Mail], name: str) -> None:
    assert mails[name]["subject"].replace("\u00a0", " ") == SUBJECTS[name]


@pytest.mark.parametrize("name", EVENTS)
def test_nothing_of_a_template_is_left_over(mails: dict[str, Mail], name: str) -> None:
    one = mails[name]
    for part in (one["subject"], one["text"], words_of(one["html"])):
        assert part.strip()
        assert not LEFT_OVER.search(part), part
    assert "\n\n\n" not in one["text"]
    assert len(one["subject"]) <= 90
    assert "<img" not in one["html"]
    assert one["html"].count('class="button"') <= 1
    assert one["html"].count("<h1") <= 1


@pytest.mark.parametrize("name", EVENTS)
def test_a_mail_that_names_a_time_names_its_zone(mails: dict[str, Mail], name: str) -> None:
    """By city and offset on that date, in the text and in the HTML."""
    one = mails[name]
    for part in (one["text"], words_of(one["html"])):
        if CLOCK.search(part):
            assert ZONE.search(part), part


@pytest.mark.parametrize("name", EVENTS)
def test_text_and_html_lead_to_the_same_places(mails: dict[str, Mail], name: str) -> None:
    one = mails[name]
    button = re.search(r'class="button"[^>]*href="([^"]+)"|href="([^"]+)"[^>]*class="button"', one["html"])
    if button:
        address = html.unescape(button[1] or button[2]).partition("?")[0]
        assert address in one["text"]
    assert one["unsubscribe"] == "" if EVENTS[name].is_essential else one["unsubscribe"] in one["text"]
    assert EVENTS[name].is_essential or one["unsubscribe"] in html.unescape(one["html"])


@pytest.mark.parametrize("name", EVENTS)
def test_it_goes_out_with_its_event_in_two_forms(mails: dict[str, Mail], name: str) -> None:
    mailing.deliver(mails[name] | {"still": None, "good_until": None})
    [message] = mail.outbox
    sent = message.message()
    assert sent["X-Event"] == name
    assert (sent["List-Unsubscribe"] is None) == EVENTS[name].is_essential
    kinds = [part.get_content_type() for part in sent.walk()]
    assert kinds.count("text/plain") == kinds.count("text/html") == 1
