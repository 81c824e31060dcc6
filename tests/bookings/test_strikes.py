"""What counts against a mentor, what it brings about, and appeals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from bookings.errors import AppealMade, AppealTooLate, NothingToDecide
from bookings.models import Booking, SearchRow, Strike
from bookings.services import appeal_strike, cancel_booking, count_cancellation, decide_appeal, hold_slot
from bookings.services.endings import run_strikes
from bookings.services.strikes import add_strike
from marketplace.common.errors import AccessDenied
from mentors.models import Mentor
from tests.bookings.after import later, mails, strike
from tests.factories import make_booking, make_paid_booking
from tests.jobs import run_jobs, waiting_jobs

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = "late_cancellation"


def is_listed(mentor: Mentor) -> bool:
    return Mentor.objects.listed().filter(pk=mentor.pk).exists()


def last_words() -> str:
    return str([job["mail"]["text"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == "strike"][-1])


@pytest.mark.parametrize(
    ("by", "before", "counts"),
    [
        ("mentor", 24 * HOUR - timedelta(seconds=1), True),
        ("mentor", 24 * HOUR, False),
        ("student", HOUR, False),
        ("admin", HOUR, False),
    ],
)
def test_only_a_mentors_late_cancelling_counts(student: User, by: str, before: timedelta, counts: bool) -> None:
    now = timezone.now()
    booking = make_paid_booking(
        student=student, starts_at=now + before, status="cancelled", cancelled_by=by, refund_percent=100
    )
    found = count_cancellation(booking, at=now)
    assert (found is not None) is counts
    assert Strike.objects.count() == counts


def test_a_mentor_who_cancels_late_is_told_what_it_counts(student: User) -> None:
    booking = make_paid_booking(student=student, starts_at=timezone.now() + HOUR)
    mentor = booking.mentor.user
    cancel_booking(booking_id=booking.pk, by=mentor, side=Booking.Side.MENTOR, reason="Ill.")
    [found] = Strike.objects.all()
    assert mails("strike") == [mentor.email]
    assert (found.points, found.kind, found.expires_at) == (1, LATE, found.at + 90 * DAY)


def test_a_booking_counts_once(mentor: Mentor) -> None:
    booking = make_booking(mentor=mentor)
    first = add_strike(booking, Strike.Kind.ABSENCE, at=timezone.now())
    assert add_strike(booking, Strike.Kind.LATE_CANCELLATION, at=timezone.now()) == first
    assert Strike.objects.count() == 1


def test_three_are_a_warning_five_hide_for_a_week_eight_for_a_month(mentor: Mentor) -> None:
    strike(mentor, LATE)
    strike(mentor, LATE)
    assert "warning" not in last_words()
    assert strike(mentor, LATE).hides_days == 0
    assert "warning" in last_words()
    assert strike(mentor, LATE).hides_days == 0
    assert strike(mentor, LATE).hides_days == 7
    assert "7 days" in last_words()
    assert strike(mentor).hides_days == 30
    assert len(mails("strike")) == 6


def test_strikes_are_kept_for_ninety_days(mentor: Mentor) -> None:
    with later(-90 * DAY):
        strike(mentor)
    assert strike(mentor).hides_days == 0
    assert strike(mentor).hides_days == 7


def test_hiding_waits_48_hours_and_ends_by_itself(mentor: Mentor, student: User) -> None:
    strike(mentor)
    strike(mentor)
    booked = make_booking(mentor=mentor, student=student)
    with later(48 * HOUR - timedelta(minutes=1)):
        run_strikes()
        assert is_listed(mentor)
    with later(48 * HOUR):
        run_strikes()
        assert not is_listed(mentor)
        run_strikes()
    booked.refresh_from_db()
    assert booked.status == Booking.Status.CONFIRMED
    with later(9 * DAY - timedelta(minutes=1)):
        run_strikes()
        assert not is_listed(mentor)
    with later(9 * DAY):
        run_strikes()
        assert is_listed(mentor)


def test_eight_hide_for_thirty_days(mentor: Mentor) -> None:
    for _ in range(3):
        strike(mentor)
    for days, listed in ((2, False), (32, True)):
        with later(days * DAY - timedelta(minutes=1)):
            run_strikes()
            assert is_listed(mentor) is (not listed)
        with later(days * DAY):
            run_strikes()
            assert is_listed(mentor) is listed


def test_a_hidden_mentor_is_neither_found_nor_booked(mentor: Mentor, student: User) -> None:
    run_jobs("refresh_mentor_in_search")
    wanted = make_booking(mentor=mentor).starts_at + 2 * HOUR
    strike(mentor)
    strike(mentor)
    with later(48 * HOUR):
        run_strikes()
        run_jobs("refresh_mentor_in_search")
        assert not SearchRow.objects.filter(mentor=mentor).exists()
        with pytest.raises(Exception, match="not_bookable"):
            hold_slot(handle=mentor.handle, minutes=45, starts_at=wanted, by=student)
    Mentor.objects.filter(pk=mentor.pk).update(hidden_until=None)
    assert hold_slot(handle=mentor.handle, minutes=45, starts_at=wanted, by=student).status == "held"


def test_an_appeal_in_time_holds_it_up_until_support_decides(mentor: Mentor, support: User) -> None:
    strike(mentor)
    last = strike(mentor)
    appeal_strike(strike=last, by=mentor.user, text="I was in hospital.")
    with pytest.raises(AppealMade):
        appeal_strike(strike=last, by=mentor.user, text="Really.")
    with later(10 * DAY):
        run_strikes()
        assert is_listed(mentor)
        decide_appeal(strike=last, by=support, waive=False, reason="There is no paper.")
        run_strikes()
        assert not is_listed(mentor)
        with pytest.raises(NothingToDecide):
            decide_appeal(strike=last, by=support, waive=True, reason="There is.")
    assert mails("strike_decided") == [mentor.user.email]


def test_an_appeal_comes_within_48_hours(mentor: Mentor) -> None:
    found = strike(mentor)
    with later(48 * HOUR), pytest.raises(AppealTooLate):
        appeal_strike(strike=found, by=mentor.user, text="I was in hospital.")
    with later(48 * HOUR - timedelta(minutes=1)):
        assert appeal_strike(strike=found, by=mentor.user, text="I was in hospital.").appealed_at


def test_a_strike_taken_back_counts_no_more_and_hides_nobody(mentor: Mentor, support: User) -> None:
    first = strike(mentor)
    strike(mentor)
    appeal_strike(strike=first, by=mentor.user, text="The student moved it by phone.")
    with later(49 * HOUR):
        run_strikes()
        assert not is_listed(mentor)
        decide_appeal(strike=first, by=support, waive=True, reason="The messages say so.")
        assert is_listed(mentor)
    assert strike(mentor).hides_days == 7  # three of the second and three of this one


def test_one_taken_back_before_its_time_never_hides(mentor: Mentor, support: User) -> None:
    first, _second = strike(mentor), strike(mentor)
    decide_appeal(strike=first, by=support, waive=True, reason="Our mistake.")
    with later(49 * HOUR):
        run_strikes()
        assert is_listed(mentor)


def test_only_support_takes_back(mentor: Mentor, support: User, reviewer: User) -> None:
    found = strike(mentor)
    with pytest.raises(AccessDenied):
        decide_appeal(strike=found, by=reviewer, waive=True, reason="I am kind.")
    assert decide_appeal(strike=found, by=support, waive=True, reason="Our mistake.").waived_at
