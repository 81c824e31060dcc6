"""How forms look and speak: order, marks, errors, money."""

import re

import pytest
from django import forms
from django.forms import formset_factory
from django.template import Context, Template

from marketplace.common.forms import CodeInput, ErrorItem, FormRenderer, MoneyField, Switch, error_items
from marketplace.common.gallery import SampleForm

GOOD = {
    "email": "amara@demo.test",
    "code": "418229",
    "hourly_rate_minor": "44.00",
    "time_zone": "Europe/Lisbon",
    "levels": ["school"],
    "policy": "strict",
    "adult": "on",
}


class RateForm(forms.Form):
    rate = MoneyField(min_minor=1200, max_minor=100_000)


def summary(form: object) -> str:
    source = '{% include "components/_error_summary.html" with form=form only %}'
    return Template(source).render(Context({"form": form}))


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("44", 4400),
        ("44.00", 4400),
        ("44,00", 4400),
        ("44.5", 4450),
        ("44.", 4400),
        ("44 $", 4400),
        (" $44 ", 4400),
        ("1,000", 100_000),
        ("1.000,00", 100_000),
        ("1.000", 100_000),
        ("12", 1200),
    ],
)
def test_money_is_read_as_people_write_it(typed: str, minor: int) -> None:
    form = RateForm({"rate": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["rate"] == minor


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("11.99", "Enter $12 or more"),
        ("-44", "Enter $12 or more"),
        ("1000.01", "Enter $1,000 or less"),
        ("forty", "Enter an amount such as 44 or 44.50"),
        ("NaN", "Enter an amount such as 44 or 44.50"),
        ("Infinity", "Enter an amount such as 44 or 44.50"),
        ("1e30", "Enter an amount such as 44 or 44.50"),
        ("44.005", "Enter $1,000 or less"),
        ("44.0050", "Enter an amount such as 44 or 44.50"),
        ("4" * 40, "Enter an amount such as 44 or 44.50"),
        ("$", "Enter an amount such as 44 or 44.50"),
    ],
)
def test_money_that_cannot_be_right_says_how_to_fix_it(typed: str, sentence: str) -> None:
    form = RateForm({"rate": typed})
    assert form.errors["rate"] == [sentence]
    assert RateForm({"rate": "44.00"}).is_valid()


def test_a_stored_price_is_shown_with_its_decimals_and_what_was_typed_stays() -> None:
    assert 'value="44.00"' in str(RateForm(initial={"rate": 4400})["rate"])
    assert 'value="forty"' in str(RateForm({"rate": "forty"})["rate"])


def test_a_price_has_changed_only_when_the_amount_has() -> None:
    assert not RateForm({"rate": "44"}, initial={"rate": 4400}).has_changed()
    assert RateForm({"rate": "45"}, initial={"rate": 4400}).has_changed()
    assert RateForm({"rate": "forty"}, initial={"rate": 4400}).has_changed()


def test_label_hint_error_and_control_stand_in_this_order_and_know_each_other() -> None:
    html = SampleForm({**GOOD, "email": ""})["email"].as_field_group()
    places = [html.index(part) for part in ("<label", 'id="id_email_helptext"', 'id="id_email_error"', "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert "Enter your e-mail address" in html


def test_a_good_field_carries_no_mark_of_error() -> None:
    html = SampleForm(GOOD)["email"].as_field_group()
    assert "aria-invalid" not in html
    assert 'aria-describedby="id_email_helptext"' in html


def test_what_may_be_left_out_says_optional_and_nothing_has_an_asterisk() -> None:
    html = str(SampleForm())
    optional = re.findall(r'<(?:label|legend)[^>]*>([^<]+) <span class="field__optional">', html)
    assert optional == ["About you", "Certificate"]
    assert "*" not in html


def test_a_form_of_filters_does_not_say_optional() -> None:
    class Filters(forms.Form):
        mark_optional = False
        q = forms.CharField(required=False)

    assert "optional" not in str(Filters())


def test_groups_are_fieldsets_described_by_their_error() -> None:
    html = SampleForm({**GOOD, "levels": []})["levels"].as_field_group()
    assert '<fieldset class="field" aria-describedby="id_levels_error">' in html
    assert re.search(r"<legend[^>]*>Levels</legend>", html)
    assert "aria-invalid" not in html
    assert html.count('<label class="check"') == 3


def test_a_text_area_counts_and_never_cuts_off() -> None:
    html = SampleForm()["bio"].as_field_group()
    assert "maxlength" not in html
    assert 'data-limit="2000"' in html
    assert 'data-count-for="id_bio"' in html


def test_controls_carry_their_classes_beside_those_given() -> None:
    class Mixed(forms.Form):
        short = forms.CharField(widget=forms.TextInput({"class": "input--short"}))
        code = forms.CharField(widget=CodeInput)
        on = forms.BooleanField(widget=Switch)
        secret = forms.CharField(widget=forms.HiddenInput)

    html = str(Mixed())
    assert 'class="input input--short"' in html
    assert 'autocomplete="one-time-code"' in html
    assert 'class="input input--code"' in html
    assert re.search(r'<input type="checkbox" name="on"[^>]*role="switch"[^>]*class="switch"', html)
    assert re.search(r'<input type="hidden" name="secret" id="id_secret">', html)


def test_the_summary_lists_the_errors_in_order_and_leads_to_each_field() -> None:
    form = SampleForm({**GOOD, "email": "", "levels": []})
    form.add_error(None, "That time was taken.")
    assert error_items(form) == [
        ErrorItem("", "That time was taken."),
        ErrorItem("id_email", "Enter your e-mail address"),
        ErrorItem("id_levels_0", "Choose at least one level"),
    ]
    html = summary(form)
    assert "There is a problem" in html
    assert 'role="alert"' in html
    assert 'tabindex="-1"' in html
    targets = re.findall(r'href="#([^"]+)"', html)
    page = str(form)
    assert targets
    assert all(f'id="{target}"' in page for target in targets)


def test_without_errors_there_is_no_summary() -> None:
    assert summary(SampleForm(GOOD)).strip() == ""
    assert summary(SampleForm()).strip() == ""
    assert summary("").strip() == ""


def test_the_summary_of_a_formset_holds_every_forms_errors() -> None:
    forms_of_rates = formset_factory(RateForm, extra=0)(
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-rate": "1", "form-1-rate": "44"}
    )
    assert [item.target for item in error_items(forms_of_rates)] == ["id_form-0-rate"]


def test_what_was_typed_is_escaped_in_every_control() -> None:
    html = str(SampleForm({**GOOD, "email": '"><script>alert(1)</script>', "bio": "</textarea><script>"}))
    assert "<script>" not in html


def test_the_renderer_is_the_sites() -> None:
    assert isinstance(SampleForm().renderer, FormRenderer)
