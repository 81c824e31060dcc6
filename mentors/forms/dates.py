"""A dated exception as it is typed, for one date or a run of them."""

from collections.abc import Sequence
from datetime import date as Date  # noqa: N812  # a field is called ``date``, as in the contract
from datetime import time, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mentors.dates import LAST_DATE
from mentors.forms.hours import TIME_CHOICES, Pair
from mentors.week import overlaps_on_a_day
from mentors.windows import DatedException, Kind, WallWindow

BLOCKS = 3
DAYS_MAX = 92


class DateForm(forms.Form):
    """``exceptions()`` tells what it comes to. ``today`` is the date in the zone of the hours."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What changes?"),
        choices=[
            ("remove", gettext_lazy("Day off")),
            ("add", gettext_lazy("Extra hours")),
            ("replace", gettext_lazy("Other hours")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what changes on this date.")},
    )
    date = forms.DateField(
        label=gettext_lazy("Date"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("Enter the date."),
            "invalid": gettext_lazy("Enter a date such as 2026-12-06."),
        },
    )
    until = forms.DateField(
        label=gettext_lazy("Last date"),
        help_text=gettext_lazy("For several days in a row."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        required=False,
        error_messages={"invalid": gettext_lazy("Enter a date such as 2026-12-06.")},
    )
    yearly = forms.BooleanField(label=gettext_lazy("Repeat every year"), required=False)
    # What is being edited, so that it is replaced even if its dates or kind were changed: "add 2026-12-06 2026-12-08".
    instead_of = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, today: Date, pairs: Sequence[Pair] = (), **kwargs: Any) -> None:  # Any: Form's own
        super().__init__(*args, **kwargs)
        self.today = today
        for number in range(max(BLOCKS, len(pairs))):
            for part, chosen in zip(("start", "end"), pairs[number] if number < len(pairs) else ("", ""), strict=True):
                self.fields[f"windows-{number}-{part}"] = forms.ChoiceField(
                    choices=TIME_CHOICES, required=False, initial=chosen, widget=forms.Select
                )

    def clean(self) -> dict[str, Any]:  # Any: Django's own
        data = self.cleaned_data
        first, last = data.get("date"), data.get("until")
        if first and first < self.today and not data.get("yearly"):
            self.add_error("date", _("This date has passed. Choose today or a later one."))
        too_far = [name for name, day in (("date", first), ("until", last)) if day and day > LAST_DATE]
        for name in too_far:
            self.add_error(name, _("This date is too far ahead. Choose an earlier one."))
        if not too_far and first and last and not first <= last <= first + timedelta(days=DAYS_MAX - 1):
            self.add_error(
                "until",
                _("Choose a last date from the first one on, at most %(days)d days in all.") % {"days": DAYS_MAX},
            )
        self.windows = self._windows()
        if data.get("kind") in {"add", "replace"} and not self.windows and not self.errors:
            self.add_error("windows-0-start", _("Say from when until when."))
        if overlaps_on_a_day(self.windows):
            self.add_error("windows-0-start", _("These hours overlap each other. Change one of them."))
        return data

    def _windows(self) -> tuple[WallWindow, ...]:
        windows = []
        for number in range(len([name for name in self.fields if name.endswith("-start")])):
            start, end = (self.cleaned_data.get(f"windows-{number}-{part}") for part in ("start", "end"))
            if start and end:
                windows.append(WallWindow(time.fromisoformat(start), time.fromisoformat(end)))
            elif start or end:
                self.add_error(f"windows-{number}-{'end' if start else 'start'}", _("Say from when until when."))
        return tuple(windows)

    def exceptions(self) -> list[DatedException]:
        data = self.cleaned_data
        last = data["until"] or data["date"]
        days = (data["date"] + timedelta(days=number) for number in range((last - data["date"]).days + 1))
        return [DatedException(day, cast("Kind", data["kind"]), self.windows, data["yearly"]) for day in days]

    def replaced(self) -> list[tuple[Date, Kind]]:
        """What is being edited, if anything."""
        return read_places(self.cleaned_data["instead_of"])

    def blocks(self) -> list[dict[str, Any]]:  # Any: template data
        """The pairs of selects with the errors of both."""
        return [
            {"number": number + 1, "start": self[f"windows-{number}-start"], "end": self[f"windows-{number}-end"]}
            for number in range(len([name for name in self.fields if name.endswith("-start")]))
        ]


def read_place(text: str) -> tuple[Date, Kind] | None:
    """Read "add 2026-12-06"; None for anything else."""
    kind, _space, day = text.partition(" ")
    try:
        return (Date.fromisoformat(day), cast("Kind", kind)) if kind in {"add", "remove", "replace"} else None
    except ValueError:
        return None


def read_places(text: str) -> list[tuple[Date, Kind]]:
    """Read "add 2026-12-06 2026-12-08", a run from its first date to its last; nothing for anything else."""
    kind, _space, days = text.partition(" ")
    first, _space, last = days.partition(" ")
    begins, ends = read_place(f"{kind} {first}"), read_place(f"{kind} {last or first}")
    if begins is None or ends is None:
        return []
    length = min((ends[0] - begins[0]).days, DAYS_MAX - 1)
    return [(begins[0] + timedelta(days=number), begins[1]) for number in range(length + 1)]
