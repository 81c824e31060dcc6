"""Leaving and beginning something new at the same moment, on real connections: one of them wins, never both."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.closing import hindrances_of
from accounts.models import User
from bookings.models import Booking
from bookings.services import claims, hold_slot, holds
from chat.models import Message, Thread
from chat.services import open_thread, post_message, threads
from mentors.models import Mentor
from mentors.services import show_checked_photo
from tests.factories import make_mentor, make_student
from tests.privacy.life import checked_upload
from tests.races import outcomes
from tests.waiting import wait_until, waiting_for_a_lock
from uploads.models import DataExport, Upload
from uploads.services import request_export

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20


def holding(mentor: Mentor, student: User) -> Callable[[], object]:
    noon = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)
    return lambda: hold_slot(handle=mentor.handle, minutes=45, starts_at=noon, by=student)


def leaving(user: User) -> Callable[[], object]:
    return lambda: accounts.close_account(user=user)


def held_by_the_gone() -> int:
    gone = Booking.objects.filter(student__closed_at__isnull=False) | Booking.objects.filter(
        mentor__user__closed_at__isnull=False
    )
    return gone.live().count()


@pytest.mark.parametrize("side", ["student", "mentor"])
def test_who_leaves_while_a_time_is_held_does_not_do_both(side: str) -> None:
    for _round in range(6):
        mentor, student = make_mentor(), make_student()
        leaver = student if side == "student" else mentor.user
        ends = outcomes([holding(mentor, student), leaving(leaver)])
        assert sorted(ends) in (
            ["won", "wrong_state"],  # the hold was first and keeps the account open
            ["AccessDenied", "won"],  # the student had left
            ["not_bookable", "won"],  # the mentor had left
        )
        assert held_by_the_gone() == 0


def test_control_without_the_locks_somebody_leaves_with_a_time_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look before either writes, as on a loaded site."""
    mentor, student = make_mentor(), make_student()
    meeting = threading.Barrier(2)
    check = claims.check_claim

    def ask_together(user: User, *, at: datetime) -> object:
        found = hindrances_of(user, at=at)
        meeting.wait(PATIENCE)
        return found

    def check_together(*args: object, **kwargs: object) -> None:
        check(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        meeting.wait(PATIENCE)

    monkeypatch.setattr("accounts.services.hindrances_of", ask_together)
    monkeypatch.setattr(claims, "check_claim", check_together)
    monkeypatch.setattr(holds, "lock_people", lambda *people, **_: timezone.now())
    assert outcomes([holding(mentor, student), leaving(student)]) == ["won", "won"]
    assert held_by_the_gone() == 1


def test_writing_to_who_is_leaving_ends_in_a_closed_conversation() -> None:
    """No deadlock either: a message locks its thread before the row of its author, leaving the other way round."""
    mentor = make_mentor()
    for number in range(6):
        student = make_student()
        thread, _new = open_thread(handle=mentor.handle, body="Hello", client_id="first-one", by=student)
        ends = outcomes(
            [
                leaving(student),
                partial(post_message, thread=thread, body="Hi", client_id="by-student", by=student),
                partial(post_message, thread=thread, body="Hi", client_id="by-mentor", by=mentor.user),
            ]
        )
        assert ends[0] == "won", ends
        assert set(ends[1:]) <= {"won", "wrong_state"}, ends
        assert Thread.objects.get(pk=thread.pk).blocked_by == student
        assert Message.objects.filter(thread=thread).count() == 1 + ends[1:].count("won"), number


def test_who_has_left_opens_no_conversation() -> None:
    mentor = make_mentor()
    for _round in range(6):
        student = make_student()
        opening = partial(open_thread, handle=mentor.handle, body="Hello", client_id="first-one", by=student)
        ends = outcomes([leaving(student), opening])
        assert ends[0] == "won"
        assert ends[1] in {"won", "AccessDenied"}
        assert not Thread.objects.filter(student=student, blocked_by=None).exists()


def test_nobody_opens_a_conversation_with_who_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mentor is looked up, and wants to leave before the conversation is written: their row makes them wait."""
    mentor, student = make_mentor(), make_student()
    has_looked, has_left = threading.Event(), threading.Event()
    count = threads._check_new_thread_limit

    def wait_for_the_leaver(by: User, *, at: datetime) -> None:
        count(by, at=at)
        has_looked.set()
        wait_until(lambda: has_left.is_set() or waiting_for_a_lock() > 0)

    def leave() -> None:
        has_looked.wait(PATIENCE)
        accounts.close_account(user=mentor.user)
        has_left.set()

    monkeypatch.setattr(threads, "_check_new_thread_limit", wait_for_the_leaver)
    opening = partial(open_thread, handle=mentor.handle, body="Hello", client_id="first-one", by=student)
    assert outcomes([opening, leave]) == ["won", "won"]
    assert not Thread.objects.filter(mentor=mentor, blocked_by=None).exists()


def test_leaving_while_a_file_passes_its_check_waits_for_it() -> None:
    """The check holds the file's row and then wants the mentor's: whoever leaves takes them in the same order."""
    mentor = make_mentor()
    photo = checked_upload(mentor.user, Upload.Purpose.PHOTO, "me.jpg")
    has_file = threading.Event()

    def pass_its_check() -> None:
        with transaction.atomic():
            Upload.objects.filter(pk=photo.pk).update(checked_at=timezone.now())
            has_file.set()
            wait_until(lambda: waiting_for_a_lock() > 0)
            show_checked_photo(upload=photo)

    def leave() -> None:
        has_file.wait(PATIENCE)
        accounts.close_account(user=mentor.user)

    assert outcomes([pass_its_check, leave]) == ["won", "won"]
    photo.refresh_from_db()
    mentor.refresh_from_db()
    assert (photo.status, mentor.photo) == ("purged", None)


def test_leaving_twice_at_once_is_leaving_once() -> None:
    student = make_student()
    assert outcomes([leaving(student), leaving(student)]) == ["won", "won"]
    student.refresh_from_db()
    assert student.closed_at is not None


def test_two_requests_at_once_make_one_copy() -> None:
    student = make_student()
    ends = outcomes([lambda: request_export(by=student)] * 4)
    assert sorted(ends) == ["won", "wrong_state", "wrong_state", "wrong_state"]
    assert DataExport.objects.count() == 1


def test_control_the_index_alone_still_keeps_a_second_copy_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the lock taken away the database refuses it, which is a fault then and no sentence."""
    student = make_student()
    meeting = threading.Barrier(2)
    create = DataExport.objects.create

    def create_together(**fields: object) -> DataExport:
        meeting.wait(PATIENCE)
        return create(**fields)

    monkeypatch.setattr(User.objects, "select_for_update", lambda **_: User.objects.all())
    monkeypatch.setattr(DataExport.objects, "create", create_together)
    ends = outcomes([lambda: request_export(by=student), lambda: request_export(by=student)])
    assert sorted(ends) == ["IntegrityError", "won"]
    assert DataExport.objects.count() == 1
