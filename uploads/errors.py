"""Why a file was not taken."""

from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError


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
