"""Mornings, evenings and weekends of one reader's zone, as spans of UTC."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from bookings.slots import Span

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class PartOfDay(TextChoices):
    MORNING = "morning", _("Mornings")
    AFTERNOON = "afternoon", _("Afternoons")
    EVENING = "evening", _("Evenings")
    WEEKEND = "weekend", _("Weekend")


HOURS = {PartOfDay.MORNING: (6, 12), PartOfDay.AFTERNOON: (12, 18), PartOfDay.EVENING: (18, 24)}


def wanted_times(parts: Collection[str], start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Tell the times of ``[start, end)`` that lie in any of ``parts``, in order and apart; all of it for no parts."""
    if start >= end:
        return []
    if not parts:
        return [(start, end)]
    found: list[Span] = []
    for opens, closes in _days(parts, start, end, zone):
        opens, closes = max(opens, start), min(closes, end)
        if opens >= closes:
            continue
        if found and opens <= found[-1][1]:
            found[-1] = (found[-1][0], closes)
        else:
            found.append((opens, closes))
    return found


def _days(parts: Collection[str], start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Span]:
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        midnight = datetime.combine(day, time(0), zone)
        if PartOfDay.WEEKEND in parts and day.weekday() >= SATURDAY:
            yield midnight.astimezone(UTC), datetime.combine(day + ONE_DAY, time(0), zone).astimezone(UTC)
        else:
            for part, (opens, closes) in HOURS.items():
                if part in parts:
                    # On the wall clock: 24 is the next midnight, however long the day is.
                    ends = (
                        datetime.combine(day + ONE_DAY, time(0), zone)
                        if closes == 24
                        else midnight.replace(hour=closes)
                    )
                    yield midnight.replace(hour=opens).astimezone(UTC), ends.astimezone(UTC)
        day += ONE_DAY
