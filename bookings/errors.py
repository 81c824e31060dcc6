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


class AlreadyBegun(DomainError):
    code = "too_late"
    user_message = _(
        "This session has already begun, so it can’t be cancelled or moved. Tell us if something is wrong."
    )


class RefundChanged(DomainError):
    """The sum that would come back is another than the one that was shown. ``refund_minor`` is what it is now."""

    code = "refund_changed"
    user_message = _("What comes back has changed since you looked. Check the new sum and decide again.")

    def __init__(self, *, refund_minor: int, currency: str) -> None:
        super().__init__(refund={"amount_minor": refund_minor, "currency": currency})
        self.refund_minor = refund_minor


class ReasonNeeded(DomainError):
    code = "invalid"
    field = "reason"
    user_message = _("Say why the session is cancelled. The other person reads it.")


class TooLateToMove(DomainError):
    code = "too_late"
    user_message = _("It is too late to move this session. You can still cancel it.")


class MovedTooOften(DomainError):
    code = "too_late"
    user_message = _("You have moved this session twice, which is as often as it goes. You can still cancel it.")


class TooLateToPropose(DomainError):
    code = "too_late"
    user_message = _("It is too late to suggest another time: the student could not answer before the session.")


class ProposalOpen(DomainError):
    code = "wrong_state"
    user_message = _("You have suggested a time already. Wait for the answer before you suggest another.")


class NoProposal(DomainError):
    code = "wrong_state"
    user_message = _("This suggestion is no longer open. The session stays as it is.")


class RoomClosed(DomainError):
    code = "wrong_state"
    user_message = _("The room of this session is not open now.")


class LinkTooLate(DomainError):
    code = "wrong_state"
    field = "meeting_url"
    user_message = _("This session has no room any more, so its link can’t be changed.")


class NotesChanged(DomainError):
    """The other of the two has written since the notes were read."""

    code = "stale_version"
    user_message = _("Somebody has changed the notes since you began. Both versions are below: join them, then save.")


class NotesClosed(DomainError):
    code = "wrong_state"
    user_message = _("The notes of this session can be read, but not changed any more.")


class NotOverYet(DomainError):
    code = "wrong_state"
    user_message = _("This session is not over yet. Say how it was once it has ended.")


class NotYourWord(DomainError):
    """One side tried to say what only the other can."""

    code = "invalid"
    field = "outcome"
    user_message = _("That is for the other side to say. Choose one of the answers on the session’s page.")


class ReportTooLate(DomainError):
    code = "too_late"
    user_message = _("The time to report a problem with this session is over. Write to our support if you need help.")


class ReportDecided(DomainError):
    code = "wrong_state"
    user_message = _("Our support has decided about this session. Write to them if there is something new to say.")


class AnswerTooLate(DomainError):
    code = "too_late"
    user_message = _("The time to answer this report is over. Our support decides about it.")


class NothingToAnswer(DomainError):
    code = "wrong_state"
    user_message = _("There is no report here that waits for your answer.")


class AnswerAwaited(DomainError):
    code = "wrong_state"
    user_message = _("The other side still has time to answer. Decide once it did, or its time is over.")


class CannotAskBack(DomainError):
    code = "invalid"
    field = "percent"
    user_message = _("More than this went back before the report, and what went back can’t be asked for again.")


class NotReviewable(DomainError):
    code = "wrong_state"
    user_message = _("Only a completed session can be reviewed, by its student.")


class ReviewTooLate(DomainError):
    code = "too_late"
    user_message = _("The time to write or change this review is over.")


class ReviewAnswered(DomainError):
    code = "wrong_state"
    user_message = _("You have answered this review. An answer stays as it is.")


class AppealTooLate(DomainError):
    code = "too_late"
    user_message = _("The time to appeal is over.")


class AppealMade(DomainError):
    code = "wrong_state"
    user_message = _("This appeal has been made, or is decided. You hear from us by mail.")


class NothingToDecide(DomainError):
    code = "wrong_state"
    user_message = _("A colleague was faster: this is decided.")
