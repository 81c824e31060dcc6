"""One list of what people are told: its rows, the mails, the switches, and the list of the documents are the same."""

import re

import pytest
from django.conf import settings
from django.urls import get_resolver

from marketplace.common.events import EVENTS, Event, event_of, switches_of

FOLDER = settings.BASE_DIR / "templates" / "emails"
MAILS = {path.name for path in FOLDER.iterdir() if path.is_dir()}
APPS = ("accounts", "uploads", "mentors", "bookings", "payments", "chat")

# The table of the design: which mails there are, and which of them can't be switched off (True).
DESIGN = {
    "code": True,
    "account_exists": True,
    "new_sign_in": True,
    "password_changed": True,
    "email_changed": True,
    "sign_in_method_changed": True,
    "welcome": False,
    "booking_confirmed": True,
    "receipt": True,
    "reminder_day": False,
    "reminder_hour": False,
    "moved": True,
    "move_proposed": True,
    "cancelled": True,
    "payment_failed": True,
    "slot_gone_refunded": True,
    "refund_sent": True,
    "dispute_opened": True,
    "how_was_it": False,
    "problem_reported": True,
    "problem_decided": True,
    "new_review": False,
    "message_digest": False,
    "application_received": False,
    "application_approved": False,
    "better_copy_needed": False,
    "application_refused": False,
    "mentor_suspended": True,
    "strike": True,
    "document_expires": False,
    "no_hours": False,
    "payout_sent": True,
    "payout_failed": True,
    "export_ready": True,
    "account_closed": True,
    "queue_late": False,
}
# What came on top: answers to the above, and what ends them.
BESIDE = {
    "account_unknown", "move_kept", "dispute_closed", "payouts_needed", "strike_decided", "mentor_reinstated",
    "suspension_stands", "application_changes_requested", "calendar_unreadable", "clocks_change", "report_received",
    "support_asked", "student_absent",
}  # fmt: skip


def test_every_mail_has_a_row_and_every_row_a_mail() -> None:
    assert set(EVENTS) == MAILS


def test_every_mail_of_the_design_is_there_and_as_essential_as_it_says() -> None:
    assert {name: EVENTS[name].is_essential for name in DESIGN} == DESIGN
    assert set(EVENTS) == set(DESIGN) | BESIDE


def test_every_event_is_caused_somewhere_by_its_full_name() -> None:
    texts = [path.read_text() for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    assert sorted(name for name in EVENTS if not any(f'"{name}"' in text for text in texts)) == []


def test_every_sent_mail_has_a_row() -> None:
    """Which a request would find out only when it causes the mail."""
    sends = re.compile(r"\b(?:send|Mail)\(\s*f?\"([a-z0-9_{}]+)\",")
    texts = [path.read_text() for app in APPS for path in (settings.BASE_DIR / app).rglob("*emails.py")]
    named = {name for text in texts for name in sends.findall(text)}
    assert len(named) > 30
    assert named <= set(EVENTS)


@pytest.mark.parametrize("event", [e for e in EVENTS.values() if e.is_in_feed], ids=lambda event: event.name)
def test_every_line_of_the_feed_leads_to_a_page(event: Event) -> None:
    resolver = get_resolver(settings.PAGES_URLCONF)
    for way in (event.leads_to, *event.leads_role_to.values()):
        *spaces, name = way.split()[0].split(":")
        here = resolver
        for space in spaces:
            _prefix, here = here.namespace_dict[space]
        assert name in here.reverse_dict, way
    assert set(event.leads_role_to) <= set(event.to)


@pytest.mark.parametrize("role", ["student", "mentor", "admin"])
def test_nobody_is_offered_a_switch_for_what_they_never_get(role: str) -> None:
    offered = switches_of(role)
    assert offered
    assert all(role in event.to and event.switch for event in offered)


def test_an_account_without_a_role_has_no_switches() -> None:
    assert switches_of("") == []


def test_the_icons_of_the_feed_are_in_the_sprite() -> None:
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    assert [event.name for event in EVENTS.values() if event.icon and f'id="{event.icon}"' not in sprite] == []


def test_a_mail_without_a_row_is_refused_by_name() -> None:
    with pytest.raises(LookupError, match="smoke_signal"):
        event_of("smoke_signal")
    assert event_of("code").name == "code"
