"""Why a file was not taken."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError, RateLimited
from marketplace.common.formatting import duration


class NotUploaded(DomainError):
    code = "not_uploaded"
    user_message = _("The file has not arrived. Send it again.")


class RejectedContent(DomainError):
    """The stored bytes are not what may be kept; the sentence says why and ``reason`` names it."""

    code = "rejected_content"


class StillChecking(DomainError):
    code = "wrong_state"
    user_message = _("The file is being checked. Try again in a moment.")


class FileGone(DomainError):
    code = "wrong_state"
    user_message = _("This file is not there any more. Send it again.")


class ExportUnderWay(DomainError):
    code = "wrong_state"
    user_message = _("Your copy is being made already. We write to you when it is ready.")


class ExportGone(DomainError):
    code = "wrong_state"
    user_message = _("This copy is not there any more. Ask for a new one.")


class OneExportADay(RateLimited):
    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.user_message = gettext("You can ask for one copy a day. Ask for the next in %(wait)s.") % {
            "wait": duration(self.retry_after)
        }
