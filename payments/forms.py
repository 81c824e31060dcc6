"""HTML input of payments: validation only. Card details never pass through here."""

from django import forms
from django.utils.translation import gettext_lazy as _


class NoteForm(forms.Form):
    """What the mentor should prepare."""

    note = forms.CharField(
        label=_("A line or two about what you are working on"),
        help_text=_("You can attach files to your conversation after booking."),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
