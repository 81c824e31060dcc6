"""What is said when a mentor is suspended, appeals, and is let in again."""

from django import forms
from django.utils.translation import gettext_lazy as _

TEXT_MAX = 2_000
CANCEL, KEEP = "cancel", "keep"


class ReasonForm(forms.Form):
    """A reviewer's reason, which the mentor reads. ``version`` is the application's that the reviewer saw."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The mentor reads it, word for word."),
        max_length=TEXT_MAX,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": _("Say why."), "max_length": _("Enter at most 2,000 characters.")},
    )


class SuspendForm(ReasonForm):
    sessions = forms.ChoiceField(
        label=_("Coming sessions"),
        choices=[
            (CANCEL, _("Cancel them; the students get everything back")),
            (KEEP, _("Keep them; the mentor still teaches what is booked")),
        ],
        initial=CANCEL,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what becomes of the coming sessions.")},
    )


class AppealForm(forms.Form):
    appeal = forms.CharField(
        label=_("Your side"),
        help_text=_("A reviewer reads it and writes to you. You can send one appeal."),
        max_length=TEXT_MAX,
        widget=forms.Textarea({"rows": 8}),
        error_messages={"required": _("Say why we are mistaken."), "max_length": _("Enter at most 2,000 characters.")},
    )
