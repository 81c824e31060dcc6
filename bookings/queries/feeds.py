"""What a person's calendar feed holds."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from accounts.models import User
from bookings.models import Booking, CalendarFeed
from marketplace.common.libraries import loaded_when_used

sealing, fernet = loaded_when_used("accounts.sealing"), loaded_when_used("cryptography.fernet")

# A feed says what stands; what was called off is not in it any more.
SHOWN = (
    Booking.Status.CONFIRMED,
    Booking.Status.ENDED,
    Booking.Status.COMPLETED,
    Booking.Status.PROBLEM,
    Booking.Status.NO_SHOW_STUDENT,
    Booking.Status.NO_SHOW_MENTOR,
    Booking.Status.NO_SHOW_BOTH,
    Booking.Status.REFUNDED,
)


@dataclass(frozen=True)
class Feed:
    """Sessions in order, each with when anything last happened to it; ``changed_at`` when something of the whole did."""

    sessions: list[tuple[Booking, datetime]]
    changed_at: datetime


def hash_of(secret: str) -> str:
    """A plain hash is enough: the secret is random and longer than anyone can try."""
    return hashlib.sha256(secret.encode()).hexdigest()


def reader_of(secret: str) -> CalendarFeed | None:
    """Find whose feed a secret opens; nobody's where the account is locked. One query."""
    return CalendarFeed.objects.filter(secret_hash=hash_of(secret), user__is_active=True).select_related("user").first()


def feed_of(feed: CalendarFeed, *, at: datetime) -> Feed:
    """Read the coming sessions of a feed's owner and those of the last ``FEED_PAST_DAYS`` days. One query.

    Those called off only tell when that was.
    """
    since = at - timedelta(days=settings.FEED_PAST_DAYS)
    found = Booking.objects.of(feed.user).filter(starts_at__gte=since).exclude(confirmed_at=None)
    found = found.select_related("mentor__user", "student").order_by("starts_at", "pk")
    rows = [(row, vars(row)["happened_at"] or row.created_at) for row in found.annotate(happened_at=Max("events__at"))]
    return Feed(
        sessions=[(row, happened_at) for row, happened_at in rows if row.status in SHOWN],
        changed_at=max([feed.created_at, *(happened_at for _row, happened_at in rows)]),
    )


def feed_secret(user: User) -> str | None:
    """The secret of somebody's feed; None where they have none, ``""`` where it can't be read any more."""
    feed = CalendarFeed.objects.filter(user=user).first()
    if feed is None:
        return None
    try:
        return str(sealing.unseal(feed.sealed_secret))
    except fernet.InvalidToken:  # SECRET_KEY was changed and the old one thrown away; the address itself still works
        return ""
