"""What a move keeps, and how far it goes, whoever asks for it."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from bookings import services
from bookings.errors import NotBookable
from bookings.models import Booking
from bookings.queries.changes import refund_preview
from chat.models import Thread
from chat.services import open_thread
from mentors.models import Mentor
from payments.models import Earning, Payment, Receipt
from payments.services.receipts import issue_receipt
from tests.bookings.test_moving import DAY, LATER, NOW, START, accept, booked, decline, move, propose
from tests.factories import make_mentor

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(mentor: Mentor, student: User) -> Booking:
    return booked(mentor=mentor, student=student)


@pytest.mark.parametrize("by", ["student", "mentor"])
def test_payment_share_receipt_thread_and_calendar_entry_stay(client: Client, booking: Booking, by: str) -> None:
    thread = open_thread(handle=booking.mentor.handle, body="Hello", client_id="first-message", by=booking.student)[0]
    payment = Payment.objects.get()
    issue_receipt(payment=payment, at=NOW)
    client.force_login(booking.student)
    before = client.get(f"/bookings/{booking.pk}/calendar.ics").text
    if by == "student":
        move(booking)
    else:
        propose(booking)
        accept(booking, at=NOW)
    after = client.get(f"/bookings/{booking.pk}/calendar.ics").text
    assert Booking.objects.get().starts_at == LATER
    assert (Payment.objects.get(), Earning.objects.get().payment) == (payment, payment)
    assert (Receipt.objects.get().payment, Thread.objects.get()) == (payment, thread)
    [uid] = {line for line in (before + after).splitlines() if line.startswith("UID:")}
    assert str(booking.pk) in uid


def test_a_move_keeps_the_length(client: Client, booking: Booking) -> None:
    url, to = f"/api/bookings/{booking.pk}/move", {"starts_at": LATER.isoformat()}
    with time_machine.travel(NOW, tick=False):
        client.force_login(booking.student)
        longer = client.post(url, to | {"minutes": 90}, content_type="application/json")
        assert (longer.status_code, longer.json()["code"]) == (422, "unknown_field")
        assert client.post(url, to, content_type="application/json").status_code == 200
    booking.refresh_from_db()
    assert (booking.minutes, booking.ends_at - booking.starts_at) == (45, timedelta(minutes=45))


def test_a_mentor_suggests_nothing_beyond_eighty_days_after_the_payment(student: User) -> None:
    paid = NOW - timedelta(days=50)
    booking = booked(mentor=make_mentor(horizon_days=60), student=student, created_at=paid, confirmed_at=paid)
    last = (paid + timedelta(days=80)).replace(hour=12)
    with pytest.raises(NotBookable):
        propose(booking, last + timedelta(minutes=15))
    assert propose(booking, last).starts_at == last


def test_once_answered_a_suggestion_brings_nothing_more_back(student: User) -> None:
    """Everything comes back instead while it waits, and what the policy says after it."""
    at = START - timedelta(hours=10)
    booking = booked(student=student, policy="strict")
    percent = partial(refund_preview, booking, side=Booking.Side.STUDENT, at=at)
    assert percent().percent == 0
    propose(booking, LATER + DAY, at=at)
    assert percent().percent == 100
    decline(booking, at=at)
    assert percent().percent == 0


def test_a_student_answers_with_cancelling_and_has_everything_back(student: User) -> None:
    at = START - timedelta(hours=3)
    booking = booked(student=student, policy="strict")
    proposal = propose(booking, LATER + DAY, at=at)
    with time_machine.travel(at + timedelta(minutes=59), tick=False):
        services.cancel_booking(booking_id=booking.pk, by=student, side=Booking.Side.STUDENT)
    booking.refresh_from_db()
    proposal.refresh_from_db()
    assert (booking.status, booking.refund_percent, proposal.status) == ("cancelled", 100, "withdrawn")
    assert Payment.objects.get().refunds.get().amount_minor == booking.price_minor
