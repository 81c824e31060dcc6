"""Holds whose time ran out, many at once. One that is in somebody's way is freed by the claim itself (``claims``)."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from bookings.models import Booking
from bookings.services.claims import tell_freed


def free_lapsed(booking_ids: Collection[UUID]) -> int:
    """Mark those of some holds ``expired`` that have lapsed, in one transaction; return how many. Announces ``holds_freed``.

    Gives time back and claims none, so it locks no people, and it waits for nobody: a hold that somebody is working on is
    left to them, or to the next pass. Safe to repeat and to run twice at once.
    """
    with transaction.atomic(durable=True):
        now = timezone.now()
        found = Booking.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=booking_ids)
        lapsed = list(found.lapsed(at=now).order_by("pk"))
        if lapsed:
            expired = Booking.objects.filter(pk__in=[booking.pk for booking in lapsed])
            expired.update(status=Booking.Status.EXPIRED, hold_place=None, closed_at=now)
            tell_freed(lapsed, Booking.Status.EXPIRED, at=now, by=None)
    return len(lapsed)
