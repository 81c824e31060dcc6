"""Reads of this app that its pages and other apps need."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mentors.errors import Fault
from mentors.models import CalendarImport, Mentor, MentorSubject, Package, Subject, VerificationDocument
from mentors.signals import payouts_wanted, sessions_wanted
from mentors.windows import DatedException, Hours, Rule, WallWindow, Window
from uploads.models import Upload

SENT_STATUSES = (
    VerificationDocument.Status.WAITING,
    VerificationDocument.Status.APPROVED,
    VerificationDocument.Status.REFUSED,
)


@dataclass(frozen=True)
class Session:
    """A booked session as the app above tells of it, for the pages of its mentor. Aware UTC."""

    starts_at: datetime
    ends_at: datetime
    student: str
    url: str
    # The page that joins it, while its room is open.
    join_url: str = ""
    # What can be done about one outside the hours; ``is_kept`` once its mentor has said that it stays.
    move_url: str = ""
    cancel_url: str = ""
    keep_url: str = ""
    is_kept: bool = False


@dataclass(frozen=True)
class Payouts:
    """How far a mentor is with being paid, as the app above tells of it. ``warning`` is empty where nothing is to be done."""

    url: str
    status: str
    is_ready: bool = False
    is_begun: bool = False
    warning: str = ""


@dataclass(frozen=True)
class Application:
    """A mentor with all that their application is made of."""

    mentor: Mentor
    subjects: list[MentorSubject]
    packages: list[Package]
    documents: list[VerificationDocument]
    has_hours: bool

    @property
    def missing(self) -> list[Fault]:
        """What keeps the application from being sent, field by field."""
        has_id = any(is_sent_id(document) for document in self.documents)
        return missing_from_profile(self.mentor, teaches=bool(self.subjects)) + missing_id(has_id=has_id)


def application_of(mentor: Mentor) -> Application:
    """Read an application in four queries, whatever its size; of the documents, those that arrived and are not taken back."""
    return Application(
        mentor=mentor,
        subjects=list(mentor.mentor_subjects.select_related("subject").order_by("subject__name", "pk")),
        packages=list(mentor.packages.order_by("minutes")),
        documents=list(
            mentor.documents.filter(status__in=SENT_STATUSES).select_related("subject").order_by("created_at", "pk")
        ),
        has_hours=mentor.availability_rules.exists(),
    )


def missing_parts(mentor: Mentor) -> list[Fault]:
    """What a submission still needs."""
    return application_of(mentor).missing


def missing_from_profile(mentor: Mentor, *, teaches: bool) -> list[Fault]:
    parts = [
        Fault("headline", _("Write a headline: one line that says what you teach and how.")),
        Fault("bio", _("Write a few sentences about yourself.")),
        Fault("subjects", _("Choose at least one subject.")),
        Fault("time_zone", _("Choose the time zone that your hours are in.")),
        Fault("hourly_rate_minor", _("Set your hourly rate.")),
    ]
    there = (mentor.headline, mentor.bio, teaches, mentor.time_zone, mentor.hourly_rate_minor)
    return [part for part, value in zip(parts, there, strict=True) if not value]


def missing_id(*, has_id: bool) -> list[Fault]:
    return [] if has_id else [Fault("documents", _("Send a photo or scan of a government ID."))]


def is_sent_id(document: VerificationDocument) -> bool:
    return document.kind == VerificationDocument.Kind.GOVERNMENT_ID and document.status in {
        VerificationDocument.Status.WAITING,
        VerificationDocument.Status.APPROVED,
    }


def documents_of(mentor: Mentor) -> list[VerificationDocument]:
    """Read all that a mentor has ever sent, with its files, the newest first."""
    return list(mentor.documents.select_related("upload", "subject").order_by("-created_at", "-pk"))


def expiring_documents(mentor: Mentor, *, by: date) -> list[VerificationDocument]:
    """Read the certificates that lose their mark by a date, the first to expire first."""
    approved = mentor.documents.filter(
        kind=VerificationDocument.Kind.CERTIFICATE, status=VerificationDocument.Status.APPROVED, expires_on__lte=by
    )
    return list(approved.select_related("subject").order_by("expires_on", "pk"))


def photo_url(sha256: str) -> str:
    """The public address of a profile photo, which names the photo's content and so never changes."""
    return reverse("mentors:photo", args=[sha256]) if sha256 else ""


def own_photo_url(mentor: Mentor) -> str:
    return photo_url(mentor.photo.sha256) if mentor.photo else ""


