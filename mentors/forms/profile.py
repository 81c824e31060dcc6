"""What a mentor says about themself, what they teach and what it costs."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from marketplace.common.forms import MoneyField
from mentors.languages import COMMON, language_name
from mentors.models import Level, Mentor, Subject
from mentors.prices import highest_price
from mentors.queries import Application


class ProfileForm(forms.Form):
    """Drafts may be incomplete, so nothing is required here; sending the application asks."""

    mark_optional = False

    headline = forms.CharField(
        label=_("Headline"),
        help_text=_("One line: what you teach and how. Students see it in search."),
        max_length=90,
        required=False,
        error_messages={"max_length": _("Keep the headline to %(limit_value)d characters.")},
    )
    bio = forms.CharField(
        label=_("About you"),
        help_text=_("How you teach, and for whom. Short paragraphs read best."),
        max_length=2_000,
        required=False,
        widget=forms.Textarea({"rows": 8}),
        error_messages={"max_length": _("Keep this to %(limit_value)d characters.")},
    )
    levels = forms.MultipleChoiceField(
        label=_("Levels you teach"), choices=Level.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages you teach in"),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "choices--columns"}),
    )

    def __init__(self, data: Any = None, *, mentor: Mentor) -> None:  # Any: Form's own
        initial = {name: getattr(mentor, name) for name in ("headline", "bio", "levels", "languages")}
        super().__init__(data, initial=initial)
        # A language that a program chose from the longer list stays a choice here.
        codes = dict.fromkeys((*COMMON, *mentor.languages))
        languages = self.fields["languages"]
        assert isinstance(languages, forms.MultipleChoiceField)
        languages.choices = sorted_languages(codes)


def sorted_languages(codes: Iterable[str]) -> list[tuple[str, str]]:
    names = [(language_name(code), code) for code in codes]
    return [(code, name) for name, code in sorted(names)]


class SubjectsAndRateForm(forms.Form):
    """Subjects, the hourly rate, and for each length whether it is offered and at a price of its own."""

    mark_optional = False

    subjects = forms.MultipleChoiceField(
        label=_("Subjects"),
        help_text=_("Students search by these. A certificate adds a mark to a subject."),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "choices--columns"}),
    )
    hourly_rate_minor = MoneyField(
        label=_("Hourly rate"),
        help_text=_("The price of each length follows from it."),
        min_minor=settings.HOURLY_RATE_MIN_MINOR,
        max_minor=settings.HOURLY_RATE_MAX_MINOR,
        required=False,
        error_messages={
            "too_low": _("Enter an hourly rate of %(amount)s or more."),
            "too_high": _("Enter an hourly rate of %(amount)s or less."),
        },
    )
    packages = forms.TypedMultipleChoiceField(
        label=_("Lengths you offer"),
        coerce=int,
        choices=lambda: [(minutes, length_label(minutes)) for minutes in settings.SESSION_MINUTES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Offer at least one length.")},
    )

    def __init__(
        self, data: Any = None, *, application: Application, subjects: list[Subject]
    ) -> None:  # Any: Form's own
        packages = {package.minutes: package.price_minor for package in application.packages}
        initial = {
            "subjects": [each.subject.slug for each in application.subjects],
            "hourly_rate_minor": application.mentor.hourly_rate_minor,
            "packages": list(packages),
            **{f"price_minor_{minutes}": price for minutes, price in packages.items()},
        }
        super().__init__(data, initial=initial)
        choice = self.fields["subjects"]
        assert isinstance(choice, forms.MultipleChoiceField)
        choice.choices = [(subject.slug, subject.name) for subject in subjects]
        for minutes in settings.SESSION_MINUTES:
            self.fields[f"price_minor_{minutes}"] = MoneyField(
                label=_now("Own price for %(minutes)d minutes") % {"minutes": minutes},
                min_minor=settings.MIN_PRICE_MINOR,
                max_minor=highest_price(),
                required=False,
            )

    def changes(self) -> dict[str, Any]:  # Any: ProfileChanges
        data = self.cleaned_data
        return {
            "subjects": data["subjects"],
            "hourly_rate_minor": data["hourly_rate_minor"],
            "packages": {minutes: data[f"price_minor_{minutes}"] for minutes in data["packages"]},
        }

    def own_prices(self) -> list[forms.BoundField]:
        return [self[f"price_minor_{minutes}"] for minutes in settings.SESSION_MINUTES]

    def has_own_prices(self) -> bool:
        return any(field.value() or field.errors for field in self.own_prices())

    def typed_prices(self) -> tuple[int | None, Mapping[int, int | None]]:
        """The hourly rate and the prices of their own, as far as they can be read; for the table beside the form."""
        names = ["hourly_rate_minor", *(f"price_minor_{minutes}" for minutes in settings.SESSION_MINUTES)]
        if self.is_bound:
            self.is_valid()
            values = {name: self.cleaned_data.get(name) for name in names}
        else:
            values = {name: self.initial.get(name) for name in names}
        return values["hourly_rate_minor"], {
            minutes: values[f"price_minor_{minutes}"] for minutes in settings.SESSION_MINUTES
        }


def length_label(minutes: int) -> str:
    return ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}
