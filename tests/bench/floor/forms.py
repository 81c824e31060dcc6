"""The fields that the product's search and booking forms have, as plain Django forms."""

from collections.abc import Sequence

from django import forms

from bookings.parts_of_day import PartOfDay
from mentors.models import Level


class SearchForm(forms.Form):
    q = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    subject = forms.ChoiceField(required=False)
    part_of_day = forms.MultipleChoiceField(required=False, choices=PartOfDay, widget=forms.CheckboxSelectMultiple)
    available_from = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    available_to = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    minutes = forms.TypedChoiceField(coerce=int, choices=[(15, "15 minutes"), (45, "45 minutes"), (90, "90 minutes")])
    min_price = forms.IntegerField(required=False, min_value=0)
    max_price = forms.IntegerField(required=False, min_value=0)
    level = forms.MultipleChoiceField(required=False, choices=Level, widget=forms.CheckboxSelectMultiple)
    language = forms.MultipleChoiceField(
        required=False, choices=[("en", "English"), ("es", "Spanish")], widget=forms.CheckboxSelectMultiple
    )
    sort = forms.ChoiceField(
        required=False,
        choices=[("best", "Best match"), ("soonest", "Soonest"), ("price", "Price"), ("rating", "Rating")],
    )

    def __init__(self, data: dict[str, object], *, subjects: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        field = self.fields["subject"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Any subject"), *subjects]


class BookingForm(forms.Form):
    mentor = forms.SlugField()
    minutes = forms.TypedChoiceField(coerce=int, choices=[(15, "15"), (45, "45"), (90, "90")])
    starts_at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"])
