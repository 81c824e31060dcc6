"""A taken time is refused by a plain read, without waiting for a lock, and with the answer the claim would give."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.errors import HoldLimit, NotBookable, SlotTaken, StudentBusy
from bookings.models import Booking
from bookings.services import claims, holds
from marketplace.common.errors import DomainError
from marketplace.common.models import AnalyticsEvent
from mentors.models import AvailabilityRule, Mentor
from tests.factories import make_booking, make_mentor

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def noon(days: int = 3, hour: int = 12) -> datetime:
    """A start that every mentor of the factories offers, whatever the season."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def hold(mentor: Mentor, student: User, *, minutes: int = 45, starts_at: datetime | None = None) -> Booking:
    return services.hold_slot(handle=mentor.handle, minutes=minutes, starts_at=starts_at or noon(), by=student)


@pytest.fixture
def taken(mentor: Mentor) -> Booking:
    return make_booking(mentor=mentor, starts_at=noon())


@contextmanager
def locked(user: User) -> Iterator[None]:
    """Somebody else, on a connection of their own, is claiming time of this person; we wait 200 ms and no longer."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    other = connections["default"].copy()
    other.connect()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE", [user.pk])
        yield
    finally:
        other.rollback()
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("taken")
def test_a_taken_time_is_refused_while_another_claim_is_under_way(mentor: Mentor, student: User) -> None:
    with locked(mentor.user):
        with pytest.raises(SlotTaken) as refusal:
            hold(mentor, student)
        with pytest.raises(OperationalError, match="lock timeout"):  # the control: a free time waits for its turn
            hold(mentor, student, starts_at=noon(hour=15))
    assert [slot.starts_at for slot in refusal.value.alternatives] == [
        noon() - 60 * MINUTE,
        noon() - 45 * MINUTE,
        noon() + 45 * MINUTE,
    ]
    assert hold(mentor, student, starts_at=noon(hour=15)).status == "held"


@pytest.mark.django_db(transaction=True)
def test_a_lapsed_hold_refuses_nobody(mentor: Mentor, student: User, other_student: User) -> None:
    lapsed = make_booking(mentor=mentor, student=other_student, status="held", starts_at=noon())
    Booking.objects.filter(pk=lapsed.pk).update(hold_expires_at=timezone.now())
    with locked(mentor.user), pytest.raises(OperationalError):  # on to the lock, not refused
        hold(mentor, student)
    Booking.objects.filter(pk=lapsed.pk).update(hold_expires_at=timezone.now() + MINUTE)
    with locked(mentor.user), pytest.raises(SlotTaken):
        hold(mentor, student)
    Booking.objects.filter(pk=lapsed.pk).update(hold_expires_at=timezone.now())
    assert hold(mentor, student).status == "held"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hold_expires_at", [noon(), timezone.now()], ids=["held", "lapsed"])
def test_whoever_holds_something_is_answered_under_the_lock(
    mentor: Mentor, taken: Booking, student: User, hold_expires_at: datetime
) -> None:
    """Their own lapsed holds are marked there, and the limit on holds comes before a taken time."""
    make_booking(student=student, status="held", starts_at=noon(days=9), hold_expires_at=hold_expires_at)
    with locked(mentor.user), pytest.raises(OperationalError):
        hold(mentor, student)
    with pytest.raises(SlotTaken):  # one hold elsewhere is no obstacle
        hold(mentor, student)


@dataclass(frozen=True)
class Case:
    """What makes another answer come before ``slot_taken``, and what puts it right."""

    error: type[DomainError]
    spoil: Callable[[Mentor, User], object]
    mend: Callable[[Mentor, User], object]
    minutes: int = 45


def _unlist(mentor: Mentor, _student: User) -> None:
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=timezone.now())


def _list(mentor: Mentor, _student: User) -> None:
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=None)


def _close(mentor: Mentor, _student: User) -> None:
    AvailabilityRule.objects.filter(mentor=mentor).update(start="18:00")


def _open(mentor: Mentor, _student: User) -> None:
    AvailabilityRule.objects.filter(mentor=mentor).update(start="08:00")


def _let_go(_mentor: Mentor, student: User) -> None:
    Booking.objects.filter(student=student).update(status="abandoned", hold_place=None)


CASES = {
    "unlisted": Case(NotBookable, _unlist, _list),
    "closed": Case(NotBookable, _close, _open),
    "length not offered": Case(
        NotBookable,
        lambda mentor, _: mentor.packages.filter(minutes=90).delete(),
        lambda mentor, _: mentor.packages.create(minutes=90),
        minutes=90,
    ),
    "a hold with this mentor": Case(
        HoldLimit,
        lambda mentor, student: make_booking(
            mentor=mentor, student=student, status="held", starts_at=noon(hour=15), hold_expires_at=noon()
        ),
        _let_go,
    ),
    "three holds": Case(
        HoldLimit,
        lambda _, student: [
            make_booking(
                student=student, status="held", starts_at=noon(20 + n), hold_expires_at=noon(), hold_place=n + 1
            )
            for n in range(3)
        ],
        _let_go,
    ),
    "busy": Case(
        StudentBusy,
        lambda _, student: make_booking(student=student, starts_at=noon() - 15 * MINUTE),
        lambda _, student: Booking.objects.filter(student=student).update(status="cancelled"),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("taken")
def test_what_comes_before_taken_in_the_contract_is_said_before_it(mentor: Mentor, student: User, name: str) -> None:
    case = CASES[name]
    case.spoil(mentor, student)
    with pytest.raises(case.error):
        hold(mentor, student, minutes=case.minutes)
    case.mend(mentor, student)
    with pytest.raises(SlotTaken):
        hold(mentor, student, minutes=case.minutes)
    assert not Booking.objects.filter(mentor=mentor, student=student, status="held").exists()


@pytest.mark.parametrize("offset", [-90, -45, -30, 0, 15, 45])
@pytest.mark.parametrize("minutes", [15, 90])
@pytest.mark.parametrize("break_minutes", [0, 30])
def test_the_glance_changes_no_answer(
    monkeypatch: pytest.MonkeyPatch, student: User, minutes: int, offset: int, break_minutes: int
) -> None:
    mentor = make_mentor(break_minutes=break_minutes)
    make_booking(mentor=mentor, starts_at=noon(), break_minutes=break_minutes)

    def answer() -> object:
        try:
            booking = hold(mentor, student, minutes=minutes, starts_at=noon() + offset * MINUTE)
        except SlotTaken as refusal:
            return refusal.alternatives
        services.let_hold_go(booking_id=booking.pk, by=student)
        return "held"

    with_it = answer()
    monkeypatch.setattr(holds, "refuse_taken", lambda *args, **kwargs: None)
    assert answer() == with_it


def test_between_glance_and_lock_somebody_may_be_first(
    monkeypatch: pytest.MonkeyPatch, mentor: Mentor, student: User
) -> None:
    """What the glance saw free is looked at again under the lock: it grants nothing."""

    def lock_late(*people: object, **begun: object) -> datetime:
        make_booking(mentor=mentor, starts_at=noon())
        return claims.lock_people(*people, **begun)  # type: ignore[arg-type]  # handed through

    with monkeypatch.context() as patch:
        patch.setattr(holds, "lock_people", lock_late)
        with pytest.raises(SlotTaken):
            hold(mentor, student)
    Booking.objects.filter(mentor=mentor).update(status="cancelled")
    assert hold(mentor, student).status == "held"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("taken")
def test_a_refusal_is_counted_once_and_leaves_nothing_else(mentor: Mentor, student: User) -> None:
    with pytest.raises(SlotTaken):
        hold(mentor, student)
    assert [event.name for event in AnalyticsEvent.objects.filter(user_id=student.pk)] == ["slot_selected"]
    assert Booking.objects.filter(mentor=mentor).count() == 1
    assert not transaction.get_connection().in_atomic_block


def test_refusing_costs_seven_queries_at_most_and_the_same_beside_many_bookings(client: Client, student: User) -> None:
    def count() -> int:
        mentor = make_mentor()
        make_booking(mentor=mentor, starts_at=noon())
        for day in range(4, 4 + 3 * len(counts)):
            make_booking(mentor=mentor, starts_at=noon(days=day))
            make_booking(student=student, starts_at=noon(days=day, hour=16))
        body = {"mentor": mentor.handle, "minutes": 45, "starts_at": f"{noon():%Y-%m-%dT%H:%M:%SZ}"}
        with CaptureQueriesContext(connection) as queries:
            response = client.post("/api/bookings", body, content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (409, "slot_taken")
        return len(queries)

    client.force_login(student)
    counts: list[int] = []
    counts.append(count())
    counts.append(count())
    assert counts[0] == counts[1] <= 7
