"""Holds that ran out, freed many at once: each exactly once, and nobody waits for anybody."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from bookings.models import Booking, BookingEvent
from bookings.models.booking import BookingQuerySet
from marketplace.common.models import AnalyticsEvent
from tests.bookings.test_races import holding
from tests.factories import make_booking, make_student
from tests.races import race

pytestmark = pytest.mark.django_db

PASSES = 4


def make_lapsed(count: int) -> list[Booking]:
    holds = [make_booking(status=Booking.Status.HELD) for _ in range(count)]
    past = timezone.now() - timedelta(seconds=1)
    Booking.objects.filter(pk__in=[hold.pk for hold in holds]).update(hold_expires_at=past)
    return holds


def free(holds: list[Booking]) -> int:
    return services.free_lapsed([hold.pk for hold in holds])


def expired_lines() -> int:
    return BookingEvent.objects.filter(name="expired").count()


@pytest.mark.django_db(transaction=True)
def test_one_or_many_take_the_same_queries() -> None:
    [one], many = make_lapsed(1), make_lapsed(12)
    with CaptureQueriesContext(connection) as for_one:
        assert free([one]) == 1
    with CaptureQueriesContext(connection) as for_many:
        assert free(many) == 12
    assert len(for_many) == len(for_one)
    assert {(each.status, each.hold_place) for each in Booking.objects.all()} == {("expired", None)}
    assert not Booking.objects.filter(closed_at=None).exists()
    assert expired_lines() == AnalyticsEvent.objects.filter(name="hold_expired").count() == 13


@pytest.mark.django_db(transaction=True)
def test_what_has_time_left_or_is_no_hold_stays_as_it_is() -> None:
    held, confirmed = make_booking(status=Booking.Status.HELD), make_booking()
    [lapsed] = make_lapsed(1)
    assert free([held, confirmed, lapsed]) == 1
    assert free([held, confirmed, lapsed]) == 0
    assert {held.pk, confirmed.pk} == set(Booking.objects.live().values_list("pk", flat=True))
    assert expired_lines() == 1


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_somebody_works_on_is_left_to_them() -> None:
    holds = make_lapsed(3)
    found: list[int] = []

    def free_elsewhere() -> None:
        try:
            found.append(free(holds))
        finally:
            connection.close()

    with transaction.atomic():
        Booking.objects.select_for_update(no_key=True).get(pk=holds[0].pk)
        other = threading.Thread(target=free_elsewhere)
        other.start()
        other.join(10)
        assert not other.is_alive(), "it waits for a row"
    assert found == [2]
    assert free(holds) == 1


@pytest.mark.django_db(transaction=True)
def test_passes_at_the_same_time_free_each_hold_once() -> None:
    holds = make_lapsed(12)
    assert race([lambda: free(holds)] * PASSES) == {"won": PASSES}
    assert expired_lines() == 12


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_they_would_be_told_of_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    holds = make_lapsed(12)
    meeting = threading.Barrier(PASSES)
    update: Callable[..., int] = BookingQuerySet.update

    def update_together(self: BookingQuerySet, **values: Any) -> int:  # Any: Django's own
        meeting.wait(20)
        return update(self, **values)

    monkeypatch.setattr(BookingQuerySet, "select_for_update", lambda self, **_: self.all())
    monkeypatch.setattr(BookingQuerySet, "update", update_together)
    race([lambda: free(holds)] * PASSES)
    assert expired_lines() == 12 * PASSES


@pytest.mark.django_db(transaction=True)
def test_a_time_wanted_while_its_hold_is_freed_goes_to_one_student() -> None:
    for _ in range(3):
        [lapsed] = make_lapsed(1)
        wanting = [holding(lapsed.mentor, make_student(), starts_at=lapsed.starts_at) for _ in range(PASSES)]
        results = race([*wanting, lambda old=lapsed: free([old])])  # type: ignore[misc]  # bound at once
        assert results == {"won": 2, "slot_taken": PASSES - 1}
        assert lapsed.events.filter(name="expired").count() == 1
