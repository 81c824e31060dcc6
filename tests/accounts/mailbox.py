"""Reads the mails that a test's requests have caused."""

import re

from django.core import mail
from django.core.mail import EmailMessage

from tests.jobs import run_jobs


def mails_to(address: str) -> list[EmailMessage]:
    run_jobs("deliver_mail")
    return [message for message in mail.outbox if message.to == [address]]


def events_to(address: str) -> list[str]:
    """The ``X-Event`` of each mail to an address, oldest first."""
    return [message.extra_headers["X-Event"] for message in mails_to(address)]


def code_to(address: str) -> str:
    """The newest code that an address was sent, as its owner would type it."""
    codes = [message for message in mails_to(address) if message.extra_headers["X-Event"] == "code"]
    found = re.match(r"(\d{3} \d{3}) is your Lantern code$", str(codes[-1].subject))
    assert found, codes[-1].subject
    return found[1]
