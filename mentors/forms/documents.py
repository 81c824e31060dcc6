"""A document sent without script: what it is and its type must be known before storage can be asked to take it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mentors.models import Subject, VerificationDocument
from uploads.steps import FileTypeForm


class DocumentForm(FileTypeForm):
    kind = forms.ChoiceField(choices=VerificationDocument.Kind, widget=forms.HiddenInput)
    subject = forms.ModelChoiceField(
        queryset=Subject.objects.all(),
        to_field_name="slug",
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("Choose a subject from the list.")},
    )

    def clean(self) -> None:
        super().clean()
        is_certificate = self.cleaned_data.get("kind") == VerificationDocument.Kind.CERTIFICATE
        if is_certificate != bool(self.cleaned_data.get("subject")):
            raise forms.ValidationError(_("A certificate names its subject, a government ID none."))
