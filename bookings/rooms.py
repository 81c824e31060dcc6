"""Where a session takes place: its mentor's own link, or a room of ours that only its two people can name."""

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from bookings.models import Booking

# Of the hash's 64 hexadecimal digits: 160 bits, far beyond guessing, and short enough for a meeting service's address.
ROOM_DIGITS = 40


def room_name(booking_id: UUID) -> str:
    """Name the room of a booking: its id under a key that is derived from ``SECRET_KEY`` for this alone.

    The id stands in addresses, mails and logs, so it must not open the room. What moves a session keeps its id, and with it
    the room; another booking of the same two people is another room.
    """
    return salted_hmac("bookings.rooms.room_name", booking_id.hex, algorithm="sha256").hexdigest()[:ROOM_DIGITS]


def meeting_url(booking: Booking) -> str:
    """Where its two people meet: the mentor's link for this session, their usual one, else a room of ours.

    For the join page alone, while it is open.
    """
    own = booking.meeting_url or booking.mentor.meeting_url
    return own or f"{settings.MEETING_BASE_URL.rstrip('/')}/{room_name(booking.pk)}"


def host_of(url: str) -> str:
    """The host that a link leads to, so that it can be said before it is followed."""
    return urlsplit(url).hostname or ""
