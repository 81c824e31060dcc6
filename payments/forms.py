"""HTML input of payments: validation only. Card details never pass through here."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.common.forms import MoneyField
from payments.countries import countries


class NoteForm(forms.Form):
    """What the mentor should prepare."""

    note = forms.CharField(
        label=_("A line or two about what you are working on"),
        help_text=_("You can attach files to your conversation after booking."),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PayoutForm(forms.Form):
    """The country in which a mentor is paid: asked once, before their account is opened, for it can't be changed after."""

    country = forms.ChoiceField(
        label=_("Country of your bank account"),
        help_text=_("It can’t be changed afterwards."),
        choices=lambda: [("", _("Choose a country")), *countries()],
        error_messages={"required": _("Choose the country that your bank account is in.")},
        widget=forms.Select(attrs={"autocomplete": "country", "class": "select--fit"}),
    )

    def __init__(self, *args: Any, opened: bool = False, **kwargs: Any) -> None:  # Any: Django's own
        super().__init__(*args, **kwargs)
        if opened:
            del self.fields["country"]


class RefundForm(forms.Form):
    """What finance gives back, and why."""

    amount_minor = MoneyField(
        label=_("Amount"),
        min_minor=1,
        error_messages={"required": _("Enter the amount to send back.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For your colleagues and the audit. The student does not see it."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the money goes back.")},
    )


class RefundDecisionForm(forms.Form):
    """The button that the second person pressed."""

    decision = forms.ChoiceField(
        choices=[("approve", _("Approve")), ("decline", _("Decline"))],
        error_messages={"required": _("Approve or decline.")},
    )
