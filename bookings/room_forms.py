"""What is typed about the room of a session: a link, and notes."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bookings.queries.room import Notes
from marketplace.common.web_links import WebLinkField


class MeetingLinkForm(forms.Form):
    meeting_url = WebLinkField(
        label=_("Link for this session"),
        help_text=_("Leave it empty to meet where you usually do."),
        required=False,
    )


class NotesForm(forms.Form):
    """The whole text, and the version that it goes on from."""

    text = forms.CharField(
        label=_("What you both want to remember"),
        help_text=_("Only the two of you see it, also after the session."),
        max_length=settings.SESSION_NOTES_MAX_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 8}),
        error_messages={
            "max_length": _("Write at most %(limit_value)d characters. You have written %(show_value)d."),
        },
    )
    version = forms.IntegerField(min_value=0, max_value=2_147_483_646, widget=forms.HiddenInput)
    mark_optional = False


def notes_form(notes: Notes | None) -> NotesForm | None:
    """The form of notes as they stand, for who may write them."""
    if notes is None or not notes.may_write:
        return None
    return NotesForm(initial={"text": notes.text, "version": notes.version})
