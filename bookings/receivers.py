"""What bookings hears from accounts, when a sign-in ends, and from mentors, inside the transaction that made it true."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.closing import Hindrance
from accounts.models import User
from accounts.signals import account_closing, account_locked, hindrances_wanted, sign_in_finished
from bookings import detour, personal_data, services
from bookings.models import Booking
from bookings.policies import is_joinable
from bookings.queries.hindrances import open_sessions
from bookings.queries.outside_hours import kept_among
from bookings.queries.todos import todos_of
from bookings.tasks import refresh_mentor_in_search
from marketplace.common.errors import DomainError
from marketplace.common.personal_data import Chapter
from mentors.models import Mentor
from mentors.overview import Todo
from mentors.queries import Session
from mentors.signals import (
    busy_times_changed,
    hours_changed,
    mentor_suspended,
    profile_changed,
    sessions_wanted,
    status_changed,
    todos_wanted,
)
from uploads.models import Upload
from uploads.signals import data_wanted, upload_ready

# What both sides of a session read that is cancelled because one of them was suspended or locked: not whose account it was.
NOT_NOW = _("We had to call this session off.")


@receiver(sign_in_finished)
def hold_the_picked_slot(
    request: HttpRequest,
    user: User,
    **_kwargs: Any,  # Any: what every signal carries
) -> str | None:
    """Hold what was picked before the sign-in, in the POST that ends it, and go on to pay.

    What cannot be held any more is left to the page whose button says why and offers other times.
    """
    picked = detour.picked(request)
    if picked is None or not user.is_student:
        return None
    try:
        booking = services.hold_slot(
            handle=picked.mentor.handle, minutes=picked.minutes, starts_at=picked.starts_at, by=user
        )
    except DomainError:
        return reverse("bookings:resume")
    detour.forget(request)
    return reverse("payments:pay", args=[booking.pk])


@receiver(upload_ready)
def file_is_in_order(upload: Upload, **_kwargs: Any) -> None:  # Any: what every signal carries
    if upload.purpose == Upload.Purpose.BOOKING:
        services.share_session_file(upload=upload)


@receiver([hours_changed, profile_changed, busy_times_changed, status_changed])
def mentor_changed(mentor: Mentor, **_kwargs: Any) -> None:  # Any: what every signal carries
    refresh_mentor_in_search.defer(mentor_id=str(mentor.pk))


@receiver(mentor_suspended)
def mentor_was_suspended(
    mentor: Mentor, by: User, keep_sessions: bool, **_kwargs: Any
) -> None:  # Any: the signal's rest
    services.let_person_go(user=mentor.user, by=by, reason=NOT_NOW, keep_sessions=keep_sessions)


@receiver(account_locked)
def somebody_was_locked(user: User, by: User, keep_sessions: bool, **_kwargs: Any) -> None:  # Any: the signal's rest
    services.let_person_go(user=user, by=by, reason=NOT_NOW, keep_sessions=keep_sessions)


@receiver(hindrances_wanted)
def what_is_still_open(user: User, at: datetime, **_kwargs: Any) -> list[Hindrance]:  # Any: what every signal carries
    return open_sessions(user, at=at)


@receiver(account_closing)
def somebody_leaves(user: User, **_kwargs: Any) -> None:  # Any: what every signal carries
    services.forget_person(user=user)


@receiver(data_wanted)
def what_we_keep(user: User, **_kwargs: Any) -> list[Chapter]:  # Any: what every signal carries
    return personal_data.chapters_of(user)


@receiver(sessions_wanted)
def confirmed_sessions(
    mentor: Mentor,
    starts_at: datetime,
    ends_at: datetime,
    **_kwargs: Any,  # Any: what every signal carries
) -> list[Session]:
    found = Booking.objects.filter(
        mentor=mentor, status=Booking.Status.CONFIRMED, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    booked = list(found.select_related("student").order_by("starts_at", "pk"))
    kept, now = kept_among(booked), timezone.now()
    return [
        Session(
            booking.starts_at,
            booking.ends_at,
            booking.student.name,
            url=reverse("bookings:session", args=[booking.pk]),
            join_url=reverse("bookings:join", args=[booking.pk]) if is_joinable(booking, at=now) else "",
            move_url=reverse("bookings:move", args=[booking.pk]),
            cancel_url=reverse("bookings:cancel", args=[booking.pk]),
            keep_url=reverse("bookings:keep", args=[booking.pk]),
            is_kept=booking.pk in kept,
        )
        for booking in booked
    ]


@receiver(todos_wanted)
def what_sessions_want(mentor: Mentor, at: datetime, **_kwargs: Any) -> list[Todo]:  # Any: what every signal carries
    return todos_of(mentor, at=at)
