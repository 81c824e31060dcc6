"""Suspending a mentor and locking an account: what becomes of holds and coming sessions."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import lock_account, unlock_account
from bookings.errors import NotBookable, TimeGone
from bookings.models import Booking
from bookings.services import confirm_booking, hold_slot, lock_with_people
from bookings.services.departures import cancel_sessions
from marketplace.common.errors import AccessDenied
from mentors.errors import AlreadyDecided, AppealMade, LockedBySupport, StaleVersion
from mentors.models import Mentor, MentorEvent
from mentors.services import appeal_suspension, decline_appeal, reinstate_mentor, suspend_mentor
from payments.models import Payment, Refund
from tests.bookings.after import mails, status_of
from tests.factories import make_booking, make_mentor, make_paid_booking, make_student
from tests.jobs import run_jobs, waiting_jobs

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def coming(mentor: Mentor, student: User) -> list[Booking]:
    """Two coming sessions with different students; a third has begun, a fourth is somebody else's."""
    noon = (timezone.now() + 3 * DAY).replace(hour=12, minute=0, second=0, microsecond=0)
    own = [make_paid_booking(mentor=mentor, student=student, starts_at=noon)]
    own.append(make_paid_booking(mentor=mentor, starts_at=noon + DAY))
    make_paid_booking(mentor=mentor, starts_at=timezone.now() - timedelta(minutes=10))
    make_paid_booking(student=student, starts_at=noon + 2 * DAY, mentor=make_mentor())
    return own


def suspend(mentor: Mentor, by: User, *, keep: bool = False) -> MentorEvent:
    return suspend_mentor(
        mentor=mentor, version=mentor.version, by=by, reason="Students wrote to us.", keep_sessions=keep
    )


def statuses() -> list[str]:
    return sorted(Booking.objects.values_list("status", flat=True))


# Suspending


def test_suspending_cancels_what_comes_with_everything_back(
    mentor: Mentor, coming: list[Booking], reviewer: User
) -> None:
    suspend(mentor, reviewer)
    mentor.refresh_from_db()
    assert (mentor.status, User.objects.get(pk=mentor.pk).suspended_at is not None) == ("suspended", True)
    run_jobs("bookings.cancel_sessions")
    assert statuses() == ["cancelled", "cancelled", "confirmed", "confirmed"]
    for booking in coming:
        booking.refresh_from_db()
        assert (booking.cancelled_by, booking.refund_percent) == ("admin", 100)
    assert [refund.amount_minor for refund in Refund.objects.all()] == [3_300, 3_300]
    assert mails("mentor_suspended") == [mentor.user.email]


def test_a_reviewer_can_keep_what_is_booked(mentor: Mentor, coming: list[Booking], reviewer: User) -> None:
    suspend(mentor, reviewer, keep=True)
    assert waiting_jobs("bookings.cancel_sessions") == []
    assert {status_of(booking.pk) for booking in coming} == {"confirmed"}
    assert Mentor.objects.get(pk=mentor.pk).status == "suspended"


@pytest.mark.parametrize("keep", [True, False])
def test_holds_go_at_once_either_way(mentor: Mentor, student: User, reviewer: User, keep: bool) -> None:
    hold = make_booking(mentor=mentor, student=student, status="held")
    Payment.objects.create(
        booking=hold,
        status=Payment.Status.PENDING,
        amount_minor=3_300,
        currency="usd",
        provider_id="pi_open",
        created_at=timezone.now(),
    )
    suspend(mentor, reviewer, keep=keep)
    assert status_of(hold.pk) == "abandoned"
    assert Payment.objects.get().cancel_requested_at is not None


def test_nothing_can_be_held_with_somebody_suspended(mentor: Mentor, student: User, reviewer: User) -> None:
    starts_at = make_booking(mentor=mentor).starts_at + timedelta(hours=2)
    suspend(mentor, reviewer)
    with pytest.raises(NotBookable):
        hold_slot(handle=mentor.handle, minutes=45, starts_at=starts_at, by=student)
    reinstate_mentor(mentor=mentor, version=mentor.version, by=reviewer, reason="All is well.")
    assert hold_slot(handle=mentor.handle, minutes=45, starts_at=starts_at, by=student).status == "held"


def test_one_session_that_cannot_be_cancelled_does_not_keep_the_others(
    mentor: Mentor, coming: list[Booking], reviewer: User
) -> None:
    """The first is without its payment, which nothing may be; the others go all the same, and the job is tried again."""
    broken = make_booking(mentor=mentor, student=make_student(), starts_at=coming[0].starts_at - DAY)
    suspend(mentor, reviewer)
    with pytest.raises(ExceptionGroup):
        cancel_sessions(user_id=mentor.pk, by_id=reviewer.pk, reason="We had to call it off.")
    assert status_of(broken.pk) == "confirmed"
    assert {status_of(booking.pk) for booking in coming} == {"cancelled"}


