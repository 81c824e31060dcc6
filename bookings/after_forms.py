"""What is typed after a session: a problem, an answer, a review, an appeal."""

from django import forms
from django.utils.translation import gettext_lazy as _

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
