"""Why a profile, an application or hours could not be saved."""

from collections.abc import Sequence
from typing import NamedTuple

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
