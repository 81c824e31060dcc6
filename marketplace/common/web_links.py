"""Links to elsewhere that people type and others will follow."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

LINK_MAX = 300


def check_web_link(text: str) -> None:
    """Let through what a browser opens as a page of a named host over https, and nothing that hides where it leads.

    Raises ``ValidationError``.
    """
    if not text.startswith("https://"):
        raise ValidationError(_("Enter a link that starts with https://."), code="scheme")
    try:
        URLValidator(schemes=["https"])(text)
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except (ValueError, ValidationError):
        raise ValidationError(_("Enter the whole link, as your meeting service shows it."), code="invalid") from None
    if "@" in parts.netloc:  # https://bank.example@elsewhere.example/: what stands first is no address
        raise ValidationError(_("Enter a link without a name or password before the address."), code="credentials")
    if not host.isascii() or "." not in host or host.replace(".", "").isdigit():
        raise ValidationError(_("Enter a link to a page on the web, as your meeting service shows it."), code="host")


class WebLinkField(forms.CharField):
    """A link to a page elsewhere, such as a meeting room."""

    def __init__(self, **kwargs: Any) -> None:  # Any: Field's own
        super().__init__(
            max_length=LINK_MAX,
            validators=[check_web_link],
            widget=forms.URLInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
            error_messages={"max_length": _("Enter a link of at most %(limit_value)d characters.")},
            **kwargs,
        )
