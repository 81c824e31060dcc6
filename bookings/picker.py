"""A week of starts as ``components/_slot_picker.html`` shows it."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.queries.slots import price_of
from bookings.queries.week import DAYS, Day, Week
from bookings.slots import Slot
from marketplace.common import formatting
from mentors.models import Package

type Data = dict[str, Any]  # Any: template data

NOTES = {15: gettext_lazy("say hello"), 45: gettext_lazy("one topic"), 90: gettext_lazy("deep work")}


def picker(
    week: Week,
    *,
    package: Package,
    packages: Sequence[Package],
    url: str,
    zone: ZoneInfo,
    zone_url: str,
    chosen: datetime | None,
) -> Data:
    chosen_slot = next((slot for slot in week.slots if slot.starts_at == chosen), None)
    earlier, later = week.first - timedelta(days=DAYS), week.last + timedelta(days=1)
    shown = chosen_slot or next(iter(week.slots), None)
    shown_day = shown.starts_at.astimezone(zone).date() if shown else None

    clock, span = _clocks(zone)

    def at(day: date) -> str:
        return f"{url}?{urlencode({'minutes': package.minutes, 'from': day.isoformat()})}"

    return {
        "url": url,
        "lengths": [length(each, is_checked=each.minutes == package.minutes) for each in packages],
        "week": {
            "title": formatting.date_range(week.first, week.last),
            "previous_url": "" if week.is_first or week.first <= week.today else at(max(earlier, week.today)),
            "next_url": at(later) if later <= week.horizon else "",
        },
        "days": [
            _day(day, today=week.today, shown=shown_day, chosen=chosen_slot, clock=clock, span=span)
            for day in week.days
        ],
        "zone": formatting.zone_label(zone, shown.starts_at if shown else _noon(week.first, zone)),
        "zone_url": zone_url,
        "notice": _cleared(chosen, week, zone, minutes=package.minutes) if chosen and not chosen_slot else "",
        "next_free": _next_free(week.next_slot, zone, at) if week.next_slot else None,
        "chosen": chosen_slot,
    }


def length(package: Package, *, is_checked: bool) -> Data:
    return {
        "minutes": package.minutes,
        "price": formatting.money(price_of(package), settings.CURRENCY, short=True),
        "note": NOTES.get(package.minutes, ""),
        "checked": is_checked,
    }


def _day(
    day: Day,
    *,
    today: date,
    shown: date | None,
    chosen: Slot | None,
    clock: Callable[[datetime], str],
    span: Callable[[Slot], str],
) -> Data:
    return {
        "name": format_date(day.date, "EEE", locale=formatting.active_locale()),
        "long": formatting.day(day.date, style="long"),
        "short": formatting.day(day.date),
        "number": formatting.day(day.date, style="number"),
        "is_today": day.date == today,
        "is_chosen": day.date == shown,
        "note": "",
        "starts": [
            {
                "id": f"{slot.starts_at:%Y%m%dT%H%MZ}",
                "value": formatting.utc_iso(slot.starts_at),
                "time": clock(slot.starts_at),
                "range": span(slot),
                "taken": False,
                "checked": slot is chosen,
            }
            for slot in day.slots
        ],
    }


def _clocks(zone: ZoneInfo) -> tuple[Callable[[datetime], str], Callable[[Slot], str]]:
    """Format times of day, each only once: a full week holds a few hundred starts at the same few quarters.

    In the hour that comes twice when clocks go back, a start says which of the two it means.
    """

    @cache
    def clock_at(local: time) -> str:
        return formatting.clock(_on_any_day(local), zone)

    @cache
    def span_at(start: time, end: time) -> str:
        return formatting.time_range(_on_any_day(start), _on_any_day(end), zone)

    def _on_any_day(local: time) -> datetime:
        return datetime.combine(date(2026, 1, 15), local, zone)

    def clock(moment: datetime) -> str:
        local = moment.astimezone(zone)
        return _which_pass(clock_at(local.time()), local, zone)

    def span(slot: Slot) -> str:
        local = slot.starts_at.astimezone(zone)
        return _which_pass(span_at(local.time(), slot.ends_at.astimezone(zone).time()), local, zone)

    return clock, span


def _which_pass(shown: str, local: datetime, zone: ZoneInfo) -> str:
    """Add the offset to a time that the clock shows twice."""
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return shown
    return f"{shown} {formatting.offset_label(zone, local)}"


def _cleared(chosen: datetime, week: Week, zone: ZoneInfo, *, minutes: int) -> str:
    """Say that a choice is gone: only where its day is shown, else it merely lies in another week."""
    if not week.first <= chosen.astimezone(zone).date() <= week.last:
        return ""
    return _("%(time)s has no room for %(minutes)d minutes. Pick another time.") % {
        "time": formatting.clock(chosen, zone),
        "minutes": minutes,
    }


def _next_free(slot: Slot, zone: ZoneInfo, at: Callable[[date], str]) -> Data:
    day = slot.starts_at.astimezone(zone).date()
    return {"label": _("Next: %(day)s") % {"day": formatting.day(day)}, "url": at(day)}


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(12), zone).astimezone(UTC)
