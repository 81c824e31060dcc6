"""HTML input of bookings: validation only."""

from datetime import datetime

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
