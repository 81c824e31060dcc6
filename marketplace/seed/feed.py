"""What Amara of the demo was told, as the mails about her sessions would have put it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.models import Booking
from marketplace.common.formatting import day_at, money
from marketplace.common.models import Notification


def tell_of_sessions(*, past: Booking, coming: Sequence[Booking], cancelled: Booking, at: datetime) -> None:
    """Fill the feed of the student of these sessions; what was told up to yesterday has been read."""
    amara = past.student
    zone = ZoneInfo(amara.time_zone)
    lines: list[tuple[str, str, Booking, datetime]] = []
    for booking in (past, *coming, cancelled):
        name, when = booking.mentor.user.first_name, day_at(booking.starts_at, zone)
        paid = money(booking.price_minor, booking.currency)
        lines += [
            ("booking_confirmed", f"Booked: {name}, {when}", booking, booking.created_at),
            ("receipt", f"Receipt for {paid}, session with {name}", booking, booking.created_at),
        ]
    back = money(cancelled.price_minor, cancelled.currency)
    lines += [
        ("cancelled", f"Cancelled: {when}. {back} is on its way back", cancelled, at - timedelta(days=1)),
        ("refund_sent", f"Refund of {back} sent", cancelled, at - timedelta(hours=5)),
    ]
    Notification.objects.bulk_create(
        Notification(
            user=amara,
            event=event,
            title=title,
            path=f"/bookings/{booking.pk}/{'receipt/' if event == 'receipt' else ''}",
            created_at=told_at,
            read_at=told_at if told_at <= at - timedelta(days=1) else None,
        )
        for event, title, booking, told_at in lines
    )
