"""Reads of this app that other apps and pages need."""

from datetime import time
from typing import cast
from zoneinfo import ZoneInfo

from mentors.models import Mentor
from mentors.windows import DatedException, Hours, Kind, Rule, WallWindow


def hours_of(mentor: Mentor) -> Hours:
    """Read a mentor's hours as plain values for ``windows_between``.

    Two queries, or none where ``availability_rules`` and ``availability_exceptions`` were prefetched. A mentor who has
    not named a zone yet has no hours either; UTC stands in.
    """
    return Hours(
        zone=ZoneInfo(mentor.time_zone or "UTC"),
        rules=tuple(Rule(rule.weekday, rule.start, rule.end) for rule in mentor.availability_rules.all()),
        exceptions=tuple(
            DatedException(row.date, cast("Kind", row.kind), wall_windows(row.windows), row.yearly)
            for row in mentor.availability_exceptions.all()
        ),
    )


def wall_windows(stored: list[list[str]]) -> tuple[WallWindow, ...]:
    """Read the windows that an exception keeps: ``[["09:00", "12:30"], …]``."""
    return tuple(WallWindow(time.fromisoformat(start), time.fromisoformat(end)) for start, end in stored)
