"""What payments hears from the apps below."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.closing import Hindrance
from accounts.models import User
from accounts.signals import hindrances_wanted
from bookings.models import Booking
from bookings.signals import (
    booking_cancelled,
    booking_settled,
    confirming_wanted,
    given_back_wanted,
    holds_freed,
    problem_reported,
)
from marketplace.common.personal_data import Chapter
from mentors.models import Mentor
from mentors.overview import Glimpse
from mentors.queries import Payouts
from mentors.signals import earnings_wanted, payouts_wanted
from payments import personal_data
from payments.hindrances import unsettled
from payments.queries import confirming, given_back
from payments.services import follow_booking, request_stop
from payments.statement import glimpse_told, payouts_told
from uploads.models import Upload
from uploads.signals import data_wanted


def connect() -> None:
    holds_freed.connect(stop_their_payments, dispatch_uid="payments.stop_their_payments")
    for signal in (booking_cancelled, problem_reported, booking_settled):
        signal.connect(follow_its_booking, dispatch_uid="payments.follow_its_booking")
    given_back_wanted.connect(given_back_of, dispatch_uid="payments.given_back_of")
    confirming_wanted.connect(tell_of_confirming, dispatch_uid="payments.tell_of_confirming")
    payouts_wanted.connect(tell_of_payouts, dispatch_uid="payments.tell_of_payouts")
    earnings_wanted.connect(tell_of_earnings, dispatch_uid="payments.tell_of_earnings")
    hindrances_wanted.connect(tell_what_is_unsettled, dispatch_uid="payments.tell_what_is_unsettled")
    data_wanted.connect(tell_what_we_keep, dispatch_uid="payments.tell_what_we_keep")


def stop_their_payments(
    sender: type[Booking], *, bookings: Sequence[Booking], **_: Any
) -> None:  # Any: the signal's other words
    request_stop(bookings=bookings, at=timezone.now())


def follow_its_booking(sender: type[Booking], *, booking: Booking, **_: Any) -> None:  # Any: the signal's other words
    follow_booking(booking=booking, at=timezone.now())


def given_back_of(sender: type[Booking], *, booking: Booking, **_: Any) -> int:  # Any: the signal's other words
    return given_back(booking)


def tell_of_confirming(sender: type[Booking], *, booking: Booking, **_: Any) -> str:  # Any: the signal's other words
    return confirming(booking)


def tell_of_payouts(sender: type[Mentor], *, mentor: Mentor, **_: Any) -> Payouts:  # Any: the signal's other words
    return payouts_told(mentor)


def tell_of_earnings(
    sender: type[Mentor], *, mentor: Mentor, at: datetime, **_: Any
) -> Glimpse | None:  # Any: the signal's other words
    return glimpse_told(mentor, at=at)


def tell_what_is_unsettled(
    sender: type[User], *, user: User, at: datetime, **_: Any
) -> list[Hindrance]:  # Any: the signal's other words
    return unsettled(user, at=at)


def tell_what_we_keep(sender: type[Upload], *, user: User, **_: Any) -> list[Chapter]:  # Any: the signal's other words
    return personal_data.chapters_of(user)
