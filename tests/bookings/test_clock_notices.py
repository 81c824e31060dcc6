"""Who is told that clocks change, when, and of what."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bookings.clocks import hours_apart, is_shifted
from bookings.models import Booking, ClockNotice
from bookings.services.clock_notices import send_clock_notices
from bookings.tasks import send_clock_notices as daily_job
from marketplace.common.errors import violated_constraint
from mentors.clocks import next_clock_change
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_student, make_user
from tests.jobs import forget_jobs, waiting_jobs
from tests.mentors.test_windows import Change, clock_changes

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)  # in all of the European Union, and in London
NOTICE = BACK - WEEK


def changes_of_five_years() -> list[Change]:
    return [change for change in clock_changes() if 2026 <= change.at.year <= 2030]


# The arithmetic


def test_every_change_in_every_zone_is_seen_from_a_week_before_and_not_sooner() -> None:
    """Once for zones that change alike; ``clock_changes`` looks for them another way."""
    changes = changes_of_five_years()
    assert {change.at.year for change in changes} == set(range(2026, 2031))
    assert len({change.zone for change in changes}) > 20
    for change in changes:
        zone = ZoneInfo(change.zone)
        found = next_clock_change(zone, after=change.at - WEEK, within=WEEK)
        assert found is not None, change
        assert found.at == change.at
        before, after = (moment.astimezone(zone).utcoffset() for moment in (change.at - MINUTE, change.at))
        assert before is not None
        assert after is not None
        assert found.forward is (after > before)
        assert found.last - found.first == abs(after - before)
        assert next_clock_change(zone, after=change.at - WEEK - MINUTE, within=WEEK) is None, change
        assert next_clock_change(zone, after=change.at, within=WEEK) is None, change


def test_a_session_is_shifted_against_a_clock_that_stays_from_the_change_on() -> None:
    still = ZoneInfo("UTC")
    for change in changes_of_five_years():
        zone = ZoneInfo(change.zone)
        for one, other in ((zone, still), (still, zone)):
            assert is_shifted(change.at, one, other, changes_at=change.at), change
            assert is_shifted(change.at + WEEK, one, other, changes_at=change.at), change
            assert not is_shifted(change.at - MINUTE, one, other, changes_at=change.at), change
        assert not is_shifted(change.at + WEEK, zone, zone, changes_at=change.at), change


def test_zones_that_change_alike_shift_nothing_between_them() -> None:
    alike: dict[datetime, list[Change]] = defaultdict(list)
    for change in changes_of_five_years():
        alike[change.at].append(change)
    pairs = 0
    for at, changes in alike.items():
        for one in changes:
            for other in changes:
                zones = ZoneInfo(one.zone), ZoneInfo(other.zone)
                steps = {hours_apart(*zones, at=moment) for moment in (at - MINUTE, at)}
                assert is_shifted(at, *zones, changes_at=at) is (len(steps) == 2)
                pairs += len(steps) == 1 and one != other
    assert pairs > 0


def test_a_second_change_before_the_session_takes_the_first_back() -> None:
    """New York springs forward three weeks before Berlin: six hours apart, five, six again."""
    york, berlin = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
    first, second = datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)
    between, after = first + WEEK, second + WEEK
    assert is_shifted(between, york, berlin, changes_at=first)
    assert not is_shifted(after, york, berlin, changes_at=first)
    assert is_shifted(after, york, berlin, changes_at=second)


# Who is told


@pytest.fixture
def ngozi(db: None) -> Mentor:
    """In Lagos, whose clocks never change."""
    user = make_user(role="mentor", name="Ngozi Adeyemi", time_zone="Africa/Lagos")
    return make_mentor(user=user, time_zone="Africa/Lagos")


@pytest.fixture
def amara(db: None) -> User:
    return make_student(name="Amara Diallo", time_zone="Europe/Lisbon")


def session(mentor: Mentor, student: User, **fields: Any) -> Booking:  # Any: the booking's fields
    start = BACK + timedelta(days=4, hours=17)
    return make_booking(mentor=mentor, student=student, **({"starts_at": start} | fields))


def told(at: datetime = NOTICE) -> dict[str, dict[str, Any]]:  # Any: the mail
    """Run the daily job at a moment; what goes out, by address."""
    forget_jobs()
    with time_machine.travel(at, tick=False):
        send_clock_notices(at=at)
    mails = [job["mail"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == "clocks_change"]
    found = {mail["to"]: mail for mail in mails}
    assert len(found) == len(mails), "one mail each"
    return found


@pytest.mark.django_db(transaction=True)
def test_both_people_of_a_session_that_shifts_are_told_each_in_their_own_time(ngozi: Mentor, amara: User) -> None:
    session(ngozi, amara)
    mails = told()
    assert set(mails) == {amara.email, ngozi.user.email}
    hers, mentors = mails[amara.email], mails[ngozi.user.email]
    assert hers["subject"] == mentors["subject"] == "Clocks in Lisbon go back on Sun 25 Oct"
    assert "Thu 29 Oct, 18:00 (19:00–19:45 for Ngozi in Lagos)" in hers["text"]
    assert "Thu 29 Oct, 19:00 (18:00–18:45 for Amara in Lisbon)" in mentors["text"]
    assert "Your weekly hours" not in mentors["text"], "clocks in Lagos stay"
    assert "18:00" in hers["html"]


@pytest.mark.django_db(transaction=True)
def test_a_mentor_whose_hours_move_for_students_elsewhere_is_told(db: None) -> None:
    berlin = make_mentor(user=make_user(role="mentor", time_zone="Europe/Berlin"))
    for other in (
        make_mentor(time_zone="Africa/Lagos"),
        make_mentor(paused_at=NOTICE),
        make_mentor(status=Mentor.Status.SUSPENDED),
    ):
        assert other.pk
    no_hours = make_mentor()
    no_hours.availability_rules.all().delete()
    [mail] = told().values()
    assert mail["to"] == berlin.user.email
    assert mail["subject"] == "Clocks in Berlin go back on Sun 25 Oct"
    assert "The time between 02:00 and 03:00 comes twice that day." in mail["text"]
    assert "look at these again" not in mail["text"]


@pytest.mark.django_db(transaction=True)
def test_in_spring_an_hour_is_left_out(db: None) -> None:
    make_mentor(user=make_user(role="mentor", time_zone="Europe/Berlin"))
    [mail] = told(datetime(2027, 3, 22, 6, tzinfo=UTC)).values()
    assert mail["subject"] == "Clocks in Berlin go forward on Sun 28 Mar"
    assert "Hours between 02:00 and 03:00 are left out that day." in mail["text"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("fields", "student_zone"),
    [
        ({"status": "held"}, "Europe/Lisbon"),
        ({"status": "cancelled"}, "Europe/Lisbon"),
        ({"starts_at": BACK - timedelta(hours=1)}, "Europe/Lisbon"),
        ({}, "Africa/Lagos"),
        ({}, ""),
    ],
    ids=["held", "cancelled", "before the change", "the same clock", "no zone"],
)
def test_nobody_is_told_of_what_does_not_shift(
    ngozi: Mentor, amara: User, fields: dict[str, object], student_zone: str
) -> None:
    User.objects.filter(pk=amara.pk).update(time_zone=student_zone)
    session(ngozi, amara, **fields)
    assert told() == {}
    Booking.objects.all().delete()
    User.objects.filter(pk=amara.pk).update(time_zone="Europe/Lisbon")
    session(ngozi, amara)
    assert len(told()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_whose_clocks_change_alike_are_not_told_of_their_session(amara: User) -> None:
    paused = make_mentor(user=make_user(role="mentor", time_zone="Europe/Berlin"), paused_at=NOTICE)
    session(paused, amara)
    assert told() == {}


@pytest.mark.django_db(transaction=True)
def test_each_is_told_once_from_seven_days_before_on(ngozi: Mentor, amara: User) -> None:
    session(ngozi, amara)
    assert told(NOTICE - MINUTE) == {}
    assert len(told(NOTICE)) == 2
    assert told(NOTICE + timedelta(days=1)) == {}
    session(ngozi, make_student(time_zone="Europe/Paris"), starts_at=BACK + timedelta(days=5))
    late = told(NOTICE + timedelta(days=2))
    assert ngozi.user.email not in late, "one mail a change"
    assert len(late) == 1
    assert ClockNotice.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_day_without_a_pass_loses_nothing(ngozi: Mentor, amara: User) -> None:
    session(ngozi, amara)
    assert len(told(BACK - timedelta(hours=2))) == 2


@pytest.mark.django_db(transaction=True)
def test_many_sessions_are_one_mail(ngozi: Mentor, amara: User) -> None:
    for number in range(12):
        session(ngozi, amara, starts_at=BACK + timedelta(days=number + 1, hours=12))
    mails = told()
    assert len(mails) == 2
    assert "And 2 more." in mails[amara.email]["text"]


@pytest.mark.django_db(transaction=True)
def test_a_quiet_day_takes_two_queries_however_many_people(ngozi: Mentor, amara: User) -> None:
    session(ngozi, amara)
    with CaptureQueriesContext(connection) as queries:
        assert told(datetime(2026, 7, 1, tzinfo=UTC)) == {}
    assert len([query for query in queries if "procrastinate" not in query["sql"]]) == 2


@pytest.mark.django_db(transaction=True)
def test_the_daily_job_is_the_same(ngozi: Mentor, amara: User) -> None:
    session(ngozi, amara)
    with time_machine.travel(NOTICE, tick=False):
        daily_job(timestamp=0)
    assert ClockNotice.objects.count() == 2


@pytest.mark.django_db
def test_nobody_is_told_twice_of_one_change(student: User, other_student: User) -> None:
    ClockNotice.objects.create(user=student, changes_at=BACK, told_at=NOTICE)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        ClockNotice.objects.create(user=student, changes_at=BACK, told_at=NOTICE)
    assert violated_constraint(refusal.value) == "clock_notice_told_once"
    ClockNotice.objects.create(user=other_student, changes_at=BACK, told_at=NOTICE)
