"""What payments hears from the apps below."""

from typing import Any

from django.utils import timezone

from bookings.models import Booking
from bookings.signals import booking_cancelled, booking_settled, given_back_wanted, hold_freed, problem_reported
from mentors.models import Mentor
from mentors.queries import Payouts
from mentors.signals import payouts_wanted
from payments.queries import given_back
from payments.services import follow_booking, request_stop
from payments.statement import payouts_told


def connect() -> None:
    hold_freed.connect(stop_its_payment, dispatch_uid="payments.stop_its_payment")
    for signal in (booking_cancelled, problem_reported, booking_settled):
        signal.connect(follow_its_booking, dispatch_uid="payments.follow_its_booking")
    given_back_wanted.connect(given_back_of, dispatch_uid="payments.given_back_of")
    payouts_wanted.connect(tell_of_payouts, dispatch_uid="payments.tell_of_payouts")


def stop_its_payment(sender: type[Booking], *, booking: Booking, **_: Any) -> None:  # Any: the signal's other words
    request_stop(booking=booking, at=timezone.now())


def follow_its_booking(sender: type[Booking], *, booking: Booking, **_: Any) -> None:  # Any: the signal's other words
    follow_booking(booking=booking, at=timezone.now())


def given_back_of(sender: type[Booking], *, booking: Booking, **_: Any) -> int:  # Any: the signal's other words
    return given_back(booking)


def tell_of_payouts(sender: type[Mentor], *, mentor: Mentor, **_: Any) -> Payouts:  # Any: the signal's other words
    return payouts_told(mentor)
