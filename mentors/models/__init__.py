"""Mentors and what belongs to them."""

from mentors.models.calendars import BusyTime, CalendarImport
from mentors.models.hours import QUARTERS, AvailabilityException, AvailabilityRule
from mentors.models.profiles import Level, Mentor, MentorQuerySet, MentorSubject, Package, Policy, Subject
from mentors.models.review import (
    MentorEvent,
    SuspensionAppeal,
    SuspensionAppealQuerySet,
    VerificationDocument,
    still_good,
)

__all__ = [
    "QUARTERS",
    "AvailabilityException",
    "AvailabilityRule",
    "BusyTime",
    "CalendarImport",
    "Level",
    "Mentor",
    "MentorEvent",
    "MentorQuerySet",
    "MentorSubject",
    "Package",
    "Policy",
    "Subject",
    "SuspensionAppeal",
    "SuspensionAppealQuerySet",
    "VerificationDocument",
    "still_good",
]
