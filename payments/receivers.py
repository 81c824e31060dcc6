"""What payments hears from the apps below."""

from typing import Any

from django.utils import timezone

from bookings.models import Booking
from bookings.signals import hold_freed
from payments.services import request_stop


def connect() -> None:
    hold_freed.connect(stop_its_payment, dispatch_uid="payments.stop_its_payment")


def stop_its_payment(sender: type[Booking], *, booking: Booking, **_: Any) -> None:  # Any: the signal's other words
    request_stop(booking=booking, at=timezone.now())
