"""HTML input of conversations: validation only."""

import uuid

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.errors import EmptyMessage, FileNotReady
from chat.models import ThreadReport
from uploads.models import Upload, UploadQuerySet
from uploads.steps import EXTENSIONS, FileTypeForm

TOO_LONG = _("Write at most %(limit_value)d characters. You have written %(show_value)d.")


def new_client_id() -> str:
    return uuid.uuid4().hex


class TextForm(forms.Form):
    """One message of text. The hidden client id makes sending it twice the same as once."""

    body = forms.CharField(
        label=_("Message"),
        max_length=settings.MESSAGE_MAX_CHARACTERS,
        widget=forms.Textarea({"rows": 1, "enterkeyhint": "enter"}),
        error_messages={
            "required": _("Write a message."),
            "max_length": TOO_LONG,
        },
    )
    client_id = forms.RegexField(r"^[A-Za-z0-9_-]{8,64}$", widget=forms.HiddenInput, initial=new_client_id)


class EditForm(forms.Form):
    """What a message says. It may say nothing beside a file."""

    mark_optional = False
    body = forms.CharField(
        label=_("Message"),
        max_length=settings.MESSAGE_MAX_CHARACTERS,
        required=False,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"max_length": TOO_LONG},
    )


class DraftForm(TextForm):
    """What stands in the message box: text and files, or nothing yet.

    ``files``: those that may be sent; ``to``: the first name of who gets it.
    """

    uploads: forms.ModelMultipleChoiceField[Upload] = forms.ModelMultipleChoiceField(
        queryset=None,
        required=False,
        error_messages={"invalid_choice": FileNotReady.user_message, "invalid_pk_value": FileNotReady.user_message},
    )

    def __init__(self, *args: object, files: UploadQuerySet, to: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        self.fields["body"].required = False
        self.fields["body"].widget.attrs["placeholder"] = gettext("Write to %(name)s") % {"name": to}
        self.fields["uploads"].queryset = files  # type: ignore[attr-defined]  # the field above


class MessageForm(DraftForm):
    def clean(self) -> None:
        super().clean()
        if not self.errors and not self.cleaned_data["body"] and not self.cleaned_data["uploads"]:
            self.add_error("body", str(EmptyMessage.user_message))


class NewThreadForm(TextForm):
    mentor = forms.SlugField(max_length=40, widget=forms.HiddenInput)
    field_order = ("mentor", "body", "client_id")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        self.fields["body"].widget.attrs["rows"] = 5


class FileForm(FileTypeForm):
    """The first step of sending a file without script, where its name can't be read from the browser."""

    name = forms.CharField(
        label=_("What shall it be called?"),
        help_text=_("The other person sees this name."),
        max_length=80,
        required=False,
        error_messages={"max_length": TOO_LONG},
    )

    @property
    def file_name(self) -> str:
        """The name with the ending of its type."""
        ending = f".{EXTENSIONS[self.cleaned_data['content_type']]}"
        return (self.cleaned_data["name"].removesuffix(ending) or gettext("file")) + ending


class ReportForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ThreadReport.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong.")},
    )
    reason = forms.CharField(
        label=_("What happened?"),
        help_text=_("Our support team will be able to read this conversation. Nobody else is told."),
        max_length=1_000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"max_length": TOO_LONG},
    )

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("kind") == ThreadReport.Kind.OTHER and not self.cleaned_data.get("reason"):
            self.add_error("reason", gettext("Say what happened, in a sentence or two."))


class CloseReportForm(forms.Form):
    note = forms.CharField(
        label=_("What did you do about it?"),
        help_text=_("For colleagues who look later. The two people are not shown it."),
        max_length=1_000,
        widget=forms.Textarea({"rows": 3, "cols": 30}),  # no wider than a phone, in the stock admin
        error_messages={"required": _("Say what you did, in a sentence."), "max_length": TOO_LONG},
    )
