"""Why a profile, an application or hours could not be saved."""

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError


class Fault(NamedTuple):
    """One thing to put right: the field of the JSON body and of the form, and the sentence beside it."""

    field: str
    message: str | Promise


class NotAllowedHere(DomainError):
    """A value that can't be saved. Name the field and say how to fix it."""

    code = "invalid"


class ManyFaults(DomainError):
    """Several values that can't be saved, each at its field."""

    code = "invalid"
    user_message = _("Some of this needs another look before it can be saved.")

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(errors=[{"field": fault.field, "message": str(fault.message)} for fault in faults])
        self.faults = tuple(faults)


class ApplicationIncomplete(ManyFaults):
    user_message = _("Your application is not complete yet. Fill in what is missing, then send it.")


class WrongState(DomainError):
    """The application has moved on, or was never where this needs it to be."""

    code = "wrong_state"
    user_message = _("Your application has moved on in the meantime. Look at it again.")


class StaleVersion(DomainError):
    """A decision about an application that has changed since it was read."""

    code = "stale_version"
    user_message = _("The application has changed since you opened it. Look at it again before you decide.")


class AlreadyDecided(WrongState):
    user_message = _("This is not waiting for a decision any more.")


class NotCheckedYet(WrongState):
    user_message = _("The file is still being checked. Wait a moment and try again.")


class TakenByColleague(WrongState):
    user_message = _("A colleague has this open and is about to decide it.")


class IdNotApproved(WrongState):
    user_message = _("Approve the government ID first.")


class NotAllSeen(WrongState):
    user_message = _("Approving all needs a complete application, and each waiting document opened by you first.")


class TooLateToUndo(WrongState):
    user_message = _("It is too late to undo this. Decide again instead.")


class NoteNeeded(DomainError):
    code = "invalid"
    field = "note"
    user_message = _("Say what is wrong and what to do about it.")


class ExpiredAlready(DomainError):
    code = "invalid"
    field = "expires_on"
    user_message = _("Enter a date to come. If the document has expired, ask for another one.")


class AppealMade(WrongState):
    user_message = _("You have appealed against this. A reviewer reads it and writes to you.")


class LockedBySupport(WrongState):
    user_message = _("Support has locked this account. It has to be unlocked first.")


class TooManyCalendars(DomainError):
    """All places are taken."""

    code = "above_limit"
    field = "address"

    def __init__(self) -> None:
        most = _("You have %(count)d calendars here, which is all that we read. Remove one first.")
        super().__init__(most % {"count": settings.CALENDARS_MAX})


class CalendarKnown(DomainError):
    """The same calendar again."""

    code = "invalid"
    field = "address"
    user_message = _("You have added this calendar already.")


class CalendarUnreadable(DomainError):
    """A calendar that can't be read, and why: ``failure`` in words, which name no machine of ours."""

    code = "invalid"
    field = "address"
