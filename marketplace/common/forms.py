"""How forms look and speak: the renderer of the whole site, its fields for money and codes, and the error summary.

The order in every field is label, hint, error, control. Django's own ids tie them together (``…_helptext``, ``…_error``).
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.formsets import BaseFormSet
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from marketplace.common import formatting

PLAIN_INPUTS = {
    "text",
    "email",
    "password",
    "number",
    "url",
    "search",
    "tel",
    "date",
    "time",
    "datetime-local",
    "month",
}

# Twelve digits are more than any price; a longer or scientific number is a slip or an attack.
AMOUNT = re.compile(r"-?\d{1,12}(\.\d*)?")
GROUPED = re.compile(r"-?\d{1,3}([.,]\d{3})+")


class BoundField(forms.BoundField):
    """Gives each control its class and keeps what is typed: a text area counts instead of cutting off."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:  # Any: Django's own
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        own = str(widget.attrs.get("class", ""))
        if kind := control_class(widget):
            attrs["class"] = f"{kind} {own}".strip()
        if isinstance(widget, forms.Textarea) and "maxlength" in widget.attrs:
            attrs |= {"maxlength": False, "data-limit": widget.attrs["maxlength"]}
        if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
            attrs.pop("aria-invalid", None)  # a single radio can't carry it; the fieldset is described by the error
        return attrs

    @property
    def kind(self) -> str:
        """Which shape ``django/forms/field.html`` draws: ``switch``, ``check``, ``group``, ``fieldset`` or ``plain``."""
        widget = self.field.widget
        if isinstance(widget, Switch):
            return "switch"
        if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
            return "group"
        if isinstance(widget, forms.CheckboxInput):
            return "check"
        return "fieldset" if widget.use_fieldset else "plain"

    @property
    def is_optional(self) -> bool:
        """Whether the label says "(optional)". A form of filters switches that off with ``mark_optional = False``."""
        quiet = self.kind in {"check", "switch"} or not getattr(self.form, "mark_optional", True)
        return not (self.field.required or quiet)

    @property
    def limit(self) -> int | None:
        widget = self.field.widget
        return (
            int(widget.attrs["maxlength"])
            if isinstance(widget, forms.Textarea) and "maxlength" in widget.attrs
            else None
        )

    @property
    def target_id(self) -> str:
        """Where a link in the error summary leads: the control, or the first of a group."""
        first = isinstance(self.field.widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
        return f"{self.auto_id}_0" if first else self.id_for_label or str(self.auto_id)


def control_class(widget: forms.Widget) -> str:
    if isinstance(widget, CodeInput):
        return "input input--code"
    if isinstance(widget, Switch):
        return "switch"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return ""
    if isinstance(widget, forms.Select):
        return "select"
    if isinstance(widget, forms.Textarea):
        return "input"
    if isinstance(widget, forms.FileInput):
        return "input input--file"
    return "input" if getattr(widget, "input_type", "") in PLAIN_INPUTS else ""


class FormRenderer(TemplatesSetting):
    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"
    bound_field_class = BoundField


class CodeInput(forms.TextInput):
    """A one-time code: the keyboard for digits, and the code offered from the message it came in."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:  # Any: HTML attributes
        given = {
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        super().__init__({**given, **(attrs or {})})


class Switch(forms.CheckboxInput):
    """On or off at once in a list of settings; the same as a checkbox without style sheets."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:  # Any: HTML attributes
        super().__init__({"role": "switch", **(attrs or {})})


class MoneyInput(forms.TextInput):
    """An amount in the marketplace's currency, its sign in front."""

    template_name = "django/forms/widgets/money.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:  # Any: HTML attributes
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # Any: Django's own
        context = super().get_context(name, value, attrs)
        context["widget"]["symbol"] = formatting.currency_symbol(settings.CURRENCY)
        return context


class MoneyField(forms.Field):
    """Typed as people write it ("44", "44.00", "44,00"), cleaned to an integer in minor units.

    ``min_minor`` and ``max_minor`` bound it; the refusal names the bound.
    """

    widget = MoneyInput
    default_error_messages: ClassVar[dict[str, Any]] = {  # Any: lazy strings
        "invalid": _("Enter an amount such as 44 or 44.50"),
        "too_low": _("Enter %(amount)s or more"),
        "too_high": _("Enter %(amount)s or less"),
    }

    def __init__(
        self, *, min_minor: int | None = None, max_minor: int | None = None, **kwargs: Any
    ) -> None:  # Any: Field's own
        self.min_minor, self.max_minor = min_minor, max_minor
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:  # Any: minor units from the model, or text as it was typed
        if not isinstance(value, int):
            return value
        digits = get_currency_precision(settings.CURRENCY.upper())
        return f"{Decimal(value).scaleb(-digits):.{digits}f}"

    def to_python(self, value: Any) -> int | None:  # Any: Django's own
        if value in self.empty_values:
            return None
        symbol = formatting.currency_symbol(settings.CURRENCY)
        text = re.sub(r"\s", "", str(value)).removeprefix(symbol).removesuffix(symbol)
        digits = get_currency_precision(settings.CURRENCY.upper())
        plain = _with_point(text, digits)
        if not AMOUNT.fullmatch(plain):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        minor = Decimal(plain).scaleb(digits)
        if minor != minor.to_integral_value():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(minor)

    def validate(self, value: Any) -> None:  # Any: Django's own
        super().validate(value)
        if value is None:
            return
        for bound, code, broken in (
            (self.min_minor, "too_low", self.min_minor is not None and value < self.min_minor),
            (self.max_minor, "too_high", self.max_minor is not None and value > self.max_minor),
        ):
            if broken and bound is not None:
                amount = formatting.money(bound, settings.CURRENCY, short=True)
                raise ValidationError(self.error_messages[code], code=code, params={"amount": amount})

    def has_changed(self, initial: Any, data: Any) -> bool:  # Any: Django's own
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


def _with_point(text: str, digits: int) -> str:
    """Read both ``1,234.50`` and ``1.234,50``: the last mark is the decimal one, unless only groups of three follow marks."""
    head, mark, tail = text.rpartition("," if text.rfind(",") > text.rfind(".") else ".")
    if GROUPED.fullmatch(text) and len(tail) > digits:
        return re.sub(r"[.,]", "", text)
    return f"{re.sub(r'[.,]', '', head)}.{tail}" if mark else text


class ErrorItem(NamedTuple):
    """One line of the error summary; ``target`` is empty for what belongs to no field."""

    target: str
    message: str


def error_items(form: object) -> list[ErrorItem]:
    """The errors of a form or formset in the order of its fields, the form's own first.

    Anything else has none: a page without a form hands over what its template engine makes of a missing name.
    """
    if isinstance(form, BaseFormSet) and form.is_bound:
        own = [ErrorItem("", str(message)) for message in form.non_form_errors()]
        return own + [item for each in form.forms for item in error_items(each)]
    return list(_form_errors(form)) if isinstance(form, forms.BaseForm) else []


def _form_errors(form: forms.BaseForm) -> Iterable[ErrorItem]:
    for message in form.errors.get(NON_FIELD_ERRORS, []):
        yield ErrorItem("", str(message))
    for bound in form:
        target = "" if bound.is_hidden else getattr(bound, "target_id", bound.id_for_label)
        for message in bound.errors:
            yield ErrorItem(target, str(message))
