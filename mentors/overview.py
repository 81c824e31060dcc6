"""What the mentor's first page shows: what wants doing, what was earned, what is open next week.

Sessions, money and messages are not known on this floor: the apps above answer the signals.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.common import formatting
from mentors.models import CalendarImport, Mentor, VerificationDocument
from mentors.queries import Payouts, Session
from mentors.signals import earnings_wanted, todos_wanted
from mentors.windows import Hours, windows_between

ONE_DAY = timedelta(days=1)
# Where a thing stands in the list: what has a deadline before what only helps.
DEADLINE, SOON, SOME_DAY, WAITING = range(4)


@dataclass(frozen=True)
class Todo:
    """One thing that wants doing, or that waits for somebody else. ``status`` is its badge, ``variant`` the badge's look."""

    order: int
    name: str
    hint: str
    url: str
    status: str
    variant: str = ""


@dataclass(frozen=True)
class Glimpse:
    """A look at what a mentor has earned: a few sums, each with its words, shown as money. ``url`` leads to all of it."""

    url: str
    sums: tuple[tuple[str, str], ...]


def todos_of(
    mentor: Mentor,
    *,
    hours: Hours,
    payouts: Payouts | None,
    expiring: Iterable[VerificationDocument],
    unreadable: Iterable[CalendarImport],
    at: datetime,
) -> list[Todo]:
    """List what wants doing, what has a deadline first: this floor's own, and what the apps above tell of."""
    own = [
        *_about_hours(hours, at=at),
        *map(_about_calendar, unreadable),
        *_about_payouts(payouts),
        *map(_about_document, expiring),
    ]
    answers = todos_wanted.send(sender=Mentor, mentor=mentor, at=at)
    others = [todo for _receiver, answer in answers for todo in cast("list[Todo]", answer)]
    return sorted([*own, *others], key=lambda todo: todo.order)


def glimpse_of(mentor: Mentor, *, at: datetime) -> Glimpse | None:
    """Ask what a mentor has earned; None where nothing was, and nothing is to come."""
    answers = earnings_wanted.send(sender=Mentor, mentor=mentor, at=at)
    return next((cast("Glimpse | None", answer) for _receiver, answer in answers), None)


def sessions_on(day: date, sessions: Iterable[Session], hours: Hours) -> list[Session]:
    """Those that begin on a local day of the hours' zone."""
    return [session for session in sessions if session.starts_at.astimezone(hours.zone).date() == day]


def is_open_next_week(hours: Hours, *, at: datetime) -> bool:
    """Whether anything is open from Monday to Sunday of the week after this one, in the zone of the hours."""
    today = at.astimezone(hours.zone).date()
    monday = today + (7 - today.weekday()) * ONE_DAY
    first, last = (datetime.combine(day, datetime.min.time(), hours.zone) for day in (monday, monday + 7 * ONE_DAY))
    return bool(windows_between(hours, first, last))


def _about_hours(hours: Hours, *, at: datetime) -> Iterable[Todo]:
    url = reverse("mentors:availability")
    if not hours.rules and not hours.exceptions:
        name, hint = _("Set your hours"), _("You have no open hours. Students can book you once you set them.")
        yield Todo(SOON, name, hint, url, _("No hours"), "glow")
    elif not is_open_next_week(hours, at=at):
        name, hint = _("Open hours next week"), _("Nothing is open from Monday on, so nobody can book you then.")
        yield Todo(SOON, name, hint, url, _("Closed"), "glow")


def _about_calendar(calendar: CalendarImport) -> Todo:
    name = _("Your calendar at %(host)s can’t be read") % {"host": calendar.host}
    values = {"trouble": calendar.trouble, "date": formatting.day(calendar.read_at)}
    hint = _("%(trouble)s What it said on %(date)s still counts.") % values
    return Todo(SOON, name, hint, reverse("mentors:calendars"), _("Not read"), "glow")


def _about_payouts(payouts: Payouts | None) -> Iterable[Todo]:
    if payouts is not None and payouts.warning:
        yield Todo(SOON, _("Set up payouts"), payouts.warning, payouts.url, payouts.status, "glow")


def _about_document(document: VerificationDocument) -> Todo:
    assert document.expires_on is not None  # asked for by ``expiring_documents``
    assert document.subject is not None  # certificates have one
    values = {"subject": document.subject.name, "date": formatting.day(document.expires_on)}
    name = _("Your %(subject)s certificate expires on %(date)s") % values
    return Todo(SOON, name, _("Send a newer one to keep the mark."), reverse("mentors:documents"), _("Expires"), "glow")
