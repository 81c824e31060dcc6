"""What a reviewer decides, as it is typed. The names are those of the JSON bodies."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from mentors.models import VerificationDocument

APPROVE, ASK, REFUSE = "approve", "ask", "refuse"


class DecisionForm(forms.Form):
    """``ask`` and ``refuse`` need a reason; ``confirmed`` once the mail has been read on a page of its own,
    ``read`` the words (``words``) of the one that stood beneath the reasons."""

    choices: ClassVar[list[tuple[str, object]]] = [
        (APPROVE, _("Approve")),
        (ASK, _("Ask again")),
        (REFUSE, _("Refuse")),
    ]

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    decision = forms.ChoiceField(error_messages={"required": _("Choose a decision.")})
    code = forms.ChoiceField(
        required=False,
        choices=VerificationDocument.Reason,
        error_messages={"invalid_choice": _("Choose a reason.")},
    )
    note = forms.CharField(required=False, max_length=1_000, widget=forms.Textarea({"rows": 3}))
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    read = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Form's own arguments
        self.fields["decision"].choices = self.choices  # type: ignore[attr-defined]  # it is a ChoiceField

    @property
    def words(self) -> str:
        """What the mail is made of, as far as it is typed here."""
        return " ".join([self.cleaned_data["code"], *self.cleaned_data["note"].split()])

    @property
    def mail_was_read(self) -> bool:
        """Whether the reviewer has seen the mail as it would be sent. One that is about other words doesn't count."""
        data = self.cleaned_data
        return bool(data["confirmed"] or (data["decision"] == ASK and data["read"] == self.words))

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        if data.get("decision") not in {ASK, REFUSE} or "code" not in data:
            return
        if not data["code"]:
            self.add_error("code", _("Choose a reason."))
        elif data["code"] == VerificationDocument.Reason.OTHER and not data.get("note", "").strip():
            self.add_error("note", _("Say what is wrong and what to do about it."))


class DocumentDecisionForm(DecisionForm):
    expires_on = forms.DateField(
        required=False,
        widget=forms.DateInput({"type": "date"}),
        error_messages={"invalid": _("Enter a date such as 2031-08-17.")},
    )


class ApplicationDecisionForm(DecisionForm):
    """With ``everything`` an approval takes in the documents that still wait, each with its own date."""

    choices: ClassVar[list[tuple[str, object]]] = [
        (APPROVE, _("Approve")),
        (ASK, _("Ask for changes")),
        (REFUSE, _("Refuse")),
    ]

    everything = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, waiting: Sequence[VerificationDocument] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = waiting
        for document in waiting:
            self.fields[date_field(document)] = forms.DateField(
                required=False,
                widget=forms.DateInput({"type": "date", "class": "input--small"}),
                error_messages={"invalid": _("Enter a date such as 2031-08-17.")},
            )

    @property
    def dates(self) -> list[tuple[VerificationDocument, forms.BoundField]]:
        return [(document, self[date_field(document)]) for document in self.waiting]

    def clean(self) -> None:
        super().clean()
        dates: dict[UUID, date | None] = {
            document.pk: self.cleaned_data.get(date_field(document)) for document in self.waiting
        }
        self.cleaned_data["expires_on"] = dates


def date_field(document: VerificationDocument) -> str:
    return f"expires_on_{document.pk.hex}"


class QueueForm(forms.Form):
    """The filters of the queue; what can't be understood filters nothing."""

    mark_optional = False

    kind = forms.ChoiceField(
        required=False,
        label=_("Kind"),
        choices=[("", _("All documents")), *VerificationDocument.Kind.choices],
        widget=forms.Select({"class": "select--auto"}),
    )
    waited = forms.TypedChoiceField(
        required=False,
        label=_("Waiting"),
        coerce=int,
        empty_value="",
        choices=[("", _("However long")), ("24", _("Over 24 hours")), ("48", _("Over 48 hours"))],
        widget=forms.Select({"class": "select--auto"}),
    )
    mine = forms.BooleanField(required=False, label=_("Taken by me"))