def test_only_a_reviewer_suspends_never_themself_and_only_what_they_saw(
    mentor: Mentor, reviewer: User, support: User
) -> None:
    with pytest.raises(AccessDenied):
        suspend(mentor, support)
    with pytest.raises(StaleVersion):
        suspend_mentor(mentor=mentor, version=mentor.version + 1, by=reviewer, reason="No.", keep_sessions=False)
    assert User.objects.get(pk=mentor.pk).suspended_at is None
    suspend(mentor, reviewer)
    with pytest.raises(AlreadyDecided):
        suspend(mentor, reviewer)


# Reinstating and the appeal


def test_a_suspended_mentor_appeals_once_and_is_let_in_again(mentor: Mentor, reviewer: User) -> None:
    with pytest.raises(AlreadyDecided):
        appeal_suspension(mentor=mentor, by=mentor.user, text="What for?")
    suspend(mentor, reviewer)
    appeal = appeal_suspension(mentor=mentor, by=mentor.user, text="That was somebody else.")
    with pytest.raises(AppealMade):
        appeal_suspension(mentor=mentor, by=mentor.user, text="Really.")
    reinstate_mentor(mentor=mentor, version=mentor.version, by=reviewer, reason="It was.")
    appeal.refresh_from_db()
    assert (appeal.is_granted, appeal.decided_by) == (True, reviewer)
    mentor.refresh_from_db()
    assert (mentor.status, User.objects.get(pk=mentor.pk).suspended_at) == ("approved", None)
    assert mails("mentor_reinstated") == [mentor.user.email]


def test_a_declined_appeal_is_the_last_one_of_this_suspension(mentor: Mentor, reviewer: User) -> None:
    suspend(mentor, reviewer)
    appeal_suspension(mentor=mentor, by=mentor.user, text="That was somebody else.")
    decline_appeal(mentor=mentor, version=mentor.version, by=reviewer, reason="It was you.")
    with pytest.raises(AppealMade):
        appeal_suspension(mentor=mentor, by=mentor.user, text="No.")
    with pytest.raises(AlreadyDecided):
        decline_appeal(mentor=mentor, version=mentor.version, by=reviewer, reason="Again.")
    assert mails("suspension_stands") == [mentor.user.email]
    reinstate_mentor(mentor=mentor, version=mentor.version, by=reviewer, reason="Long enough.")
    suspend(mentor, reviewer)
    assert appeal_suspension(mentor=mentor, by=mentor.user, text="This time it was not me.").pk


# Locking


@pytest.mark.parametrize("side", ["student", "mentor"])
@pytest.mark.parametrize("keep", [True, False])
def test_locking_does_the_same_for_either_side(
    coming: list[Booking], mentor: Mentor, student: User, support: User, side: str, keep: bool
) -> None:
    person = student if side == "student" else mentor.user
    hold = make_booking(mentor=make_mentor() if side == "student" else mentor, student=student, status="held",
                        starts_at=coming[0].starts_at + 5 * DAY)  # fmt: skip
    lock_account(account=person, by=support, reason="fraud", keep_sessions=keep)
    assert status_of(hold.pk) == "abandoned"
    run_jobs("bookings.cancel_sessions")
    assert status_of(coming[0].pk) == ("confirmed" if keep else "cancelled")
    assert statuses().count("cancelled") == (0 if keep else 2)


def test_money_that_comes_late_books_nothing_for_a_locked_student(mentor: Mentor, support: User) -> None:
    def late(student: User) -> Booking:
        return make_booking(mentor=mentor, student=student, status="expired", hold_expires_at=timezone.now())

    locked, free = late(make_student()), make_student()
    lock_account(account=locked.student, by=support, reason="fraud")
    with transaction.atomic():
        booking, now = lock_with_people(locked.pk)
        with pytest.raises(TimeGone):
            confirm_booking(booking=booking, at=now)
    with transaction.atomic():
        booking, now = lock_with_people(late(free).pk)
        confirm_booking(booking=booking, at=now)
    assert (status_of(locked.pk), booking.status) == ("expired", "confirmed")


def test_a_locked_mentor_is_not_listed_until_unlocked(mentor: Mentor, support: User, reviewer: User) -> None:
    lock_account(account=mentor.user, by=support, reason="stolen")
    assert not Mentor.objects.listed().exists()
    with pytest.raises(LockedBySupport):
        reinstate_mentor(mentor=mentor, version=mentor.version, by=reviewer, reason="All is well.")
    unlock_account(account=mentor.user, by=support, reason="settled")
    assert Mentor.objects.listed().exists()


def test_unlocking_does_not_end_a_suspension(mentor: Mentor, support: User, reviewer: User) -> None:
    suspend(mentor, reviewer)
    lock_account(account=mentor.user, by=support, reason="stolen")
    unlock_account(account=mentor.user, by=support, reason="settled")
    assert Mentor.objects.get(pk=mentor.pk).status == "suspended"
    reinstate_mentor(mentor=mentor, version=mentor.version, by=reviewer, reason="All is well.")
    assert Mentor.objects.get(pk=mentor.pk).status == "approved"
