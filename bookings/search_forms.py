"""The filters of search: validation only. What can't be read is said beside its field and left out of the search."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bookings.parts_of_day import PartOfDay
from bookings.queries.search import DEFAULT_MINUTES, Choices, Sort, Wanted
from marketplace.common import formatting
from marketplace.common.forms import MoneyField
from mentors.languages import language_name
from mentors.models import Level

DEFAULTS = {"minutes": str(DEFAULT_MINUTES), "sort": Sort.BEST.value}
WRONG_DATE = gettext_lazy("Enter a date such as 2026-12-06")
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2199, 12, 31)
WRONG_CHOICE = gettext_lazy("Choose one of the list")


class Filter(NamedTuple):
    """One filter in use: how it is called, and the query string of the page without it."""

    field: str
    label: str
    without: str


def _length(minutes: int) -> str:
    return ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}


class SearchForm(forms.Form):
    mark_optional = False

    # Typed into the pill of the header; carried along by the filters.
    q = forms.CharField(label=gettext_lazy("What"), max_length=100, required=False, widget=forms.HiddenInput)
    subject = forms.ChoiceField(
        label=gettext_lazy("Subject"),
        required=False,
        error_messages={"invalid_choice": WRONG_CHOICE},
    )
    part_of_day = forms.MultipleChoiceField(
        label=gettext_lazy("Free at"),
        choices=PartOfDay,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": WRONG_CHOICE},
    )
    available_from = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": WRONG_DATE},
        validators=[MinValueValidator(FIRST_DATE, WRONG_DATE), MaxValueValidator(LAST_DATE, WRONG_DATE)],
    )
    available_to = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": WRONG_DATE},
        validators=[MinValueValidator(FIRST_DATE, WRONG_DATE), MaxValueValidator(LAST_DATE, WRONG_DATE)],
    )
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("Length"),
        coerce=int,
        required=False,
        error_messages={"invalid_choice": WRONG_CHOICE},
    )
    min_price_minor = MoneyField(label=gettext_lazy("Lowest price"), required=False, min_minor=0, max_minor=10**7)
    max_price_minor = MoneyField(label=gettext_lazy("Highest price"), required=False, min_minor=0, max_minor=10**7)
    level = forms.MultipleChoiceField(
        label=gettext_lazy("Level"),
        choices=Level,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": WRONG_CHOICE},
    )
    language = forms.MultipleChoiceField(
        label=gettext_lazy("Mentor speaks"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": WRONG_CHOICE},
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("Sort by"),
        choices=Sort,
        required=False,
        widget=forms.Select({"class": "select--small select--auto", "form": "filters"}),
        error_messages={"invalid_choice": WRONG_CHOICE},
    )

    def __init__(self, data: QueryDict, *, choices: Choices) -> None:
        self.query = without_blanks(data)
        shown = self.query.copy()
        for name, value in DEFAULTS.items():
            shown.setdefault(name, value)
        super().__init__(shown, auto_id="filter-%s")
        self.choices = choices
        self.choose("subject", [("", _("Any subject")), *choices.subjects])
        self.choose("minutes", [(minutes, _length(minutes)) for minutes in settings.SESSION_MINUTES])
        spoken = [(code, language_name(code)) for code in choices.languages]
        self.choose("language", sorted(spoken, key=lambda pair: pair[1]))

    def choose(self, name: str, choices: list[tuple[Any, str]]) -> None:  # Any: text or a number
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def wanted(self, zone: ZoneInfo) -> Wanted:
        """What is looked for, without the fields that could not be read. Dates are whole days in ``zone``."""
        self.full_clean()
        given = self.cleaned_data
        until = given.get("available_to")
        return Wanted(
            q=given.get("q", ""),
            subject=given.get("subject", ""),
            languages=given.get("language", ()),
            levels=given.get("level", ()),
            minutes=given.get("minutes", DEFAULT_MINUTES),
            min_price_minor=given.get("min_price_minor"),
            max_price_minor=given.get("max_price_minor"),
            available_from=_midnight(given.get("available_from"), zone),
            available_to=_midnight(until + timedelta(days=1) if until else None, zone),
            parts=given.get("part_of_day", ()),
            zone=zone,
            sort=given.get("sort", Sort.BEST),
        )

    def subject_name(self) -> str:
        return dict(self.choices.subjects).get(self.cleaned_data.get("subject", ""), "")

    def in_use(self) -> list[Filter]:
        """The filters that narrow the list, each with the way out of it."""
        return [
            Filter(name, label, self._without(name, value))
            for name, value, label in self._chosen()
            if name not in self.errors
        ]

    def _chosen(self) -> Iterator[tuple[str, str, str]]:
        given = self.cleaned_data
        if given.get("q"):
            yield "q", "", f"“{given['q']}”"
        if given.get("subject"):
            yield "subject", "", self.subject_name()
        for name in ("part_of_day", "level", "language"):
            labels = dict(self.fields[name].choices)  # type: ignore[attr-defined]  # all three are choices
            for value in given.get(name, ()):
                yield name, value, str(labels[value])
        for name, sentence in (("available_from", _("From %(day)s")), ("available_to", _("Until %(day)s"))):
            if given.get(name):
                yield name, "", sentence % {"day": formatting.day(given[name])}
        for name, sentence in (("min_price_minor", _("From %(price)s")), ("max_price_minor", _("Up to %(price)s"))):
            if given.get(name) is not None:
                price = formatting.money(given[name], settings.CURRENCY, short=True)
                yield name, "", sentence % {"price": price}
        if given.get("minutes", DEFAULT_MINUTES) != DEFAULT_MINUTES:
            yield "minutes", "", _length(given["minutes"])

    def _without(self, name: str, value: str) -> str:
        return query_string(self.query, name, [each for each in self.query.getlist(name) if value and each != value])

    def with_also(self, name: str, value: str) -> str:
        """The query string of the page with one more value of a filter."""
        return query_string(self.query, name, [*self.query.getlist(name), value])


def query_string(query: QueryDict, name: str, values: list[str]) -> str:
    """A query string with one parameter replaced, from the first page of results on."""
    changed = query.copy()
    changed.pop("cursor", None)
    changed.setlist(name, values)
    return f"?{changed.urlencode()}"


def without_blanks(query: QueryDict) -> QueryDict:
    """What was filled in: a form sends its empty fields along."""
    filled = query.copy()
    for name, values in query.lists():
        filled.setlist(name, [value for value in values if value])
    return filled


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(0), zone).astimezone(UTC) if day else None
