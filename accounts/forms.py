"""Forms of the account's own pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.zones import ZoneField

ROLES = [(User.Role.STUDENT, _("I want to learn")), (User.Role.MENTOR, _("I want to teach"))]
UNLOCK_REASONS = [
    ("settled", _("The matter is settled")),
    ("mistake", _("It was locked by mistake")),
    ("other", _("Another reason, kept in the support case")),
]
REASONS = [
    ("abuse", _("Harms or threatens other people")),
    ("fraud", _("Fraud or stolen cards")),
    ("stolen", _("Somebody else has taken the account over")),
    ("owner", _("Its owner asked for it")),
    ("other", _("Another reason, kept in the support case")),
]


class NameField(forms.CharField):
    """A person's name: one line, spaces as people mean them."""

    def __init__(self, **kwargs: Any) -> None:  # Any: Field's own
        super().__init__(
            label=_("Name"),
            max_length=80,
            widget=forms.TextInput({"autocomplete": "name"}),
            error_messages={
                "required": _("Enter your name."),
                "max_length": _("Enter a name of at most 80 characters."),
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> str:  # Any: Django's own
        return " ".join(super().to_python(value).split())  # type: ignore[union-attr]  # "" for None


class WelcomeForm(forms.Form):
    """``role`` goes away when it needs no asking: chosen already, or a student's slot waits."""

    role = forms.ChoiceField(
        label=_("What brings you here?"),
        choices=ROLES,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose to learn or to teach."),
            "invalid_choice": _("Choose to learn or to teach."),
        },
    )
    name = NameField(help_text=_("As mentors and students should read it."))
    time_zone = ZoneField(help_text=_("All times are shown in it. You can change it later."))

    def __init__(self, *args: Any, ask_role: bool = True, **kwargs: Any) -> None:  # Any: Form's own
        super().__init__(*args, **kwargs)
        if not ask_role:
            del self.fields["role"]


class AccountForm(forms.Form):
    name = NameField()
    time_zone = ZoneField(help_text=_("All times are shown in it. Sessions that are booked do not move."))
    language = forms.ChoiceField(label=_("Language"))
    theme = forms.ChoiceField(
        label=_("Colours"),
        choices=User.Theme.choices,
        required=False,
        widget=forms.RadioSelect({"data-theme-picker": ""}),
    )
    mark_optional = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Form's own
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]  # a ChoiceField


class ZoneForm(forms.Form):
    time_zone = ZoneField()


class CloseForm(forms.Form):
    """Nobody closes an account by a stray click: one box, then the button."""

    is_sure = forms.BooleanField(
        label=_("I understand that this can’t be undone"),
        error_messages={"required": _("Tick this box if you want to close your account for good.")},
    )


TOO_LONG = _("Write at most %(limit_value)d characters. You have written %(show_value)d.")


class SupportRequestForm(forms.Form):
    """What somebody writes to support. ``people``: those they have met here, offered by name as they type."""

    whom = forms.CharField(
        label=_("Whom is it about?"),
        help_text=_("A name, if it is about a person."),
        max_length=80,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "list": "people-met"}),
        error_messages={"max_length": TOO_LONG},
    )
    text = forms.CharField(
        label=_("What happened?"),
        help_text=_("Only our support reads it. Nobody else is told."),
        max_length=2_000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": _("Say what happened, in a sentence or two."), "max_length": TOO_LONG},
    )

    def __init__(self, *args: Any, people: Sequence[User] = (), **kwargs: Any) -> None:  # Any: Form's own
        super().__init__(*args, **kwargs)
        self.people = people

    def person(self) -> User | None:
        """Whom of those they have met the name belongs to; none if it could be two."""
        name = " ".join(self.cleaned_data["whom"].split()).casefold()
        named = [person for person in self.people if person.name.casefold() == name]
        return named[0] if len(named) == 1 else None


class OutsideSupportRequestForm(forms.Form):
    """What somebody writes to support who can't sign in."""

    answer_to = forms.EmailField(
        label=_("E-mail"),
        help_text=_("Where we answer. If it is about an account, the address of that account."),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={"required": _("Enter the address where we can answer.")},
    )
    text = forms.CharField(
        label=_("What happened?"),
        help_text=_("Only our support reads it. Leave passwords, codes and card numbers out."),
        max_length=2_000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": _("Say what happened, in a sentence or two."), "max_length": TOO_LONG},
    )


class CloseSupportRequestForm(forms.Form):
    note = forms.CharField(
        label=_("What did you do about it?"),
        help_text=_("For colleagues who look later. Who wrote is not shown it."),
        max_length=1_000,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Say what you did, in a sentence."), "max_length": TOO_LONG},
    )


class LockForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=REASONS,
        widget=forms.RadioSelect,
        help_text=_("Kept in the audit log. The person is not told."),
        error_messages={"required": _("Choose a reason.")},
    )

    keep_sessions = forms.BooleanField(
        label=_("Keep their coming sessions"),
        help_text=_("Otherwise they are cancelled, and the students get everything back. Held times go either way."),
        required=False,
    )


class UnlockForm(LockForm):
    keep_sessions = None  # type: ignore[assignment]  # how a form drops a field of its base

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Form's own
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = UNLOCK_REASONS  # type: ignore[attr-defined]  # a ChoiceField


class DesksForm(forms.Form):
    groups = forms.MultipleChoiceField(
        label=_("Desks"),
        choices=[("reviewer", _("Reviewer")), ("support", _("Support")), ("finance", _("Finance"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    mark_optional = False


class StaffForm(DesksForm):
    """A new colleague: made by a superuser, signs in by code."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = NameField()
    field_order = ("email", "name", "groups")
