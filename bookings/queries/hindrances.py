"""Sessions that have to end before one of their people can close the account."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.closing import LISTED, Hindrance
from accounts.models import User
from bookings.models import Booking
from marketplace.common.formatting import day_at, number

# A confirmed session of the past waits for its pass, an ended one for a word about it.
HINTS: dict[str, Promise] = {
    Booking.Status.HELD: gettext_lazy("This time is held for you. Let it go, or wait until the hold lapses."),
    Booking.Status.CONFIRMED: gettext_lazy("It is booked. Cancel it, or wait until it is over."),
    Booking.Status.ENDED: gettext_lazy("Say how it was, so that its money can move on."),
    Booking.Status.PROBLEM: gettext_lazy("A problem was reported. Our support decides about it."),
}


def open_sessions(user: User, *, at: datetime) -> list[Hindrance]:
    """List the sessions of somebody that are held, booked, or over and not settled, on either side. Two queries at most.

    What a mentor proposes in place of one is booked still, so it is among them.
    """
    found = Booking.objects.of(user).filter(status__in=list(HINTS)).not_lapsed(at=at)
    rows = list(found.select_related("student", "mentor__user").order_by("starts_at", "pk")[: LISTED + 1])
    listed = [_row(booking, user) for booking in rows[:LISTED]]
    return [*listed, _rest(found.count() - LISTED, user)] if len(rows) > LISTED else listed


def _row(booking: Booking, user: User) -> Hindrance:
    is_student = booking.student_id == user.pk
    other = booking.mentor.user if is_student else booking.student
    when = day_at(booking.starts_at, timezone.get_current_timezone())
    name = _("%(when)s with %(name)s") % {"when": when, "name": other.first_name}
    if booking.status == Booking.Status.HELD and not is_student:
        hint = _("A student is paying for it. If they do not, it lapses by itself within the hour.")
        return Hindrance(name, hint, reverse("bookings:mentor-sessions"), _("See your sessions"))
    url = reverse("bookings:session", args=[booking.pk])
    return Hindrance(name, str(HINTS[booking.status]), url, _("Open the session"))


def _rest(count: int, user: User) -> Hindrance:
    return Hindrance(
        name=ngettext("%(count)s more session", "%(count)s more sessions", count) % {"count": number(count)},
        hint=_("Each has to be over and settled."),
        url=reverse("bookings:mentor-sessions" if user.is_mentor else "bookings:sessions"),
        label=_("See all"),
    )
