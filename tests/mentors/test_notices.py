"""What mentors and reviewers are told by the clock: certificates, weeks without hours, a queue that is late."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import User
from mentors.models import AvailabilityException, AvailabilityRule, Mentor, MentorSubject, VerificationDocument
from mentors.services.notices import send_notices, tell_of_weeks_without_hours
from tests.factories import make_mentor, make_staff, make_subject
from tests.jobs import waiting_jobs
from uploads.models import Upload

pytestmark = pytest.mark.django_db

EXPIRES = date(2026, 12, 14)
THURSDAY = datetime(2026, 11, 26, 8, 10, tzinfo=UTC)
NEXT_MONDAY = date(2026, 11, 30)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def told(name: str) -> list[dict[str, Any]]:  # Any: the job's payload
    return [job["mail"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == name]


@pytest.fixture
def certified(mentor: Mentor) -> Mentor:
    """Verified in linear algebra until 14 Dec 2026."""
    MentorSubject.objects.filter(mentor=mentor).update(verified_until=EXPIRES)
    return mentor


@pytest.mark.parametrize(("days", "mails"), [(31, 0), (30, 1), (8, 1), (7, 1), (0, 1), (-1, 0)])
def test_a_certificate_is_told_of_30_and_7_days_before_it_expires(certified: Mentor, days: int, mails: int) -> None:
    with at(datetime(2026, 12, 14, 9, tzinfo=UTC) - timedelta(days=days)):
        send_notices()
    assert len(told("document_expires")) == mails


def test_each_of_the_two_comes_once(certified: Mentor) -> None:
    for days in range(35, -3, -1):
        with at(datetime(2026, 12, 14, 9, tzinfo=UTC) - timedelta(days=days)):
            send_notices()
            send_notices()
    mails = told("document_expires")
    assert [m["subject"] for m in mails] == ["Your linear algebra certificate expires on Mon 14 Dec"] * 2
    assert {m["to"] for m in mails} == {certified.user.email}


def test_a_certificate_of_another_date_is_told_of_anew(certified: Mentor) -> None:
    with at(datetime(2026, 12, 10, 9, tzinfo=UTC)):
        send_notices()
        MentorSubject.objects.filter(mentor=certified).update(verified_until=EXPIRES + timedelta(days=1))
        send_notices()
    assert len(told("document_expires")) == 2


@pytest.mark.parametrize(("status", "mails"), [("suspended", 0), ("rejected", 0), ("approved", 1)])
def test_only_mentors_who_are_in_are_told(certified: Mentor, status: str, mails: int) -> None:
    Mentor.objects.filter(pk=certified.pk).update(status=status)
    with at(datetime(2026, 12, 10, 9, tzinfo=UTC)):
        send_notices()
    assert len(told("document_expires")) == mails


# Hours -------------------------------------------------------------------------------------------------------------------


def away(mentor: Mentor, first: date, days: int = 7) -> None:
    AvailabilityException.objects.bulk_create(
        AvailabilityException(mentor=mentor, date=first + timedelta(days=n), kind="remove") for n in range(days)
    )


def test_a_week_without_hours_is_told_of_once(mentor: Mentor) -> None:
    away(mentor, NEXT_MONDAY)
    for days in range(3):
        with at(THURSDAY + timedelta(days=days)):
            tell_of_weeks_without_hours()
    [found] = told("no_hours")
    assert (found["subject"], found["to"]) == ("You have no open hours next week", mentor.user.email)
    assert "Monday 30 November" in found["text"]


def test_a_week_with_one_open_day_is_no_news(mentor: Mentor) -> None:
    away(mentor, NEXT_MONDAY, days=6)
    with at(THURSDAY):
        tell_of_weeks_without_hours()
        assert told("no_hours") == []
        away(mentor, NEXT_MONDAY + timedelta(days=6), days=1)
        tell_of_weeks_without_hours()
    assert len(told("no_hours")) == 1


def test_a_long_absence_is_told_of_when_it_begins_and_no_hours_at_all_never(mentor: Mentor) -> None:
    away(mentor, NEXT_MONDAY, days=21)
    AvailabilityRule.objects.filter(mentor=make_mentor()).delete()
    for weeks in range(3):
        with at(THURSDAY + timedelta(weeks=weeks)):
            tell_of_weeks_without_hours()
    assert [found["to"] for found in told("no_hours")] == [mentor.user.email]


@pytest.mark.parametrize("is_paused", [True, False])
def test_whoever_pauses_is_not_told(mentor: Mentor, is_paused: bool) -> None:
    away(mentor, NEXT_MONDAY)
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=THURSDAY if is_paused else None)
    with at(THURSDAY):
        tell_of_weeks_without_hours()
    assert len(told("no_hours")) == (0 if is_paused else 1)


def test_the_week_is_that_of_the_hours_zone(mentor: Mentor) -> None:
    """On Sunday at 13:00 UTC it is Monday in Auckland: their next week begins a week later than Berlin's."""
    Mentor.objects.filter(pk=mentor.pk).update(time_zone="Pacific/Auckland")
    away(mentor, NEXT_MONDAY + timedelta(weeks=1))
    with at(datetime(2026, 11, 29, 13, tzinfo=UTC)):
        tell_of_weeks_without_hours()
    [found] = told("no_hours")
    assert "Monday 7 December" in found["text"]


