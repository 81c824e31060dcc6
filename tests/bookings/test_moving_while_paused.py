"""A pause keeps students from taking more of a mentor's time; it keeps no mentor from giving it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from time_machine import TimeMachineFixture

from accounts.models import User
from bookings.errors import NotBookable, SlotTaken
from bookings.models import Booking
from bookings.services import accept_proposal, move_booking, propose_move
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_paid_booking, make_student

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
START, LATER = NOW + timedelta(days=3), NOW + timedelta(days=4)
AWAY = [{"paused_at": NOW}, {"hidden_until": NOW + timedelta(days=7)}]


@pytest.fixture
def booking(db: None, time_machine: TimeMachineFixture) -> Booking:
    time_machine.move_to(NOW, tick=False)
    ngozi = User.objects.create_user("ngozi@example.org", role="mentor", name="Ngozi Adeyemi")
    return make_paid_booking(mentor=make_mentor(user=ngozi), student=make_student(), starts_at=START)


@pytest.mark.parametrize("away", AWAY, ids=["paused", "hidden"])
def test_a_mentor_who_is_not_listed_suggests_a_time_and_the_student_takes_it(
    client: Client, booking: Booking, away: dict[str, object]
) -> None:
    Mentor.objects.filter(pk=booking.mentor_id).update(**away)
    client.force_login(booking.mentor.user)
    url = f"/bookings/{booking.pk}/move/"
    assert 'name="starts_at"' in client.get(url).text
    answer = client.post(url, {"starts_at": LATER.isoformat(), "reason": "I am away."}, follow=True)
    assert "Your suggestion is sent." in answer.text
    booking.refresh_from_db()
    assert booking.starts_at == START, "it claims nothing"
    assert accept_proposal(booking_id=booking.pk, by=booking.student).starts_at == LATER


@pytest.mark.parametrize("away", AWAY, ids=["paused", "hidden"])
def test_a_student_takes_no_new_time_of_theirs_and_is_told_what_to_do(
    client: Client, booking: Booking, away: dict[str, object]
) -> None:
    Mentor.objects.filter(pk=booking.mentor_id).update(**away)
    with pytest.raises(NotBookable):
        move_booking(booking_id=booking.pk, starts_at=LATER, by=booking.student)
    client.force_login(booking.student)
    page = client.get(f"/bookings/{booking.pk}/move/").text
    assert "Ngozi takes no bookings for now" in page
    assert "Ask Ngozi to suggest one" in page
    Mentor.objects.filter(pk=booking.mentor_id).update(paused_at=None, hidden_until=None)
    assert move_booking(booking_id=booking.pk, starts_at=LATER, by=booking.student).starts_at == LATER


def test_a_suspended_mentor_suggests_nothing(booking: Booking) -> None:
    Mentor.objects.filter(pk=booking.mentor_id).update(status=Mentor.Status.SUSPENDED)
    with pytest.raises(NotBookable):
        propose_move(booking_id=booking.pk, starts_at=LATER, by=booking.mentor.user)
    Mentor.objects.filter(pk=booking.mentor_id).update(status=Mentor.Status.APPROVED)
    assert propose_move(booking_id=booking.pk, starts_at=LATER, by=booking.mentor.user).starts_at == START


def test_a_paused_mentor_who_suggests_a_taken_time_is_shown_others(booking: Booking) -> None:
    Mentor.objects.filter(pk=booking.mentor_id).update(paused_at=NOW)
    make_booking(mentor=booking.mentor, starts_at=LATER)
    with pytest.raises(SlotTaken) as refusal:
        propose_move(booking_id=booking.pk, starts_at=LATER, by=booking.mentor.user)
    assert len(refusal.value.alternatives) == 3
