"""Booking rules: how soon, how far ahead, how many, what happens when plans change."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from marketplace.common.forms import Switch
from marketplace.common.web_links import WebLinkField
from mentors.models import Mentor, Policy


def break_label(minutes: int) -> str:
    if not minutes:
        return gettext("None")
    return ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}


class BookingRulesForm(forms.Form):
    notice_hours = forms.IntegerField(
        label=_("Notice"),
        help_text=_("Hours between a booking and its start, at least."),
        min_value=settings.NOTICE_HOURS_MIN,
        max_value=settings.NOTICE_HOURS_MAX,
        widget=forms.NumberInput({"class": "input--short", "inputmode": "numeric"}),
        error_messages={
            "required": _("Enter how many hours of notice you need."),
            "invalid": _("Enter the notice in whole hours."),
            "min_value": _("Enter %(limit_value)s hour or more."),
            "max_value": _("Enter %(limit_value)s hours or fewer."),
        },
    )
    break_minutes = forms.TypedChoiceField(
        label=_("Break between sessions"),
        widget=forms.Select({"class": "select--auto"}),
        coerce=int,
        choices=lambda: [(minutes, break_label(minutes)) for minutes in settings.BREAK_CHOICES],
    )
    horizon_days = forms.IntegerField(
        label=_("How far ahead"),
        help_text=_("Days from today that students can book."),
        min_value=1,
        max_value=settings.HORIZON_DAYS_MAX,
        widget=forms.NumberInput({"class": "input--short", "inputmode": "numeric"}),
        error_messages={
            "required": _("Enter how many days ahead students can book."),
            "invalid": _("Enter the days as a whole number."),
            "min_value": _("Enter %(limit_value)s day or more."),
            "max_value": _("Enter %(limit_value)s days or fewer."),
        },
    )
    day_cap = forms.IntegerField(
        label=_("Most sessions a day"),
        required=False,
        help_text=_("Leave it empty for no limit."),
        min_value=1,
        max_value=96,
        widget=forms.NumberInput({"class": "input--short", "inputmode": "numeric"}),
        error_messages={
            "invalid": _("Enter a whole number, or nothing."),
            "min_value": _("Enter %(limit_value)s or more, or nothing."),
            "max_value": _("Enter %(limit_value)s or fewer, or nothing."),
        },
    )
    policy = forms.ChoiceField(
        label=_("If plans change"),
        help_text=_("What a student gets back. Your choice applies to new bookings."),
        choices=Policy.choices,
        widget=forms.RadioSelect,
    )
    meeting_url = WebLinkField(
        label=_("Where you meet"),
        help_text=_("A link of your own, for all sessions. Leave it empty and each session gets a room of ours."),
        required=False,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone of your hours"),
        help_text=_("Your hours keep their clock times when you change it. What is booked does not move."),
        error_messages={"required": _("Choose the time zone that your hours are in.")},
    )
    paused = forms.BooleanField(
        label=_("Pause everything"),
        help_text=_("You are not found and nobody can book you. What is booked stays booked."),
        required=False,
        widget=Switch,
    )

    def __init__(self, *args: Any, zones: list[Any], **kwargs: Any) -> None:  # Any: Form's own, grouped choices
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = zones

    @staticmethod
    def initial_of(mentor: Mentor, *, time_zone: str) -> dict[str, Any]:  # Any: form data
        return {
            "notice_hours": mentor.notice_hours,
            "break_minutes": mentor.break_minutes,
            "horizon_days": mentor.horizon_days,
            "day_cap": mentor.day_cap,
            "policy": mentor.policy,
            "meeting_url": mentor.meeting_url,
            "time_zone": mentor.time_zone or time_zone,
            "paused": mentor.paused_at is not None,
        }
