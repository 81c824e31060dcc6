"""The weekly hours as they are typed: any number of blocks a day, kept however wrong they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from babel.dates import format_date
from django import forms
from django.utils.translation import gettext as _

from marketplace.common import formatting
from mentors.week import overlaps
from mentors.windows import Rule

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIMES = tuple(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(0, 24 * 60, 15))
TIME_CHOICES = [("", "–"), *((text, text) for text in TIMES)]
BLOCKS_MAX = 12
NEW_BLOCK = ("09:00", "17:00")
BLOCK_FIELD = re.compile(r"^(?P<day>[a-z]+)-(?P<number>\d{1,3})-(?P<end>start|end)$")
A_MONDAY = date(2024, 1, 1)

type Pair = tuple[str, str]


def weekday_in(weekday: int, pattern: str) -> str:
    """A weekday in the reader's language; Unicode's pattern: ``EEEE`` Tuesday, ``EEE`` Tue, ``EEEEE`` T."""
    return format_date(A_MONDAY + timedelta(days=weekday), pattern, locale=formatting.active_locale())


def day_name(weekday: int) -> str:
    return weekday_in(weekday, "EEEE")


@dataclass
class TypedDay:
    """One day's blocks as text. A day that is switched off keeps them until it is saved."""

    is_open: bool = False
    pairs: list[Pair] = field(default_factory=list)


class TypedWeek:
    """What stands in the form: from the saved rules, or from what was posted, blocks numbered anew."""

    def __init__(self, days: Mapping[str, TypedDay]) -> None:
        self.days = days

    @classmethod
    def from_rules(cls, rules: Sequence[Rule]) -> "TypedWeek":
        days = {name: TypedDay() for name in DAYS}
        for rule in sorted(rules):
            day = days[DAYS[rule.weekday]]
            day.is_open = True
            day.pairs.append((f"{rule.start:%H:%M}", f"{rule.end:%H:%M}"))
        return cls(days)

    @classmethod
    def from_post(cls, data: Mapping[str, str]) -> "TypedWeek":
        typed: dict[str, dict[int, dict[str, str]]] = {name: {} for name in DAYS}
        for name, value in data.items():
            found = BLOCK_FIELD.match(name)
            if found and found["day"] in typed:
                typed[found["day"]].setdefault(int(found["number"]), {})[found["end"]] = value
        return cls(
            {
                name: TypedDay(
                    is_open=f"{name}-open" in data,
                    pairs=[(pair.get("start", ""), pair.get("end", "")) for _n, pair in sorted(blocks.items())],
                )
                for name, blocks in typed.items()
            }
        )

    def add(self, name: str) -> None:
        """Add an empty block; to a day without any, the usual hours."""
        day = self.days.get(name)
        if day is not None and len(day.pairs) < BLOCKS_MAX:
            day.is_open = True
            day.pairs.append(("", "") if day.pairs else NEW_BLOCK)

    def remove(self, block: str) -> None:
        """Take ``monday-0`` away. A day without blocks is off."""
        name, _dash, number = block.partition("-")
        day = self.days.get(name)
        if day is not None and number.isdecimal() and int(number) < len(day.pairs):
            del day.pairs[int(number)]
            day.is_open = day.is_open and bool(day.pairs)

    def copy(self, name: str, others: Sequence[str]) -> None:
        """Give other days the blocks of one."""
        day = self.days.get(name)
        for other in others:
            if day is not None and other in self.days:
                self.days[other].is_open = day.is_open
                self.days[other].pairs = list(day.pairs)

    def as_data(self) -> dict[str, str]:
        data = {f"{name}-open": "on" for name, day in self.days.items() if day.is_open}
        for name, day in self.days.items():
            for number, (start, end) in enumerate(day.pairs):
                data |= {f"{name}-{number}-start": start, f"{name}-{number}-end": end}
        return data


class WeeklyHoursForm(forms.Form):
    """Checks a typed week; ``rules`` holds its blocks, those of closed days and empty ones left out.

    ``zones`` are the choices of the zone for a mentor who has named none yet.
    """

    def __init__(
        self, week: TypedWeek, *, bound: bool, zones: Sequence[Any] = (), time_zone: str = ""
    ) -> None:  # Any: grouped choices
        super().__init__({**week.as_data(), "time_zone": time_zone} if bound else None)
        self.week = week
        self.rules: list[Rule] = []
        if zones:
            self.fields["time_zone"] = forms.ChoiceField(
                label=_("Time zone of your hours"),
                choices=zones,
                initial=time_zone,
                help_text=_("Students see the hours in their own zone."),
                error_messages={"required": _("Choose the time zone that your hours are in.")},
            )
        for name, day in week.days.items():
            for number in range(len(day.pairs)):
                for end in ("start", "end"):
                    self.fields[f"{name}-{number}-{end}"] = forms.ChoiceField(choices=TIME_CHOICES, required=False)

    def clean(self) -> dict[str, Any]:  # Any: Django's own
        blocks: list[tuple[str, Rule]] = []
        for weekday, (name, day) in enumerate(self.week.days.items()):
            if not day.is_open:
                continue
            if not any(start or end for start, end in day.pairs):
                self.add_error(None, _("Add hours to %(day)s, or switch it off.") % {"day": day_name(weekday)})
            if len(day.pairs) > BLOCKS_MAX:
                self.add_error(None, _("%(day)s has too many blocks. Join some of them.") % {"day": day_name(weekday)})
            for number in range(len(day.pairs)):
                block = f"{name}-{number}"
                start, end = (self.cleaned_data.get(f"{block}-{part}") for part in ("start", "end"))
                if start and end:
                    blocks.append((block, Rule(weekday, time.fromisoformat(start), time.fromisoformat(end))))
                elif start:
                    self.add_error(f"{block}-end", _("Say until when this block goes."))
                elif end:
                    self.add_error(f"{block}-start", _("Say when this block begins."))
        self.rules = [rule for _block, rule in blocks]
        for earlier, later in overlaps(self.rules):
            other = self.rules[earlier]
            self.add_error(
                f"{blocks[later][0]}-start",
                _("This block overlaps %(day)s %(start)s–%(end)s. Change one of the two.")
                % {"day": day_name(other.weekday), "start": f"{other.start:%H:%M}", "end": f"{other.end:%H:%M}"},
            )
        return self.cleaned_data

    def rows(self) -> list[dict[str, Any]]:  # Any: template data
        """Shape the days for ``components/_hours_row.html``."""
        return [
            {
                "name": day_name(weekday),
                "prefix": name,
                "is_open": day.is_open,
                "next_day": weekday_in((weekday + 1) % 7, "EEE"),
                "ranges": [
                    {
                        "start": start,
                        "end": end,
                        "error": self._error(f"{name}-{n}"),
                        "note": ends_note(weekday, start, end),
                    }
                    for n, (start, end) in enumerate(day.pairs)
                ],
            }
            for weekday, (name, day) in enumerate(self.week.days.items())
        ]

    def _error(self, block: str) -> str:
        found = [*self.errors.get(f"{block}-start", []), *self.errors.get(f"{block}-end", [])]
        return " ".join(map(str, found))


def ends_note(weekday: int, start: str, end: str) -> str:
    """``until 01:00 Tue`` for a block that goes past midnight."""
    if start not in TIMES or end not in TIMES or end > start:
        return ""
    short = weekday_in((weekday + 1) % 7, "EEE")
    return _("until %(time)s %(day)s") % {"time": end, "day": short}
