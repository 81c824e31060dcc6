"""Why a time could not be claimed or a booking not changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError


class NotBookable(DomainError):
    code = "not_bookable"
    user_message = _("This time can’t be booked. Pick one of the times shown on the mentor’s page.")


class HoldLimit(DomainError):
    """A hold with this mentor is open, or three in all."""

    code = "hold_limit"
    user_message = _("You already hold a time. Pay for it or let it go, then pick another.")

    def __init__(self, hold_ids: Sequence[UUID] = ()) -> None:
        super().__init__()
        self.hold_ids = hold_ids


class StudentBusy(DomainError):
    code = "student_busy"
    user_message = _("You have another session at that time. Pick a time that does not overlap it.")


class SlotTaken(DomainError):
    """Someone was first, or the mentor's day is full. ``alternatives`` holds the nearest free starts."""

    code = "slot_taken"
    user_message = _("Someone just took that time. Nothing was charged. Here are the nearest times that are free.")

    def __init__(self, alternatives: Sequence[Any] = ()) -> None:  # Any: bookings.slots.Slot; errors import nothing
        super().__init__()
        self.alternatives = alternatives


class HoldExpired(DomainError):
    code = "hold_expired"
    user_message = _("Your hold has run out. If the time is still free you can hold it again.")


class AlreadyExtended(DomainError):
    code = "already_extended"
    user_message = _("You have had the extra time for this hold already.")


class WrongState(DomainError):
    code = "wrong_state"
    user_message = _("This booking has changed in the meantime. Look at it again.")


class TimeGone(DomainError):
    """A payment came after its hold had lapsed, and the time can't be claimed any more."""

    code = "hold_expired"
    user_message = _("That time was taken before your payment arrived. You get everything back.")


class HoldLetGo(DomainError):
    """A payment came for a hold that its student had let go."""

    code = "hold_expired"
    user_message = _("You let this time go before your payment arrived. You get everything back.")


class NoMoreFiles(DomainError):
    code = "wrong_state"
    user_message = _("Files can be added to booked sessions until a day after they end.")
