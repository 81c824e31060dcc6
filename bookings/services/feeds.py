"""The secret address of a person's feed: made, made anew, taken away."""

import secrets

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.models import CalendarFeed
from bookings.queries.feeds import hash_of
from marketplace.common.libraries import loaded_when_used

sealing = loaded_when_used("accounts.sealing")  # cryptography, 7 MB

SECRET_BYTES = 32


def renew_feed(*, by: User) -> CalendarFeed:
    """Give somebody a feed, or their feed another address; the old one ends at once."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    values = {"secret_hash": hash_of(secret), "sealed_secret": sealing.seal(secret), "created_at": timezone.now()}
    with transaction.atomic():
        return CalendarFeed.objects.update_or_create(user=by, defaults=values)[0]


def close_feed(*, by: User) -> None:
    """Take somebody's feed away. Safe to repeat."""
    CalendarFeed.objects.filter(user=by).delete()