def calendars_of(mentor: Mentor) -> list[CalendarImport]:
    """Read a mentor's imported calendars in the order they were added, each with ``busy_count``: its times yet to come."""
    ahead = Count("busy_times", filter=Q(busy_times__ends_at__gt=timezone.now()))
    return list(mentor.calendars.annotate(busy_count=ahead).order_by("added_at", "pk"))


def unreadable_calendars(mentor: Mentor) -> list[CalendarImport]:
    """Read the calendars that could not be read often enough to be told of, in the order they were added."""
    return list(mentor.calendars.filter(failures__gte=CalendarImport.TELL_AT).order_by("added_at", "pk"))


def busy_between(mentor: Mentor, starts_at: datetime, ends_at: datetime) -> list[Window]:
    """Read the busy times that other calendars told of, as they were kept; they may overlap. One query."""
    near = mentor.busy_times.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    return [Window(*span) for span in near.order_by("starts_at", "pk").values_list("starts_at", "ends_at")]


def public_photo(sha256: str) -> Upload | None:
    """Find the photo that a mentor shows under this hash."""
    shown = Mentor.objects.filter(photo__sha256=sha256, photo__status=Upload.Status.READY).select_related("photo")
    mentor = shown.order_by("pk").first()
    return mentor.photo if mentor else None


def all_subjects() -> list[Subject]:
    return list(Subject.objects.order_by("name", "pk"))


# By hand: as querysets these are two reads, and each takes Django three times as long as both together take here.
HOURS = """
    SELECT user_id,
        (SELECT json_agg(json_build_array(weekday, start, "end")) FROM mentors_availabilityrule WHERE mentor_id = user_id),
        (SELECT json_agg(json_build_array(date, kind, windows, yearly)) FROM mentors_availabilityexception
            WHERE mentor_id = user_id)
    FROM mentors_mentor WHERE user_id = ANY(%s)
"""


def hours_of(mentor: Mentor) -> Hours:
    """Read a mentor's hours as plain values for ``windows_between``. One query.

    A mentor who has not named a zone yet has no hours either; UTC stands in.
    """
    return hours_of_many([mentor])[mentor.pk]


def hours_of_many(mentors: Iterable[Mentor]) -> dict[UUID, Hours]:
    """Read the same for many mentors, in one query."""
    zones = {mentor.pk: ZoneInfo(mentor.time_zone or "UTC") for mentor in mentors}
    with connection.cursor() as cursor:
        cursor.execute(HOURS, [list(zones)])
        rows = cursor.fetchall()
    return {
        pk: Hours(
            zone=zones[pk],
            rules=tuple(sorted(Rule(day, *_wall_window(times)) for day, *times in rules or ())),
            exceptions=tuple(
                sorted(
                    DatedException(date.fromisoformat(on), kind, wall_windows(windows), yearly)
                    for on, kind, windows, yearly in exceptions or ()
                )
            ),
        )
        for pk, rules, exceptions in rows
    }


def wall_windows(stored: list[list[str]]) -> tuple[WallWindow, ...]:
    """Read the windows that an exception keeps: ``[["09:00", "12:30"], …]``."""
    return tuple(_wall_window(times) for times in stored)


def _wall_window(times: list[str]) -> WallWindow:
    start, end = times
    return WallWindow(time.fromisoformat(start), time.fromisoformat(end))


def coming_sessions(mentor: Mentor, *, at: datetime) -> list[Session]:
    """What of the mentor's is booked and has not begun, in order."""
    booked = sessions_between(mentor, at, at + timedelta(days=settings.HORIZON_DAYS_MAX + 1))
    return [session for session in booked if session.starts_at > at]


def sessions_between(mentor: Mentor, starts_at: datetime, ends_at: datetime) -> list[Session]:
    """Ask the apps above which sessions of the mentor meet ``[starts_at, ends_at)``; in order.

    Bookings are not known on this floor: ``bookings.receivers`` answers the signal. Without an answer there are none.
    """
    answers = sessions_wanted.send(sender=Mentor, mentor=mentor, starts_at=starts_at, ends_at=ends_at)
    found = [session for _receiver, answer in answers for session in cast("list[Session]", answer)]
    return sorted(found, key=lambda session: session.starts_at)


def payouts_of(mentor: Mentor) -> Payouts | None:
    """Ask how far a mentor is with being paid. Money is not known on this floor: ``payments.receivers`` answers the signal."""
    answers = payouts_wanted.send(sender=Mentor, mentor=mentor)
    return next((cast("Payouts", answer) for _receiver, answer in answers), None)
