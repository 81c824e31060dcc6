"""The database is the last guard of conversations: each constraint is broken here by a plain write, past every service."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from chat.models import Message, MessageUpload, MessageVersion, Thread, ThreadReport
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


def test_a_message_is_edited_or_deleted_and_nothing_else(student: User, mentor: Mentor) -> None:
    message = say(make_thread(student, mentor), 1)
    here, now = Message.objects.filter(pk=message.pk), message.created_at
    another = make_thread(student, make_mentor())
    forbidden: tuple[dict[str, Any], ...] = (  # Any: columns
        {"body": "I never said that."},
        {"body": "Edited, but nobody is told.", "edited_at": now},
        {"change_number": 1},
        {"number": 7, "edited_at": now, "change_number": 1},
        {"author": mentor.user, "edited_at": now, "change_number": 1},
        {"thread": another, "edited_at": now, "change_number": 1},
        {"created_at": now - timedelta(days=1), "edited_at": now, "change_number": 1},
        {"client_id": "another-id", "edited_at": now, "change_number": 1},
        {"body": "", "deleted_at": now, "edited_at": now, "change_number": 1},
    )
    for change in forbidden:
        assert refused(lambda change=change: here.update(**change)) == "message_changed_by_rule", change  # type: ignore[misc]
    assert refused(message.delete) == "message_changed_by_rule"
    assert here.get().body == "Hello!"

    here.update(body="Hello, you!", edited_at=now, change_number=1)
    assert refused(lambda: here.update(body="Again", edited_at=now, change_number=1)) == "message_changed_by_rule"
    here.update(body="", deleted_at=now, change_number=2)
    undelete: dict[str, Any] = {"body": "Back", "deleted_at": None, "change_number": 3}
    assert refused(lambda: here.update(**undelete)) == "message_changed_by_rule"
    kept = MessageVersion.objects.order_by("pk").values_list("body", flat=True)
    assert list(kept) == ["Hello!", "Hello, you!"]


def test_what_a_message_said_before_stays(student: User, mentor: Mentor) -> None:
    message = say(make_thread(student, mentor), 1)
    Message.objects.update(body="", deleted_at=message.created_at, change_number=1)
    version_trigger = "message_version_append_only"
    for change in (lambda: MessageVersion.objects.update(body=""), MessageVersion.objects.get().delete):
        with pytest.raises(ProgrammingError, match=version_trigger), transaction.atomic():
            change()
    assert MessageVersion.objects.get().body == "Hello!"


def test_a_change_has_a_number_of_its_own(student: User, mentor: Mentor) -> None:
    thread = make_thread(student, mentor)
    first, second = say(thread, 1), say(thread, 2)

    def edit(message: Message, number: int) -> int:
        rows = Message.objects.filter(pk=message.pk)
        return rows.update(body=f"No. {number}", edited_at=message.created_at, change_number=number)

    edit(first, 1)
    assert refused(lambda: edit(second, 1)) == "message_change_number_unique"
    edit(second, 2)
    edit(say(make_thread(student, make_mentor()), 1), 1)


def test_a_message_is_edited_in_its_first_minutes(student: User, mentor: Mentor) -> None:
    message = say(make_thread(student, mentor), 1)

    def edit(after: timedelta) -> int:
        at = message.created_at + after
        return Message.objects.update(body="Edited", edited_at=at, change_number=F("number"))

    limit = timedelta(minutes=settings.MESSAGE_EDIT_MINUTES)
    for outside in (limit + timedelta(microseconds=1), -timedelta(microseconds=1)):
        assert refused(lambda outside=outside: edit(outside)) == "message_edited_in_time"  # type: ignore[misc]
    assert edit(limit) == 1


def test_a_deleted_message_says_nothing(student: User, mentor: Mentor) -> None:
    message = say(make_thread(student, mentor), 1)
    gone: dict[str, Any] = {"deleted_at": message.created_at, "change_number": 1}
    assert refused(lambda: Message.objects.update(**gone)) == "message_deleted_says_nothing"
    assert Message.objects.update(body="", **gone) == 1


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


def test_a_person_has_one_open_report_of_a_thread(student: User, mentor: Mentor, support: User) -> None:
    thread, now = make_thread(student, mentor), timezone.now()

    def report(by: User = student, **fields: Any) -> ThreadReport:  # Any: columns
        return ThreadReport.objects.create(thread=thread, by=by, reason="Rude.", created_at=now, **fields)

    report()
    assert refused(report) == "thread_report_one_open"
    report(closed_at=now, closed_by=support)
    report(by=mentor.user)
    ThreadReport.objects.filter(by=student).update(closed_at=now, closed_by=support)
    report()


def test_a_report_says_what_is_wrong_and_who_closed_it(student: User, mentor: Mentor, support: User) -> None:
    thread, now = make_thread(student, mentor), timezone.now()

    def report(**fields: Any) -> ThreadReport:  # Any: columns
        return ThreadReport.objects.create(thread=thread, by=student, created_at=now, **fields)

    assert refused(lambda: report(kind="dull")) == "thread_report_kind_known"
    assert refused(lambda: report(kind="rude", closed_at=now)) == "thread_report_closed_by_someone"
    assert refused(lambda: report(kind="rude", closed_by=support)) == "thread_report_closed_by_someone"
    report(kind="rude", closed_at=now, closed_by=support)
