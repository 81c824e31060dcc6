"""What is typed after a session: a problem, an answer, a review, an appeal."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.models import ProblemReport

TEXT_MAX = 2_000


class WordsField(forms.CharField):
    """A few lines of text that have to be there."""

    def __init__(self, *, label: object, missing: object, help_text: object = "", rows: int = 6) -> None:
        super().__init__(
            label=label,  # type: ignore[arg-type]  # lazy strings
            help_text=help_text,  # type: ignore[arg-type]  # the same
            max_length=TEXT_MAX,
            widget=forms.Textarea({"rows": rows}),
            error_messages={"required": missing, "max_length": _("Enter at most 2,000 characters.")},  # type: ignore[dict-item]  # the same
        )


class OutcomeForm(forms.Form):
    """One of the buttons under "How was it?". Which words are whose is asked by the operation."""

    outcome = forms.CharField(max_length=14)
    note = forms.CharField(max_length=TEXT_MAX, required=False)


class ProblemForm(forms.Form):
    note = WordsField(
        label=_("What was wrong?"),
        help_text=_("The other side reads it and answers, then our support decides."),
        missing=_("Say what was wrong."),
    )


class AnswerForm(forms.Form):
    answer = WordsField(
        label=_("Your side"), help_text=_("Our support reads both."), missing=_("Say how it was from your side.")
    )


class ReviewForm(forms.Form):
    rating = forms.TypedChoiceField(
        label=_("Stars"),
        coerce=int,
        choices=[
            (5, _("5: excellent")),
            (4, _("4: good")),
            (3, _("3: all right")),
            (2, _("2: not good")),
            (1, _("1: bad")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how many stars."), "invalid_choice": _("Choose 1 to 5 stars.")},
    )
    text = forms.CharField(
        label=_("In words"),
        help_text=_("Everyone can read it, with your first name."),
        max_length=TEXT_MAX,
        required=False,
        widget=forms.Textarea({"rows": 6}),
    )


class ReviewAnswerForm(forms.Form):
    answer = WordsField(
        label=_("Your answer"),
        help_text=_("Everyone can read it. It can’t be changed afterwards."),
        missing=_("Write your answer."),
    )


class AppealForm(forms.Form):
    appeal = WordsField(
        label=_("Why should it not count?"),
        help_text=_("Our support reads it."),
        missing=_("Say why it should not count."),
    )


class DecisionForm(forms.Form):
    """Support's decision about a report; ``confirmed`` once the sums were read."""

    finding = forms.ChoiceField(
        label=_("What happened"),
        choices=ProblemReport.Finding.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("An absence brings everything back. A mentor who did not come gets strikes."),
    )
    percent = forms.IntegerField(
        label=_("Goes back to the student, in per cent of the price"),
        min_value=0,
        max_value=100,
        required=False,
        widget=forms.NumberInput({"class": "input--short", "inputmode": "numeric"}),
        error_messages={
            "invalid": _("Enter a whole number from 0 to 100."),
            "min_value": _("Enter 0 or more."),
            "max_value": _("Enter 100 or less."),
        },
    )
    reason = WordsField(label=_("Why"), help_text=_("Both sides read it, word for word."), missing=_("Say why."))
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    mark_optional = False

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        if data.get("finding"):
            data["percent"] = 100
        elif data.get("percent") is None and "percent" not in self.errors:
            self.add_error("percent", _("Enter how much goes back, from 0 to 100."))


class StrikeDecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("waive", _("Take it back: it does not count any more")), ("stand", _("Let it stand"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision.")},
    )
    reason = WordsField(label=_("Why"), help_text=_("The mentor reads it, word for word."), missing=_("Say why."))
