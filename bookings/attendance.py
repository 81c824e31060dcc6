"""Who was there: arithmetic on the stretches that the beats of the join page left. Reads nothing itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from bookings.models import Attendance, Booking
from bookings.slots import Span


@dataclass(frozen=True)
class Presence:
    """The stretches in which one person was on the join page within the planned session, apart and in order."""

    booking: Booking
    stretches: Sequence[Span]

    @property
    def length(self) -> timedelta:
        return sum((end - start for start, end in self.stretches), timedelta())

    @property
    def seconds(self) -> int:
        return int(self.length.total_seconds())

    @property
    def is_enough(self) -> bool:
        """Long enough to count as present (product.md §6)."""
        return self.length >= enough_for(self.booking)

    @property
    def is_none(self) -> bool:
        """Never there, not for one beat: what lets the other side's report decide by itself."""
        return not self.stretches


def enough_for(booking: Booking) -> timedelta:
    """How long somebody must have been there to count as present."""
    return min(
        timedelta(minutes=settings.ATTENDANCE_MIN_MINUTES),
        (booking.ends_at - booking.starts_at) / settings.ATTENDANCE_PARTS,
    )


def presence_in(booking: Booking, user_id: UUID, attendance: Iterable[Attendance]) -> Presence:
    """Lay one person's attendance over the planned time. Two open pages at once count once."""
    inside = sorted(
        (max(each.from_at, booking.starts_at), min(each.until_at, booking.ends_at))
        for each in attendance
        if each.user_id == user_id and each.from_at < booking.ends_at and each.until_at >= booking.starts_at
    )
    apart: list[tuple[datetime, datetime]] = []
    for start, end in inside:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    return Presence(booking, apart)
