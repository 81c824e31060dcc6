"""The sign-in detour: a slot that a stranger picked waits in the session while they sign in or up."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from mentors.models import Mentor

KEY = "picked_slot"


@dataclass(frozen=True)
class Picked:
    mentor: Mentor
    minutes: int
    starts_at: datetime


def keep(request: HttpRequest, *, mentor: str, minutes: int, starts_at: datetime) -> None:
    """``mentor`` is the handle. The name is kept for the sign-in pages, which show what waits."""
    known = Mentor.objects.readable().select_related("user").filter(handle=mentor).first()
    name = known.user.first_name if known else ""
    request.session[KEY] = {"mentor": mentor, "name": name, "minutes": minutes, "starts_at": starts_at.isoformat()}


def picked(request: HttpRequest) -> Picked | None:
    """Tell what waits, if its mentor's page can still be read."""
    kept = request.session.get(KEY)
    if kept is None:
        return None
    mentor = Mentor.objects.readable().select_related("user").filter(handle=kept["mentor"]).first()
    if mentor is None:
        return None
    return Picked(mentor, kept["minutes"], datetime.fromisoformat(kept["starts_at"]))


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
