"""What the slot arithmetic is fed from the tables: whose time counts, and how many queries it costs."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from bookings.models import Booking
from bookings.queries.slots import alternatives_to, next_slot, slots_of
from mentors.models import AvailabilityException, AvailabilityRule, BusyTime, Mentor, Package
from tests.factories import make_booking, make_mentor, make_student

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def noon(days: int = 3) -> datetime:
    """A moment well inside the open hours of ``make_mentor`` in any season."""
    return (timezone.now() + days * DAY).replace(hour=12, minute=0, second=0, microsecond=0)


def is_free(mentor: Mentor, start: datetime, *, minutes: int = 45, **of: object) -> bool:
    found = slots_of(mentor, minutes, start, start + MINUTE, **of)  # type: ignore[arg-type]
    return [slot.starts_at for slot in found] == [start]


def test_weekly_hours_become_starts_with_end_and_price(mentor: Mentor) -> None:
    day = noon().replace(hour=0)
    found = slots_of(mentor, 45, day, day + DAY)
    local = [slot.starts_at.astimezone().strftime("%H:%M") for slot in found]
    assert len(local) == (12 * 60 - 45) // 15 + 1
    assert {slot.ends_at - slot.starts_at for slot in found} == {timedelta(minutes=45)}
    assert {slot.price_minor for slot in found} == {3_300}


def test_a_package_with_its_own_price_is_sold_at_it(mentor: Mentor) -> None:
    Package.objects.filter(mentor=mentor, minutes=45).update(price_minor=2_950)
    [slot] = slots_of(mentor, 45, noon(), noon() + MINUTE)
    assert slot.price_minor == 2_950


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_a_live_booking_keeps_its_time(mentor: Mentor, status: str) -> None:
    booking = make_booking(mentor=mentor, starts_at=noon(), status=status)
    assert not is_free(mentor, noon())
    assert not is_free(mentor, noon() - timedelta(minutes=30))
    assert is_free(mentor, noon() + timedelta(minutes=45))
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", confirmed_at=timezone.now(), hold_place=None)
    assert is_free(mentor, noon())


def test_a_lapsed_hold_frees_its_time_at_once(mentor: Mentor) -> None:
    hold = make_booking(mentor=mentor, starts_at=noon(), status="held")
    assert not is_free(mentor, noon(), at=hold.hold_expires_at - timedelta(microseconds=1))
    assert is_free(mentor, noon(), at=hold.hold_expires_at)


def test_what_a_booking_blocks_is_its_own_break_and_the_mentors(db: None) -> None:
    mentor = make_mentor(break_minutes=15)
    make_booking(mentor=mentor, starts_at=noon(), blocked_until=noon() + timedelta(minutes=75), break_minutes=30)
    assert not is_free(mentor, noon() + timedelta(minutes=60))
    assert is_free(mentor, noon() + timedelta(minutes=75))
    assert not is_free(mentor, noon() - timedelta(minutes=45))
    assert is_free(mentor, noon() - timedelta(minutes=60))


def test_a_student_is_not_offered_times_of_their_other_sessions(mentor: Mentor, student: User) -> None:
    make_booking(student=student, starts_at=noon())
    assert not is_free(mentor, noon(), student=student)
    assert is_free(mentor, noon(), student=make_student())
    assert is_free(mentor, noon())


def test_an_imported_busy_time_is_not_offered(mentor: Mentor) -> None:
    busy = BusyTime.objects.create(mentor=mentor, starts_at=noon(), ends_at=noon() + timedelta(hours=1))
    assert not is_free(mentor, noon() + timedelta(minutes=30))
    busy.delete()
    assert is_free(mentor, noon() + timedelta(minutes=30))


def test_taught_sessions_count_towards_the_day_cap_and_cancelled_ones_do_not(mentor: Mentor) -> None:
    Mentor.objects.filter(pk=mentor.pk).update(day_cap=1, notice_hours=1, time_zone="UTC")
    mentor.refresh_from_db()
    morning = noon().replace(hour=9)
    taught = make_booking(mentor=mentor, starts_at=morning, status="completed")
    assert not is_free(mentor, noon(), at=morning + timedelta(hours=1))
    assert is_free(mentor, noon() + DAY, at=morning + timedelta(hours=1))
    Booking.objects.filter(pk=taught.pk).update(status="cancelled")
    assert is_free(mentor, noon(), at=morning + timedelta(hours=1))


def test_a_day_off_has_no_starts(mentor: Mentor) -> None:
    off = AvailabilityException.objects.create(mentor=mentor, date=noon().date(), kind="remove")
    assert not is_free(mentor, noon())
    assert is_free(mentor, noon() + DAY)
    off.delete()
    assert is_free(mentor, noon())


def test_an_unlisted_mentor_has_no_slots(mentor: Mentor) -> None:
    mentor.paused_at = timezone.now()
    assert not is_free(mentor, noon())
    mentor.paused_at = None
    assert is_free(mentor, noon())
    mentor.status = Mentor.Status.SUSPENDED
    assert not is_free(mentor, noon())


def test_a_length_that_is_not_offered_has_no_slots(mentor: Mentor) -> None:
    Package.objects.filter(mentor=mentor, minutes=90).delete()
    assert not is_free(mentor, noon(), minutes=90)
    assert is_free(mentor, noon(), minutes=15)


def test_hours_past_midnight_and_in_another_zone(db: None) -> None:
    mentor = make_mentor(time_zone="Asia/Kathmandu")  # UTC+5:45
    AvailabilityRule.objects.filter(mentor=mentor).delete()
    AvailabilityRule.objects.create(mentor=mentor, weekday=0, start=time(23), end=time(0, 45))
    monday = noon(3) + (7 - noon(3).weekday()) * DAY
    found = slots_of(mentor, 45, monday.replace(hour=0), monday.replace(hour=0) + 2 * DAY)
    assert [slot.starts_at.strftime("%H:%M") for slot in found] == ["17:15", "17:30", "17:45", "18:00", "18:15"]


def test_the_three_nearest_free_starts_stand_in_for_a_taken_one(mentor: Mentor, student: User) -> None:
    make_booking(mentor=mentor, starts_at=noon())
    package = Package.objects.select_related("mentor").get(mentor=mentor, minutes=45)
    found = [slot.starts_at for slot in alternatives_to(package, noon(), student=student)]
    assert found == [noon() + timedelta(minutes=m) for m in (-60, -45, 45)]


def test_alternatives_are_looked_for_further_away_where_none_is_near(mentor: Mentor) -> None:
    AvailabilityRule.objects.filter(mentor=mentor).delete()
    far = noon(20)
    AvailabilityRule.objects.create(mentor=mentor, weekday=far.weekday(), start=time(10), end=time(11))
    AvailabilityException.objects.create(mentor=mentor, date=noon(6).date(), kind="remove")
    package = Package.objects.select_related("mentor").get(mentor=mentor, minutes=45)
    found = alternatives_to(package, noon(17), at=timezone.now())
    assert len(found) == 3
    assert {slot.starts_at.weekday() for slot in found} == {far.weekday()}


def test_the_next_free_start_is_found_as_far_as_the_horizon(mentor: Mentor) -> None:
    AvailabilityRule.objects.filter(mentor=mentor).delete()
    AvailabilityException.objects.create(mentor=mentor, date=noon(50).date(), kind="add", windows=[["10:00", "11:00"]])
    package = Package.objects.select_related("mentor").get(mentor=mentor, minutes=45)
    slot = next_slot(mentor, package, timezone.now(), at=timezone.now())
    assert slot is not None
    assert slot.starts_at.date() == noon(50).date()
    assert next_slot(mentor, package, noon(51), at=timezone.now()) is None


def test_slots_cost_the_same_queries_for_few_and_for_many(
    mentor: Mentor, student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        slots_of(mentor, 45, noon(), noon() + MINUTE, student=student)
    for day in range(10):
        make_booking(mentor=mentor, starts_at=noon(2 + day))
        AvailabilityException.objects.create(mentor=mentor, date=noon(20 + day).date(), kind="remove")
        BusyTime.objects.create(mentor=mentor, starts_at=noon(12 + day), ends_at=noon(12 + day) + MINUTE)
    with django_assert_num_queries(3):
        found = slots_of(mentor, 45, timezone.now(), timezone.now() + 30 * DAY, student=student)
    assert len(found) > 500


def test_moments_are_utc(mentor: Mentor) -> None:
    [slot] = slots_of(mentor, 45, noon(), noon() + MINUTE)
    assert slot.starts_at.tzinfo is UTC
