"""The address of a calendar to import."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mentors.gateways.ics.addresses import LENGTH_MAX


class CalendarForm(forms.Form):
    # Text, not a URL field: programs hand out webcal: addresses too, and what may be asked is judged in one place.
    address = forms.CharField(
        label=_("Address of the calendar"),
        help_text=_(
            "Its iCal or .ics address, which your calendar program gives you. It begins with https:// or webcal://."
        ),
        max_length=LENGTH_MAX,
        widget=forms.TextInput(
            {"inputmode": "url", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={
            "required": _("Enter the address of your calendar."),
            "max_length": _("Enter an address of %(limit_value)d characters or fewer."),
        },
    )
