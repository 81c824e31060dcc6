"""Dated exceptions as a list to read: neighbours that are alike stand as one entry. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from mentors.windows import DatedException

ONE_DAY = timedelta(days=1)
# Nobody plans further ahead, and at the very end of the calendar there is no next day to reckon with.
LAST_DATE = date(2199, 12, 31)


@dataclass(frozen=True)
class Run:
    """One exception, or the same one on several days in a row."""

    exceptions: tuple[DatedException, ...]
    # The next time that the first of them comes round.
    next_on: date

    @property
    def first(self) -> DatedException:
        return self.exceptions[0]

    @property
    def last(self) -> DatedException:
        return self.exceptions[-1]

    @property
    def last_on(self) -> date:
        return self.next_on + (len(self.exceptions) - 1) * ONE_DAY

    @property
    def places(self) -> list[str]:
        """What names its exceptions in a form: "remove 2026-12-06"."""
        return [f"{each.kind} {each.on}" for each in self.exceptions]

    @property
    def times(self) -> str:
        return ", ".join(f"{window.start:%H:%M}–{window.end:%H:%M}" for window in self.first.windows)


def runs(exceptions: Iterable[DatedException], *, today: date) -> list[Run]:
    """Group what is still to come, in the order in which it comes."""
    groups: list[list[DatedException]] = []
    for each in sorted(exceptions, key=lambda each: (each.kind, each.yearly, each.on)):
        if groups and _continues(groups[-1][-1], each):
            groups[-1].append(each)
        else:
            groups.append([each])
    found = [Run(tuple(group), next_date(group[0], today)) for group in groups]
    return sorted((run for run in found if run.last_on >= today), key=lambda run: (run.next_on, run.first.kind))


def next_date(exception: DatedException, today: date) -> date:
    """When it holds next: its own date, or for a yearly one the next of its days that exists."""
    if not exception.yearly or exception.on >= today:
        return exception.on
    year = today.year
    while True:
        try:
            day = exception.on.replace(year=year)
        except ValueError:  # 29 February
            day = date.min
        if day >= today:
            return day
        year += 1


def _continues(before: DatedException, after: DatedException) -> bool:
    return after.on - before.on == ONE_DAY and (before.kind, before.yearly, before.windows) == (
        after.kind,
        after.yearly,
        after.windows,
    )
