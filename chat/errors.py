"""Why a conversation could not be opened or a message not be kept."""

from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError


class MentorNotOpen(DomainError):
    code = "not_bookable"
    field = "mentor"
    user_message = _("You can’t start a conversation with this mentor right now.")


class ThreadBlocked(DomainError):
    code = "wrong_state"
    user_message = _("This conversation is closed. You can read it, but nobody can write in it.")


class EmptyMessage(DomainError):
    code = "invalid"
    field = "body"
    user_message = _("Write a message or attach a file.")


class FileNotReady(DomainError):
    code = "invalid"
    field = "uploads"
    user_message = _("One of the files is not ready, not yours, or was sent already. Remove it and try again.")


class AlreadyReported(DomainError):
    code = "wrong_state"
    user_message = _("You have reported this conversation already. Our support team is looking at it.")
