"""HTML input of bookings: validation only."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from marketplace.common.schemas import sane_moment


class MomentField(forms.Field):
    """An RFC 3339 moment, as the slot picker posts it."""

    widget = forms.HiddenInput
    default_error_messages = {"required": _("Pick a time."), "invalid": _("Pick one of the times shown.")}

    def to_python(self, value: str | None) -> datetime | None:
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError(value)
            return sane_moment(moment)
        except ValueError as exc:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from exc


class HoldForm(forms.Form):
    """A picked slot. Who books comes from the session, never from here."""

    mentor = forms.SlugField(max_length=40, widget=forms.HiddenInput)
    minutes = forms.TypedChoiceField(
        coerce=int,
        choices=[(minutes, minutes) for minutes in settings.SESSION_MINUTES],
        widget=forms.HiddenInput,
        error_messages={"required": _("Pick a length."), "invalid_choice": _("Pick one of the lengths shown.")},
    )
    starts_at = MomentField()


class CancelForm(forms.Form):
    """``expected_refund_minor`` is the sum that the page showed; should it be another by now, the page asks again."""

    reason = forms.CharField(
        label=_("Why are you cancelling?"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        error_messages={
            "required": _("Say why the session is cancelled. The other person reads it."),
            "max_length": _("Write at most %(limit_value)d characters. You have written %(show_value)d."),
        },
    )
    expected_refund_minor = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Look at what comes back, then cancel."),
            "invalid": _("Look at what comes back, then cancel."),
        },
    )


class ReasonedCancelForm(CancelForm):
    """The same of those whose word breaks a promise: they say why."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: the form's own arguments
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True


class MoveForm(forms.Form):
    """Another time for a session. ``reason`` is a mentor's, beside what they suggest."""

    starts_at = MomentField()
    reason = forms.CharField(
        label=_("Why?"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Your student reads it beside the time you suggest."),
    )


class AnswerForm(forms.Form):
    """The answer to a suggested move names the time that was read."""

    starts_at = MomentField()
