"""The week at a glance beside the hours: what is open, booked, off. Pure; shaped for ``components/_week_preview.html``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.common import formatting
from mentors.week import hours_text, open_minutes, room_for
from mentors.windows import Hours, Window, merge, subtract, windows_between

ONE_DAY = timedelta(days=1)
# Whatever the zone, the week that a moment lies in begins and ends this near to it.
NEAR = timedelta(days=8)
HALF_HOUR = 30
HALVES_A_DAY = 48
# Shown when nothing is open: a working day.
USUAL_HALVES = (16, 40)


class Span(Protocol):
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True)
class Piece:
    """A part of one local day, in half hours from its midnight."""

    day: int
    first: int
    last: int
    kind: str


@dataclass(frozen=True)
class Week:
    """Monday to Sunday in the zone of the hours."""

    monday: date
    zone: ZoneInfo
    # Cut at the week's two midnights, and as they are: a session over one of these lies inside hours that go on.
    windows: list[Window]
    whole: list[Window]
    sessions: Sequence[Span]
    days_off: frozenset[date]
    # What of the windows other calendars leave free.
    free: list[Window]

    @property
    def busy(self) -> list[Window]:
        """What of the windows is taken by other calendars; their busy times outside the hours are of no interest."""
        return subtract(self.windows, self.free)

    @property
    def days(self) -> list[date]:
        return [self.monday + number * ONE_DAY for number in range(7)]


def week_of(hours: Hours, *, at: datetime, sessions: Iterable[Span] = (), busy: Iterable[Window] = ()) -> Week:
    """Expand the week that ``at`` lies in, in the zone of the hours, cut at its two midnights.

    ``busy`` are the times that other calendars told of.
    """
    today = at.astimezone(hours.zone).date()
    monday = today - today.weekday() * ONE_DAY
    starts_at, ends_at = (
        datetime.combine(day, time(0), hours.zone).astimezone(UTC) for day in (monday, monday + 7 * ONE_DAY)
    )
    whole = windows_between(hours, starts_at, ends_at)
    windows = [Window(max(window.starts_at, starts_at), min(window.ends_at, ends_at)) for window in whole]
    off = {
        monday + number * ONE_DAY
        for number in range(7)
        for exception in hours.exceptions
        if exception.kind == "remove" and not exception.windows and exception.applies_to(monday + number * ONE_DAY)
    }
    within = [session for session in sessions if session.starts_at < ends_at and session.ends_at > starts_at]
    free = subtract(windows, merge(busy))
    return Week(monday, hours.zone, windows, whole, within, frozenset(off), free)


def is_inside(session: Span, windows: Iterable[Window]) -> bool:
    return any(window.starts_at <= session.starts_at and session.ends_at <= window.ends_at for window in windows)


def preview(week: Week) -> dict[str, Any]:  # Any: template data
    """Place the week's blocks on a grid of half hours, only as high as it needs to be."""
    pieces = [piece for window in week.windows for piece in _pieces(window, week, "open")]
    pieces += [piece for window in week.busy for piece in _pieces(window, week, "busy")]
    for session in week.sessions:
        kind = "booked" if is_inside(session, week.whole) else "outside"
        pieces += _pieces(session, week, kind)
    top = min((piece.first for piece in pieces), default=USUAL_HALVES[0]) // 2 * 2
    bottom = max((piece.last for piece in pieces), default=USUAL_HALVES[1])
    pieces += [Piece(week.days.index(day), top, bottom, "off") for day in sorted(week.days_off)]
    return {
        "description": describe(week),
        "has_busy": bool(week.busy),
        "dates": formatting.date_range(week.days[0], week.days[-1]),
        "heads": [format_date(day, "EEEEE", locale=formatting.active_locale()) for day in week.days],
        "hours": [{"row": half - top, "label": half // 2} for half in range(-(-top // 6) * 6, bottom, 6)],
        "blocks": [
            {"column": piece.day + 1, "row": piece.first - top, "span": piece.last - piece.first, "kind": piece.kind}
            for piece in pieces
        ],
    }


def _pieces(span: Span, week: Week, kind: str) -> Iterator[Piece]:
    """Cut a span at local midnights and round it out to half hours of the wall clock."""
    start, end = (moment.astimezone(week.zone).replace(tzinfo=None) for moment in (span.starts_at, span.ends_at))
    for number, day in enumerate(week.days):
        midnight = datetime.combine(day, time(0))
        first = max(start, midnight) - midnight
        last = min(end, midnight + ONE_DAY) - midnight
        if first < last:
            half = timedelta(minutes=HALF_HOUR)
            yield Piece(number, first // half, min(-(-last // half), HALVES_A_DAY), kind)


def describe(week: Week) -> str:
    """Say all of the preview in words, day by day."""
    sentences = []
    inside = [session for session in week.sessions if is_inside(session, week.whole)]
    outside = [session for session in week.sessions if session not in inside]
    for day in week.days:
        name = formatting.day(day, style="weekday")
        times = _times_on(day, week.windows, week.zone)
        if day in week.days_off:
            sentences.append(_("%(day)s: day off.") % {"day": name})
        elif times:
            sentences.append(_("%(day)s: open %(times)s.") % {"day": name, "times": times})
        else:
            sentences.append(_("%(day)s: not bookable.") % {"day": name})
        if taken := _times_on(day, week.busy, week.zone):
            sentences.append(_("Busy in your calendar: %(times)s.") % {"times": taken})
        if booked := _times_on(day, inside, week.zone):
            sentences.append(_("Booked: %(times)s.") % {"times": booked})
        if apart := _times_on(day, outside, week.zone):
            sentences.append(_("Booked outside these hours: %(times)s.") % {"times": apart})
    return " ".join(sentences)


def _times_on(day: date, spans: Iterable[Span], zone: ZoneInfo) -> str:
    """The times of what begins on a local day."""
    return ", ".join(
        formatting.time_range(span.starts_at, span.ends_at, zone)
        for span in spans
        if span.starts_at.astimezone(zone).date() == day
    )


def room_sentence(week: Week, *, minutes: int, break_minutes: int) -> str:
    """``26½ hours open, room for about 26 sessions with your 15-minute breaks.``, busy times of other calendars left out."""
    if not week.windows:
        return _("Nothing is open this week.")
    sentence = _room(week, minutes=minutes, break_minutes=break_minutes)
    if not week.busy:
        return sentence
    return _("%(sentence)s What is busy in your calendar is left out.") % {"sentence": sentence}


def _room(week: Week, *, minutes: int, break_minutes: int) -> str:
    opened = open_minutes(week.free)
    count = room_for(week.free, minutes=minutes, break_minutes=break_minutes)
    values = {"hours": hours_text(opened), "count": count, "break": break_minutes}
    if break_minutes:
        return (
            ngettext(
                "%(hours)s hours open, room for about %(count)d session with your %(break)d-minute breaks.",
                "%(hours)s hours open, room for about %(count)d sessions with your %(break)d-minute breaks.",
                count,
            )
            % values
        )
    return (
        ngettext(
            "%(hours)s hours open, room for about %(count)d session.",
            "%(hours)s hours open, room for about %(count)d sessions.",
            count,
        )
        % values
    )