# The queue ---------------------------------------------------------------------------------------------------------------


def send_document(sent_at: datetime) -> VerificationDocument:
    pending = make_mentor(status=Mentor.Status.SUBMITTED)
    upload = Upload.objects.create(
        owner=pending.user, purpose=Upload.Purpose.VERIFICATION, status=Upload.Status.READY, name="id.png",
        content_type="image/png", size=10, sha256="0" * 64, quarantine_key=f"q/{pending.pk}", private_key=f"p/{pending.pk}",
        expires_at=sent_at, checked_at=sent_at,
    )  # fmt: skip
    return VerificationDocument.objects.create(mentor=pending, kind="government_id", upload=upload, sent_at=sent_at)


@pytest.fixture
def colleagues(db: None) -> list[User]:
    away_now = make_staff("reviewer")
    User.objects.filter(pk=away_now.pk).update(is_active=False)
    make_staff("support")
    return [make_staff("reviewer"), make_staff("reviewer", "finance")]


def test_reviewers_are_told_once_a_day_what_has_waited_over_24_hours(colleagues: list[User]) -> None:
    for hours in (30, 25, 24):
        send_document(THURSDAY - timedelta(hours=hours))
    for hours in range(5):
        with at(THURSDAY + timedelta(minutes=20 * hours)):
            send_notices()
    mails = told("queue_late")
    assert sorted(m["to"] for m in mails) == sorted(user.email for user in colleagues)
    assert {m["subject"] for m in mails} == {"2 documents have waited over 24 hours"}
    assert "Wed 25 Nov, 02:10 (UTC, GMT+0)" in mails[0]["text"]
    with at(THURSDAY + timedelta(days=1)):
        send_notices()
    assert len(told("queue_late")) == 4


def test_a_queue_in_time_is_no_news(colleagues: list[User]) -> None:
    document = send_document(THURSDAY - timedelta(hours=24))
    with at(THURSDAY):
        send_notices()
        assert told("queue_late") == []
        VerificationDocument.objects.filter(pk=document.pk).update(sent_at=THURSDAY - timedelta(hours=24, seconds=1))
        send_notices()
    assert [m["subject"] for m in told("queue_late")] == ["1 document has waited over 24 hours"] * 2


def test_the_subject_that_is_taught_is_named(certified: Mentor) -> None:
    subject = make_subject("ancient-greek")
    MentorSubject.objects.filter(mentor=certified).update(subject=subject)
    with at(datetime(2026, 12, 10, 9, tzinfo=UTC)):
        send_notices()
    assert told("document_expires")[0]["subject"] == "Your ancient greek certificate expires on Mon 14 Dec"
