"""A document sent without script: what it is and its type must be known before storage can be asked to take it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mentors.models import Subject, VerificationDocument

TYPES = [
    ("image/jpeg", _("JPEG (.jpg), as most cameras and phones make")),
    ("application/pdf", _("PDF (.pdf)")),
    ("image/png", _("PNG (.png)")),
]


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(choices=VerificationDocument.Kind, widget=forms.HiddenInput)
    subject = forms.ModelChoiceField(
        queryset=Subject.objects.all(),
        to_field_name="slug",
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("Choose a subject from the list.")},
    )
    content_type = forms.ChoiceField(
        label=_("What kind of file is it?"),
        choices=TYPES,
        widget=forms.RadioSelect,
        initial="image/jpeg",
        error_messages={"required": _("Choose the kind of file.")},
    )

    def clean(self) -> None:
        super().clean()
        is_certificate = self.cleaned_data.get("kind") == VerificationDocument.Kind.CERTIFICATE
        if is_certificate != bool(self.cleaned_data.get("subject")):
            raise forms.ValidationError(_("A certificate names its subject, a government ID none."))
