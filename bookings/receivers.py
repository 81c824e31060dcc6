"""What bookings hears from mentors, inside the transaction that made it true."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from bookings.models import Booking
from bookings.tasks import refresh_mentor_in_search
from mentors.models import Mentor
from mentors.queries import Session
from mentors.signals import hours_changed, sessions_wanted, status_changed


@receiver([hours_changed, status_changed])
def mentor_changed(mentor: Mentor, **_kwargs: Any) -> None:  # Any: what every signal carries
    refresh_mentor_in_search.defer(mentor_id=str(mentor.pk))


@receiver(sessions_wanted)
def confirmed_sessions(
    mentor: Mentor,
    starts_at: datetime,
    ends_at: datetime,
    **_kwargs: Any,  # Any: what every signal carries
) -> list[Session]:
    booked = Booking.objects.filter(
        mentor=mentor, status=Booking.Status.CONFIRMED, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    return [
        Session(
            booking.starts_at, booking.ends_at, booking.student.name, reverse("bookings:session", args=[booking.pk])
        )
        for booking in booked.select_related("student").order_by("starts_at", "pk")
    ]
