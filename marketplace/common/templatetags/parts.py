"""The smallest parts of pages, built in: icons, people's tiles, the starts of the slot picker.

They are tags and not templates because one page draws up to some hundred of them, and there each node of a template
counts: a week of starts took a quarter of the whole request.
"""

import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marketplace.common import formatting

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """``{% icon "search" %}``, ``{% icon "chevron-left" "icon--mirror" %}``: one of ``static/icons.svg``."""
    return _icon(static("icons.svg"), name, extra)


@lru_cache(maxsize=512)
def _icon(sprite: str, name: str, extra: str) -> SafeString:
    classes = f"icon {extra}".rstrip()
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, sprite, name)


@register.simple_tag
def avatar(
    id: uuid.UUID | int | str,  # noqa: A002  # the word of the components
    name: str,
    size: int | None = None,
    photo: str = "",
    square: bool = False,
    glyph: str = "",
) -> SafeString:
    """A person's photo, or initials in their colour; ``glyph`` is the subject's symbol behind the initials."""
    size = size or 48
    classes = f"avatar avatar--{size} avatar--hue-{formatting.hue(id)}{' avatar--square' if square else ''}"
    if photo:
        image = '<img class="avatar__photo" src="{}" alt="" width="{}" height="{}" loading="lazy" decoding="async">'
        return format_html(
            '<span class="{}" aria-hidden="true">{}</span>', classes, format_html(image, photo, size, size)
        )
    behind = format_html(' data-glyph="{}"', glyph) if glyph else ""
    return format_html('<span class="{}"{} aria-hidden="true">{}</span>', classes, behind, formatting.initials(name))


@register.simple_tag
def slot(start: Mapping[str, Any]) -> SafeString:  # Any: template data
    """A start of the slot picker, as a radio button: {id, value UTC, time "18:30", range "18:30–19:15", taken, checked}."""
    state = SafeString(" disabled" if start["taken"] else " checked" if start["checked"] else "")
    said = format_html('<span class="visually-hidden"> {}</span>', _("taken")) if start["taken"] else ""
    return format_html(
        '<label class="slot"><input type="radio" name="starts_at" id="start-{}" value="{}" data-range="{}"{}>{}{}</label>',
        start["id"], start["value"], start["range"], state, start["time"], said,
    )  # fmt: skip
