"""JSON of the application and of the availability, in and out."""

import re
from datetime import date as Date  # noqa: N812  # a field of the contract is called ``date``
from datetime import time
from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from marketplace.common.schemas import In, Out
from mentors.windows import DatedException, Rule, WallWindow

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _from_clock(value: object) -> object:
    """Read ``09:15`` as it stands in bodies and nothing else; times pass, as they come from our own rows."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not CLOCK.fullmatch(value):
        raise ValueError(_("must be a time of day such as 09:00"))
    return time.fromisoformat(value)


def _on_a_quarter(value: time) -> time:
    if value.minute % settings.GRID_MINUTES:
        raise ValueError(_("must be on a quarter of an hour, such as 09:15"))
    return value


# A time of day on the wall clock, ``09:15``, in steps of 15 minutes.
Clock = Annotated[
    time,
    BeforeValidator(_from_clock),
    AfterValidator(_on_a_quarter),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str),
]
Slug = Annotated[str, Field(max_length=40)]


class PackageIn(In):
    minutes: Literal[15, 45, 90]
    price_minor: int | None = None


def _each_length_once(packages: list[PackageIn] | None) -> list[PackageIn] | None:
    if packages is not None and len({package.minutes for package in packages}) != len(packages):
        raise ValueError(_("must name each length once"))
    return packages


class OnboardingIn(In):
    headline: Annotated[str, Field(max_length=90)] = ""
    bio: Annotated[str, Field(max_length=2_000)] = ""
    subjects: Annotated[list[Slug], Field(max_length=20)] = []
    languages: Annotated[list[Slug], Field(max_length=20)] = []
    levels: Annotated[list[Literal["school", "university", "career"]], Field(max_length=3)] = []
    time_zone: Annotated[str, Field(max_length=64)] = ""
    hourly_rate_minor: int | None = None
    packages: Annotated[list[PackageIn], Field(max_length=3), AfterValidator(_each_length_once)] = []


class PackageOut(Out):
    minutes: int
    price_minor: int | None


class DocumentOut(Out):
    id: UUID
    kind: str
    subject: str | None
    status: str
    reason: str | None
    note: str | None


class OnboardingOut(Out):
    headline: str
    bio: str
    subjects: list[str]
    languages: list[str]
    levels: list[str]
    time_zone: str
    hourly_rate_minor: int | None
    packages: list[PackageOut]
    status: str
    version: int
    documents: list[DocumentOut]


class WeeklyWindow(In):
    weekday: Annotated[int, Field(ge=0, le=6)]
    start: Clock
    end: Clock

    def rule(self) -> Rule:
        return Rule(self.weekday, self.start, self.end)


class DayWindow(In):
    start: Clock
    end: Clock


class ExceptionIn(In):
    date: Date
    kind: Literal["add", "remove", "replace"]
    windows: Annotated[list[DayWindow], Field(max_length=12)] = []
    yearly: bool = False

    def exception(self) -> DatedException:
        windows = tuple(WallWindow(window.start, window.end) for window in self.windows)
        return DatedException(self.date, self.kind, windows, self.yearly)


class AvailabilityIn(In):
    time_zone: Annotated[str, Field(max_length=64)] = ""
    weekly: Annotated[list[WeeklyWindow], Field(max_length=100)] = []
    exceptions: Annotated[list[ExceptionIn], Field(max_length=500)] = []
    notice_hours: Annotated[int, Field(ge=settings.NOTICE_HOURS_MIN, le=settings.NOTICE_HOURS_MAX)] = (
        settings.NOTICE_HOURS_DEFAULT
    )
    break_minutes: Literal[0, 5, 10, 15, 30] = 0
    horizon_days: Annotated[int, Field(ge=1, le=settings.HORIZON_DAYS_MAX)] = settings.HORIZON_DAYS_DEFAULT
    day_cap: Annotated[int, Field(ge=1, le=96)] | None = None
    policy: Literal["flexible", "standard", "strict"] = "standard"
    paused: bool = False


class AvailabilityOut(Out):
    time_zone: str
    weekly: list[WeeklyWindow]
    exceptions: list[ExceptionIn]
    notice_hours: int
    break_minutes: int
    horizon_days: int
    day_cap: int | None
    policy: str
    paused: bool
