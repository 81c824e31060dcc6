"""Time zones to choose from."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.common.formatting import offset_label
from marketplace.common.middleware import known_zones

REGIONS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)

type Choice = tuple[str, str]


def zone_choices() -> list[tuple[str, list[Choice]]]:
    """Every zone with a city, by region, each with its offset today: ``Lisbon (GMT+0)``."""
    return _choices(timezone.now().date())


@lru_cache(maxsize=1)
def _choices(today: date) -> list[tuple[str, list[Choice]]]:
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=ZoneInfo("UTC"))
    regions: dict[str, list[Choice]] = {}
    for name in sorted(known_zones()):
        region, _slash, city = name.partition("/")
        if region in REGIONS and city:
            label = city.replace("_", " ").replace("/", ", ")
            regions.setdefault(region, []).append((name, f"{label} ({offset_label(ZoneInfo(name), noon)})"))
    return [*regions.items(), ("UTC", [("UTC", "UTC")])]


class ZoneField(forms.CharField):
    """A select of zones that also takes those it does not list: browsers still report old names."""

    def __init__(self, **kwargs: Any) -> None:  # Any: Field's own
        kwargs.setdefault("label", _("Time zone"))
        kwargs.setdefault("error_messages", {"required": _("Choose a time zone from the list.")})
        super().__init__(widget=forms.Select(), **kwargs)

    def prepare_value(self, value: Any) -> Any:  # Any: Django's own
        self.offer(str(value or ""))
        return value

    def offer(self, current: str) -> None:
        choices: list[Any] = [("", _("Choose")), *zone_choices()]  # Any: groups among choices
        listed = {name for _region, zones in zone_choices() for name, _label in zones}
        if current in known_zones() - listed:
            choices.insert(1, (current, current))
        self.widget.choices = choices

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value not in known_zones():
            raise forms.ValidationError(self.error_messages["required"], code="unknown_zone")
