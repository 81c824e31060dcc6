from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.errors import AlreadyExtended, HoldExpired, HoldLimit, NotBookable, SlotTaken, StudentBusy, WrongState
from bookings.models import Booking
from marketplace.common.errors import DomainError, RateLimited
from marketplace.common.models import AnalyticsEvent
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_student

pytestmark = pytest.mark.django_db


def noon(days: int = 3, hour: int = 12) -> datetime:
    """A start that every mentor of the factories offers, whatever the season."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def hold(mentor: Mentor, student: User, *, minutes: int = 45, starts_at: datetime | None = None) -> Booking:
    return services.hold_slot(handle=mentor.handle, minutes=minutes, starts_at=starts_at or noon(), by=student)


def test_a_hold_copies_what_the_mentor_asks_for_at_that_moment(student: User) -> None:
    mentor = make_mentor(hourly_rate_minor=4_400, break_minutes=10, policy="strict")
    booking = hold(mentor, student)
    Mentor.objects.filter(pk=mentor.pk).update(hourly_rate_minor=9_000, break_minutes=0, policy="flexible")
    booking.refresh_from_db()
    assert (booking.price_minor, booking.currency, booking.fee_bps) == (3_300, "usd", 1_500)
    assert (booking.policy, booking.break_minutes) == ("strict", 10)
    assert booking.blocked_until - booking.ends_at == timedelta(minutes=10)
    assert timedelta(0) < booking.hold_expires_at - timezone.now() <= timedelta(seconds=settings.HOLD_SECONDS)
    assert [event.name for event in booking.events.order_by("pk")] == ["held"]
    events = AnalyticsEvent.objects.filter(user_id=student.pk).order_by("pk")
    assert [event.name for event in events] == ["slot_selected", "hold_created"]


def test_a_fixed_price_comes_before_the_hourly_rate(mentor: Mentor, student: User) -> None:
    mentor.packages.filter(minutes=45).update(price_minor=2_000)
    assert hold(mentor, student).price_minor == 2_000


@pytest.mark.parametrize(
    ("starts_at", "why"),
    [
        (noon() + timedelta(minutes=7), "off the grid"),
        (noon(days=-1), "past"),
        (noon(days=79), "beyond the horizon"),
        (noon(hour=2), "outside the hours"),
    ],
)
def test_a_time_that_is_not_offered_cannot_be_held(
    mentor: Mentor, student: User, starts_at: datetime, why: str
) -> None:
    with pytest.raises(NotBookable):
        hold(mentor, student, starts_at=starts_at)
    assert hold(mentor, student).status == "held"


def test_a_time_inside_the_notice_cannot_be_held(student: User) -> None:
    mentor = make_mentor(notice_hours=72)
    soon = noon(days=2)
    with pytest.raises(NotBookable):
        hold(mentor, student, starts_at=soon)
    Mentor.objects.filter(pk=mentor.pk).update(notice_hours=4)
    assert hold(mentor, student, starts_at=soon).status == "held"


@pytest.mark.parametrize("fields", [{"status": "submitted"}, {"status": "suspended"}, {"paused_at": timezone.now()}])
def test_a_mentor_who_is_not_listed_cannot_be_booked(mentor: Mentor, student: User, fields: dict[str, object]) -> None:
    listed = {"status": "approved", "paused_at": None}
    Mentor.objects.filter(pk=mentor.pk).update(**fields)
    with pytest.raises(NotBookable):
        hold(mentor, student)
    Mentor.objects.filter(pk=mentor.pk).update(**listed)
    assert hold(mentor, student).status == "held"


def test_a_length_that_is_not_offered_cannot_be_held(mentor: Mentor, student: User) -> None:
    mentor.packages.filter(minutes=90).delete()
    with pytest.raises(NotBookable):
        hold(mentor, student, minutes=90)
    assert hold(mentor, student, minutes=45).minutes == 45


def test_a_taken_time_is_refused_with_the_three_nearest(mentor: Mentor, student: User, other_student: User) -> None:
    first = hold(mentor, student)
    with pytest.raises(SlotTaken) as refusal:
        hold(mentor, other_student, minutes=90, starts_at=first.starts_at - timedelta(minutes=45))
    starts = [slot.starts_at for slot in refusal.value.alternatives]
    assert len(starts) == settings.ALTERNATIVES
    assert all(not first.starts_at - timedelta(minutes=90) < start < first.ends_at for start in starts)
    assert hold(mentor, other_student, minutes=90, starts_at=starts[0]).status == "held"


def test_a_student_is_in_one_session_at_a_time(student: User) -> None:
    hold(make_mentor(), student)
    other = make_mentor()
    with pytest.raises(StudentBusy):
        hold(other, student)
    assert hold(other, student, starts_at=noon(hour=14)).status == "held"


def test_one_hold_per_mentor_and_three_in_all(student: User) -> None:
    mentors = [make_mentor() for _ in range(4)]
    first = hold(mentors[0], student, starts_at=noon(hour=8))
    with pytest.raises(HoldLimit) as refusal:
        hold(mentors[0], student, starts_at=noon(hour=16))
    assert refusal.value.hold_ids == [first.pk]
    for index in (1, 2):
        hold(mentors[index], student, starts_at=noon(hour=8 + 2 * index))
    with pytest.raises(HoldLimit):
        hold(mentors[3], student, starts_at=noon(hour=16))
    services.let_hold_go(booking_id=first.pk, by=student)
    assert hold(mentors[3], student, starts_at=noon(hour=16)).hold_place == 1


def test_a_lapsed_hold_frees_its_time_without_a_worker(mentor: Mentor, student: User, other_student: User) -> None:
    first = hold(mentor, student)
    with pytest.raises(SlotTaken):
        hold(mentor, other_student)
    Booking.objects.filter(pk=first.pk).update(hold_expires_at=timezone.now())
    second = hold(mentor, other_student)
    first.refresh_from_db()
    assert (first.status, second.status) == ("expired", "held")
    assert [event.name for event in first.events.order_by("pk")] == ["held", "expired"]


def test_a_full_day_is_refused_as_taken(student: User) -> None:
    mentor = make_mentor(day_cap=1)
    make_booking(mentor=mentor, starts_at=noon(hour=8))
    with pytest.raises(SlotTaken):
        hold(mentor, student, starts_at=noon(hour=14))
    Mentor.objects.filter(pk=mentor.pk).update(day_cap=2)
    assert hold(mentor, student, starts_at=noon(hour=14)).status == "held"


def test_ten_holds_an_hour_and_no_more(mentor: Mentor, student: User, settings: object) -> None:
    for _ in range(10):
        services.let_hold_go(booking_id=hold(mentor, student).pk, by=student)
    with pytest.raises(RateLimited):
        hold(mentor, student)
    Booking.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert hold(mentor, student).status == "held"


def test_a_hold_is_extended_once(mentor: Mentor, student: User) -> None:
    booking = hold(mentor, student)
    extended = services.extend_hold(booking_id=booking.pk, by=student)
    assert extended.hold_expires_at - booking.hold_expires_at == timedelta(seconds=settings.HOLD_EXTENSION_SECONDS)
    with pytest.raises(AlreadyExtended):
        services.extend_hold(booking_id=booking.pk, by=student)


def test_a_lapsed_hold_cannot_be_extended(mentor: Mentor, student: User) -> None:
    booking = hold(mentor, student)
    Booking.objects.filter(pk=booking.pk).update(hold_expires_at=timezone.now())
    with pytest.raises(HoldExpired):
        services.extend_hold(booking_id=booking.pk, by=student)
    Booking.objects.filter(pk=booking.pk).update(hold_expires_at=timezone.now() + timedelta(minutes=1))
    services.extend_hold(booking_id=booking.pk, by=student)


@pytest.mark.parametrize(
    ("status", "refusal"), [("expired", HoldExpired), ("abandoned", HoldExpired), ("confirmed", WrongState)]
)
def test_what_is_no_hold_any_more_cannot_be_extended(
    mentor: Mentor, student: User, status: str, refusal: type[DomainError]
) -> None:
    booking = hold(mentor, student)
    Booking.objects.filter(pk=booking.pk).update(
        status=status, hold_place=None, confirmed_at=timezone.now() if status == "confirmed" else None
    )
    with pytest.raises(refusal):
        services.extend_hold(booking_id=booking.pk, by=student)
    Booking.objects.filter(pk=booking.pk).update(status="held", hold_place=1, confirmed_at=None)
    services.extend_hold(booking_id=booking.pk, by=student)


def test_letting_go_frees_the_time_at_once(mentor: Mentor, student: User, other_student: User) -> None:
    booking = hold(mentor, student)
    services.let_hold_go(booking_id=booking.pk, by=student)
    booking.refresh_from_db()
    assert (booking.status, booking.hold_place) == ("abandoned", None)
    assert hold(mentor, other_student).status == "held"
    with pytest.raises(WrongState):
        services.let_hold_go(booking_id=booking.pk, by=student)


def test_a_hold_outlives_a_pause_and_a_new_price(mentor: Mentor, student: User) -> None:
    booking = hold(mentor, student)
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=timezone.now(), hourly_rate_minor=9_900)
    mentor.availability_rules.all().delete()
    extended = services.extend_hold(booking_id=booking.pk, by=student)
    assert (extended.status, extended.price_minor) == ("held", 3_300)


@pytest.mark.django_db(transaction=True)
def test_the_form_holds_and_goes_on_to_pay(client: Client, mentor: Mentor, student: User) -> None:
    client.force_login(student)
    data = {"mentor": mentor.handle, "minutes": "45", "starts_at": noon().isoformat()}
    response = client.post("/bookings/", data | {"student": str(make_student().pk), "price_minor": "1"})
    booking = Booking.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/bookings/{booking.pk}/pay/"
    assert (booking.student_id, booking.price_minor) == (student.pk, 3_300)


def test_the_form_shows_three_other_times_when_one_is_taken(client: Client, mentor: Mentor, student: User) -> None:
    make_booking(mentor=mentor, starts_at=noon())
    client.force_login(student)
    response = client.post("/bookings/", {"mentor": mentor.handle, "minutes": "45", "starts_at": noon().isoformat()})
    assert response.status_code == 409
    assert response.text.count('name="starts_at"') == 3
    assert Booking.objects.filter(student=student).count() == 0


@pytest.mark.parametrize(
    "starts_at", ["", "soon", "2026-12-01T12:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:45:00Z"]
)
def test_the_form_refuses_what_is_no_time(client: Client, mentor: Mentor, student: User, starts_at: str) -> None:
    client.force_login(student)
    data = {"mentor": mentor.handle, "minutes": "45", "starts_at": starts_at}
    assert client.post("/bookings/", data).status_code == 422
    assert client.post("/bookings/", data | {"starts_at": noon().isoformat()}).status_code == 302


@pytest.mark.parametrize("refused", [{"starts_at": noon(days=-1).isoformat()}, {"mentor": "nobody-here"}])
def test_the_form_tells_what_was_asked_for_when_it_cannot_be_held(
    client: Client, mentor: Mentor, student: User, refused: dict[str, str]
) -> None:
    client.force_login(student)
    data = {"mentor": mentor.handle, "minutes": "45", "starts_at": noon().isoformat()}
    response = client.post("/bookings/", data | refused)
    assert response.status_code == 422
    assert f'href="/mentors/{(data | refused)["mentor"]}/?minutes=45"' in response.text
    assert client.post("/bookings/", data).status_code == 302


def test_a_stranger_signs_in_before_anything_is_held(client: Client, mentor: Mentor, student: User) -> None:
    data = {"mentor": mentor.handle, "minutes": "45", "starts_at": noon().isoformat()}
    response = client.post("/bookings/", data)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/signup/")
    assert Booking.objects.count() == 0
    assert client.session["picked_slot"]["mentor"] == mentor.handle


@pytest.mark.django_db(transaction=True)
def test_holding_costs_twelve_queries_at_most_and_the_same_beside_many_bookings(client: Client, student: User) -> None:
    def count() -> int:
        mentor = make_mentor()
        for day in range(4, 4 + 3 * len(counts)):
            make_booking(mentor=mentor, starts_at=noon(days=day))
        data = {"mentor": mentor.handle, "minutes": "45", "starts_at": noon(hour=14 + len(counts)).isoformat()}
        with CaptureQueriesContext(connection) as queries:
            assert client.post("/bookings/", data).status_code == 302
        return sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in queries)

    client.force_login(student)
    counts: list[int] = []
    counts.append(count())
    counts.append(count())
    assert counts[0] == counts[1] <= 12


def test_a_mentor_cannot_hold(client: Client, mentor: Mentor) -> None:
    client.force_login(make_mentor().user)
    data = {"mentor": mentor.handle, "minutes": "45", "starts_at": noon().isoformat()}
    assert client.post("/bookings/", data).status_code == 403
    assert Booking.objects.count() == 0


def test_someone_elses_booking_is_not_there(client: Client, mentor: Mentor, student: User, other_student: User) -> None:
    booking = hold(mentor, student)
    url = f"/bookings/{booking.pk}/"
    client.force_login(other_student)
    assert client.get(url).status_code == 404
    assert client.post(f"{url}let-go/").status_code == 404
    client.force_login(student)
    assert client.get(url).status_code == 200
    booking.refresh_from_db()
    assert booking.status == "held"
