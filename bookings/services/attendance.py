"""The beats of the join page: how both sides can see, and support tell, who was there."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from bookings.after_policies import may_be_in_room
from bookings.errors import RoomClosed
from bookings.models import Attendance, Booking
from bookings.services.claims import to_its_people
from marketplace.common import live


def beat(*, booking: Booking, by: User, at: datetime) -> Attendance:
    """Write down that somebody is on the join page of a session at this moment.

    Carries on the stretch of the last beat if that was at most ``BEAT_GAP_SECONDS`` ago, else begins one and tells both sides'
    open pages. Safe to repeat and from two pages at once: stretches that overlap are counted once. Raises ``RoomClosed``.
    """
    if not may_be_in_room(by, booking, at=at):
        raise RoomClosed
    gap = timedelta(seconds=settings.BEAT_GAP_SECONDS)
    mine = booking.attendance.filter(user=by, until_at__gte=at - gap)
    latest = mine.order_by("-until_at", "-pk").first()
    if latest is None:
        with transaction.atomic():
            live.publish(to_its_people(booking))
            return Attendance.objects.create(booking=booking, user=by, from_at=at, until_at=at)
    if latest.until_at < at:
        Attendance.objects.filter(pk=latest.pk, until_at__lt=at).update(until_at=at)
        latest.until_at = at
    return latest
