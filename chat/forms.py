"""HTML input of conversations: validation only."""

import uuid

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


def new_client_id() -> str:
    return uuid.uuid4().hex


class MessageForm(forms.Form):
    """One message. The hidden client id makes sending it twice the same as once."""

    body = forms.CharField(
        label=_("Message"),
        max_length=settings.MESSAGE_MAX_CHARACTERS,
        widget=forms.Textarea({"rows": 1, "enterkeyhint": "enter"}),
        error_messages={
            "required": _("Write a message."),
            "max_length": _("Write at most %(limit_value)d characters. You have written %(show_value)d."),
        },
    )
    client_id = forms.RegexField(r"^[A-Za-z0-9_-]{8,64}$", widget=forms.HiddenInput, initial=new_client_id)


class NewThreadForm(MessageForm):
    mentor = forms.SlugField(max_length=40, widget=forms.HiddenInput)
    field_order = ("mentor", "body", "client_id")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        self.fields["body"].widget.attrs["rows"] = 5


class ReportForm(forms.Form):
    reason = forms.CharField(
        label=_("What happened?"),
        help_text=_("Our support team will be able to read this conversation. Nobody else is told."),
        max_length=1_000,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"required": _("Say what happened, in a sentence or two.")},
    )
