"""The database is the last guard: each constraint is broken here by a plain write, past every service."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from marketplace.common.errors import violated_constraint
from mentors.models import (
    AvailabilityException,
    AvailabilityRule,
    BusyTime,
    CalendarImport,
    Mentor,
    MentorEvent,
    MentorSubject,
    Package,
    SuspensionAppeal,
    VerificationDocument,
)
from tests.factories import make_mentor, make_staff, make_subject
from tests.mentors.review_cast import make_document

type Write = Callable[[Mentor], object]


def column(**fields: object) -> Write:
    return lambda mentor: Mentor.objects.filter(pk=mentor.pk).update(**fields)


def rule(**fields: Any) -> Write:  # Any: columns
    defaults = {"weekday": 0, "start": time(6), "end": time(7)}
    return lambda mentor: AvailabilityRule.objects.create(mentor=mentor, **(defaults | fields))


def exception(**fields: Any) -> Write:  # Any: columns
    defaults = {"date": date(2026, 12, 6), "kind": "add", "windows": [["09:00", "10:00"]]}
    return lambda mentor: AvailabilityException.objects.create(mentor=mentor, **(defaults | fields))


def package(**fields: Any) -> Write:  # Any: columns
    return lambda mentor: Package.objects.filter(mentor=mentor, minutes=15).update(**fields)


def document(**fields: Any) -> Write:  # Any: columns
    return lambda mentor: make_document(mentor, **fields)


def decided(by: Callable[[Mentor], object], **fields: object) -> Write:
    return lambda mentor: make_document(mentor, decided_by=by(mentor), decided_at=timezone.now(), **fields)  # type: ignore[arg-type]


def busy(minutes: int) -> Write:
    now = timezone.now()
    return lambda mentor: BusyTime.objects.create(
        mentor=mentor, starts_at=now, ends_at=now + timedelta(minutes=minutes)
    )


def imported(number: int = 1, **fields: Any) -> Write:  # Any: columns
    now = timezone.now()
    moments = dict.fromkeys(("added_at", "asked_at", "due_at", "read_at", "parsed_at"), now)
    given = {"place": number, "address_hash": str(number) * 64, "host": "a.example", "time_zone": "UTC"} | fields
    return lambda mentor: CalendarImport.objects.create(mentor=mentor, sealed_address="-", **moments, **given)


def appeal(**fields: Any) -> Write:  # Any: columns
    now = timezone.now()
    return lambda mentor: SuspensionAppeal.objects.create(mentor=mentor, text="No.", created_at=now, **fields)


def decided_appeal(by: Callable[[Mentor], Any]) -> Write:  # Any: a person
    return lambda mentor: appeal(decided_by=by(mentor), decided_at=timezone.now(), is_granted=True)(mentor)


def reviewer(_mentor: Mentor) -> object:
    return make_staff("reviewer")


def oneself(mentor: Mentor) -> object:
    return mentor.user


def both(one: Write, other: Write) -> Write:
    return lambda mentor: (one(mentor), other(mentor))


def twice(write: Write) -> Write:
    def both(mentor: Mentor) -> None:
        write(mentor)
        write(mentor)

    return both


def certificate(**fields: object) -> Write:
    return lambda mentor: make_document(mentor, kind="certificate", subject=make_subject(), **fields)  # type: ignore[arg-type]


# The constraint, a write that breaks it, and the same write with the one thing put right.
CASES: list[tuple[str, Write, Write]] = [
    ("mentor_status_known", column(status="famous"), column(status="suspended")),
    ("mentor_rate_in_bounds", column(hourly_rate_minor=1_199), column(hourly_rate_minor=1_200)),
    ("mentor_rate_in_bounds", column(hourly_rate_minor=100_001), column(hourly_rate_minor=100_000)),
    ("mentor_complete_once_submitted", column(headline=""), column(headline="", status="draft")),
    ("mentor_complete_once_submitted", column(bio=""), column(bio="", status="changes_requested")),
    ("mentor_complete_once_submitted", column(time_zone=""), column(time_zone="", status="draft")),
    ("mentor_complete_once_submitted", column(hourly_rate_minor=None), column(hourly_rate_minor=None, status="draft")),
    ("mentor_break_known", column(break_minutes=7), column(break_minutes=10)),
    ("mentor_notice_in_bounds", column(notice_hours=0), column(notice_hours=1)),
    ("mentor_notice_in_bounds", column(notice_hours=73), column(notice_hours=72)),
    ("mentor_horizon_in_bounds", column(horizon_days=0), column(horizon_days=1)),
    ("mentor_horizon_in_bounds", column(horizon_days=81), column(horizon_days=80)),
    ("mentor_day_cap_positive", column(day_cap=0), column(day_cap=1)),
    ("mentor_policy_known", column(policy="harsh"), column(policy="strict")),
    (
        "mentor_meeting_url_is_https",
        column(meeting_url="http://meet.example.org"),
        column(meeting_url="https://meet.example.org"),
    ),
    ("mentor_handle_shape", column(handle="Ngozi"), column(handle="ngozi")),
    ("mentor_handle_shape", column(handle="ab"), column(handle="abc")),
    ("mentor_handle_not_reserved", column(handle="onboarding"), column(handle="onboarding-2")),
    (
        "mentor_subject_unique",
        lambda mentor: MentorSubject.objects.create(mentor=mentor, subject=make_subject()),
        lambda mentor: MentorSubject.objects.create(mentor=mentor, subject=make_subject("physics")),
    ),
    ("package_unique", lambda mentor: Package.objects.create(mentor=mentor, minutes=45), package(price_minor=900)),
    ("package_minutes_known", package(minutes=30), package(minutes=15)),
    ("package_price_positive", package(price_minor=0), package(price_minor=1)),
    ("availability_rule_weekday", rule(weekday=7), rule(weekday=6)),
    ("availability_rule_quarters", rule(start=time(6, 10)), rule(start=time(6, 15))),
    ("availability_rule_quarters", rule(end=time(7, 0, 30)), rule(end=time(7, 30))),
    ("availability_rule_unique", twice(rule()), rule()),
    ("availability_exception_unique", twice(exception()), exception()),
    ("availability_exception_kind", exception(kind="move"), exception(kind="replace")),
    ("availability_exception_opens_something", exception(windows=[]), exception(windows=[], kind="remove")),
    ("document_kind_known", document(kind="diploma"), document()),
    ("document_status_known", decided(reviewer, status="lost"), decided(reviewer, status="approved")),
    ("document_certificates_name_a_subject", document(kind="certificate"), certificate()),
    (
        "document_certificates_name_a_subject",
        lambda mentor: make_document(mentor, subject=make_subject()),
        document(),
    ),
    ("document_decision_has_a_person", document(status="approved"), decided(reviewer, status="approved")),
    (
        "document_refusal_has_a_reason",
        decided(reviewer, status="refused"),
        decided(reviewer, status="refused", reason="expired"),
    ),
    ("document_not_decided_by_owner", decided(oneself, status="approved"), decided(reviewer, status="approved")),
    ("document_one_waiting", twice(document()), document()),
    ("document_one_waiting", twice(certificate()), certificate()),
    ("suspension_appeal_one_open_per_mentor", twice(appeal()), appeal()),
    ("suspension_appeal_decided_by_somebody", appeal(is_granted=True), decided_appeal(reviewer)),
    ("suspension_appeal_not_decided_by_owner", decided_appeal(oneself), decided_appeal(reviewer)),
    ("busy_time_has_a_length", busy(0), busy(1)),
    ("calendar_import_one_in_a_place", both(imported(1), imported(2, place=1)), both(imported(1), imported(2))),
    ("calendar_import_place_in_bounds", imported(6), imported(5)),
    ("calendar_import_place_in_bounds", imported(0), imported(1)),
    ("calendar_import_address_unique", both(imported(1), imported(2, address_hash="1" * 64)), imported(2)),
    ("calendar_import_failure_known", imported(failures=1, failure="bored"), imported(failures=1, failure="slow")),
    ("calendar_import_failures_have_a_reason", imported(failures=1), imported()),
    ("calendar_import_failures_have_a_reason", imported(failure="slow"), imported(failures=1, failure="slow")),
]


def breach(write: Write, mentor: Mentor) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write(mentor)
    return violated_constraint(refusal.value)


@pytest.mark.parametrize(("name", "wrong", "right"), CASES, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(CASES)])
def test_a_constraint_refuses_a_plain_write(mentor: Mentor, name: str, wrong: Write, right: Write) -> None:
    # An unknown kind breaks the rule about subjects too, whichever of the two is asked first.
    both = {"document_kind_known", "document_certificates_name_a_subject"}
    assert breach(wrong, mentor) in (both if name == "document_kind_known" else {name})
    right(mentor)


def test_every_constraint_is_tried() -> None:
    declared = {each.name for model in apps.get_app_config("mentors").get_models() for each in model._meta.constraints}
    assert declared == {name for name, *_ in CASES}


def test_a_handle_is_unique(mentor: Mentor) -> None:
    other = make_mentor()
    assert breach(column(handle=mentor.handle), other) == "mentors_mentor_handle_key"
    column(handle="somebody-else")(other)


def test_events_are_never_changed_or_deleted(mentor: Mentor) -> None:
    event = MentorEvent.objects.create(mentor=mentor, name="started", at=timezone.now())
    for write in (lambda: MentorEvent.objects.update(name="x"), lambda: MentorEvent.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="mentor_event_append_only"), transaction.atomic():
            write()
    event.refresh_from_db()
    assert event.name == "started"


def test_documents_keep_their_mentor(mentor: Mentor) -> None:
    make_document(mentor)
    with pytest.raises(IntegrityError), transaction.atomic():
        mentor.delete()
    assert VerificationDocument.objects.filter(mentor=mentor).exists()
