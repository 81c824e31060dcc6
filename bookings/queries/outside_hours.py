"""What a mentor has said about sessions outside their hours, for the pages of the floor below."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from bookings.models import Booking, BookingEvent

KEPT = "kept_outside_hours"


def kept_among(bookings: Collection[Booking]) -> set[UUID]:
    """Which of these sessions their mentor keeps at the time that they have now. One query, none for none."""
    if not bookings:
        return set()
    said = BookingEvent.objects.filter(booking__in=[booking.pk for booking in bookings], name=KEPT)
    at: dict[UUID, set[datetime]] = {}
    for booking_id, data in said.values_list("booking_id", "data"):
        at.setdefault(booking_id, set()).add(datetime.fromisoformat(data["starts_at"]))
    return {booking.pk for booking in bookings if booking.starts_at in at.get(booking.pk, ())}
