"""Addresses that a mail server has refused for good: what goes there, and what makes it good again.

More mail to an address that is not there harms everybody else's: mail servers think the less of who keeps trying.
"""

import re
from collections.abc import Mapping
from email.utils import parseaddr

from django.utils import timezone

from marketplace.common.logging import get_logger
from marketplace.common.models import RefusedAddress

log = get_logger(__name__)

# RFC 3463: 5.7 is about policy, which is to say about us, not about the address.
OUR_FAULT = re.compile(r"\b5\.7\.\d{1,3}\b")
REPLY_MAX = 300


def refusal_of(address: str) -> RefusedAddress | None:
    """When and how an address was refused; nothing if mail goes there."""
    return RefusedAddress.objects.filter(address=address.lower()).first()


def note_refusals(recipients: Mapping[str, tuple[int, bytes]]) -> None:
    """Take in what a server said of the recipients of a mail, as ``smtplib`` tells it. Safe to repeat.

    A refusal by the server's policy stops nothing: the fault is then ours, and everybody's mail would stop with it.
    """
    for recipient, (code, said) in recipients.items():
        reply = said.decode("utf-8", "replace")
        if OUR_FAULT.search(reply):
            log.error("mail_refused_by_policy", code=code)
            continue
        RefusedAddress.objects.update_or_create(
            address=(parseaddr(recipient)[1] or recipient).lower(),
            defaults={"at": timezone.now(), "code": code, "reply": reply[:REPLY_MAX]},
        )


def try_again(address: str) -> None:
    """Send mail to an address again: it has taken one, or its owner asks for it. Safe to repeat."""
    RefusedAddress.objects.filter(address=address.lower()).delete()
