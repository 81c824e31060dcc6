"""The two smallest parts of every page, built in: icons and people's tiles.

They are tags and not included templates because a list draws some hundred of them: including a template costs several
times as much as filling one.
"""

import uuid
from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
