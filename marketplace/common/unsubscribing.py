"""Links that switch one kind of mail off without a sign-in, as RFC 8058 has it.

A link is signed with the site's key and does not expire: a mail may be read years later, and all that the link can do is
keep mail away. It names an account and an event, no address.
"""

from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from marketplace.common.events import EVENTS, Event

SALT = "unsubscribe"


class Unsubscribing(NamedTuple):
    user_id: UUID
    event: Event


def link_for(user_id: UUID, event: str) -> str:
    """The whole address of the page that switches an event's mail off for somebody."""
    token = signing.Signer(salt=SALT).sign(f"{user_id.hex}.{event}")
    return settings.SITE_URL + reverse("unsubscribe", urlconf=settings.PAGES_URLCONF, args=[token])


def read_token(token: str) -> Unsubscribing | None:
    """What a link is about; nothing where it is not ours, or the event can't be switched off any more."""
    try:
        user, _, name = signing.Signer(salt=SALT).unsign(token).partition(".")
    except signing.BadSignature:
        return None
    event = EVENTS.get(name)
    return Unsubscribing(UUID(user), event) if event and not event.is_essential else None
