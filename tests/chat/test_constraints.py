"""The database is the last guard of conversations: each constraint is broken here by a plain write, past every service."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from accounts.models import User
from chat.models import Message, MessageUpload, Thread, ThreadReport
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor
from tests.factories import make_mentor
from tests.uploads.test_constraints import make_upload


def refused(write: Callable[[], object]) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write()
    return violated_constraint(refusal.value)


def make_thread(student: User, mentor: Mentor, **fields: Any) -> Thread:  # Any: columns
    now = timezone.now()
    defaults: dict[str, Any] = {"opened_by": student, "created_at": now, "last_message_at": now}
    return Thread.objects.create(student=student, mentor=mentor, **(defaults | fields))


def say(thread: Thread, number: int, **fields: Any) -> Message:  # Any: columns
    defaults: dict[str, Any] = {"author": thread.student, "client_id": f"client-{number}", "body": "Hello!"}
    return Message.objects.create(thread=thread, number=number, created_at=timezone.now(), **(defaults | fields))


def test_two_people_have_one_thread(student: User, other_student: User, mentor: Mentor) -> None:
    make_thread(student, mentor)
    assert refused(lambda: make_thread(student, mentor)) == "thread_unique"
    make_thread(other_student, mentor)
    make_thread(student, make_mentor())


def test_nobody_writes_to_themself(student: User, mentor: Mentor) -> None:
    # With a mentor's role it would be the trigger that says no; here it is the check alone.
    themself = make_mentor(user=student)
    assert refused(lambda: make_thread(student, themself)) == "thread_between_two_people"
    make_thread(student, mentor)


@pytest.mark.parametrize("side", ["student_read_number", "mentor_read_number"])
def test_nobody_has_read_what_is_not_written(student: User, mentor: Mentor, side: str) -> None:
    assert refused(lambda: make_thread(student, mentor, last_number=2, **{side: 3})) == "thread_read_what_exists"
    thread = make_thread(student, mentor, last_number=2, **{side: 2})
    assert refused(lambda: Thread.objects.update(last_number=1)) == "thread_read_what_exists"
    assert Thread.objects.filter(pk=thread.pk).update(last_number=3) == 1


def test_a_number_stands_for_one_message_of_a_thread(student: User, mentor: Mentor) -> None:
    thread = make_thread(student, mentor)
    say(thread, 1)
    again = {"author": mentor.user, "client_id": "another"}
    assert refused(lambda: say(thread, 1, **again)) == "message_number_unique"
    say(thread, 2, **again)
    say(make_thread(student, make_mentor()), 1)


def test_a_message_sent_twice_is_one(student: User, mentor: Mentor) -> None:
    thread = make_thread(student, mentor)
    say(thread, 1, client_id="same")
    assert refused(lambda: say(thread, 2, client_id="same")) == "message_client_id_unique"
    say(thread, 2, client_id="other")
    # Ids are made by each device: the other person, and the same one elsewhere, may come upon the same.
    say(thread, 3, client_id="same", author=mentor.user)
    say(make_thread(student, make_mentor()), 1, client_id="same")


def test_what_was_said_is_only_added_to(student: User, mentor: Mentor) -> None:
    message = say(make_thread(student, mentor), 1)
    for change in (lambda: Message.objects.update(body="I never said that."), message.delete):
        with pytest.raises(ProgrammingError, match="message_append_only"), transaction.atomic():
            change()
    assert Message.objects.get().body == "Hello!"
    say(message.thread, 2)


def test_the_files_of_a_message_stand_in_order(student: User, mentor: Mentor) -> None:
    thread = make_thread(student, mentor)
    message, next_message = say(thread, 1), say(thread, 2)
    first, second, third = (make_upload(student) for _ in range(3))

    def attach(**fields: Any) -> MessageUpload:  # Any: columns
        return MessageUpload.objects.create(**({"message": message, "position": 0} | fields))

    attach(upload=first)
    assert refused(lambda: attach(upload=second)) == "message_upload_position_unique"
    attach(upload=second, position=1)
    attach(upload=third, message=next_message)


def test_a_person_has_one_open_report_of_a_thread(student: User, mentor: Mentor) -> None:
    thread, now = make_thread(student, mentor), timezone.now()

    def report(by: User = student, **fields: Any) -> ThreadReport:  # Any: columns
        return ThreadReport.objects.create(thread=thread, by=by, reason="Rude.", created_at=now, **fields)

    report()
    assert refused(report) == "thread_report_one_open"
    report(closed_at=now)
    report(by=mentor.user)
    ThreadReport.objects.filter(by=student).update(closed_at=now)
    report()
