"""A photo sent without script: its type must be known before storage can be asked to take it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PhotoTypeForm(forms.Form):
    content_type = forms.ChoiceField(
        label=_("What kind of file is your photo?"),
        choices=[("image/jpeg", _("JPEG (.jpg), as most cameras and phones make")), ("image/png", _("PNG (.png)"))],
        widget=forms.RadioSelect,
        initial="image/jpeg",
        error_messages={"required": _("Choose the kind of file.")},
    )
