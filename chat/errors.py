"""Why a conversation could not be opened or a message not be kept."""

from django.conf import settings
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError, RateLimited
from marketplace.common.formatting import duration, number


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


class TooLateToEdit(DomainError):
    code = "too_late"
    user_message = format_lazy(
        _("A message can be edited for {wait} after it was sent. You can still delete it, or write another."),
        wait=lazy(lambda: duration(settings.MESSAGE_EDIT_MINUTES * 60), str)(),
    )


class MessageDeleted(DomainError):
    code = "wrong_state"
    user_message = _("This message was deleted.")


class FileNotReady(DomainError):
    code = "invalid"
    field = "uploads"
    user_message = _("One of the files is not ready, not yours, or was sent already. Remove it and try again.")


class TooManyFiles(DomainError):
    code = "invalid"
    field = "uploads"
    user_message = format_lazy(
        _("A message takes {count} files at most. Remove some, or send them with the next one."),
        count=settings.MESSAGE_UPLOADS_MAX,
    )


class AlreadyReported(DomainError):
    code = "wrong_state"
    user_message = _("You have reported this conversation already. Our support team is looking at it.")


class ReportClosed(DomainError):
    code = "wrong_state"
    user_message = _("This report was closed already.")


class ContactDetailsSeen(DomainError):
    """Not sent yet: the writer is shown what was seen, and sends it all the same if they want to."""

    code = "invalid"
    user_message = _("Before you send this: it seems to hold a way to reach you outside of this site.")


class TooManyMessages(RateLimited):
    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.user_message = gettext("You can send again in %(wait)s. What you wrote is kept here.") % {
            "wait": duration(self.retry_after)
        }


class TooManyThreads(RateLimited):
    """New conversations are few a day until the first paid session."""

    def __init__(self, *, retry_after: int, limit: int) -> None:
        super().__init__(retry_after=retry_after)
        self.user_message = gettext(
            "You have started %(count)s new conversations today. You can start the next one in %(wait)s, or at once "
            "after your first paid session. What you wrote is kept here."
        ) % {"count": number(limit), "wait": duration(self.retry_after)}
