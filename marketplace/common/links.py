"""Addresses of pages, as mails give them.

A job that tells an address would load every page of the site, with the admin, sign-in and JSON, for nothing but their
names: 20 MB for the rest of the worker's life. What mails point to stands apart in ``PAGES_URLCONF``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import get_urlconf, reverse, set_urlconf


def page_link(name: str, *args: object) -> str:
    """The whole address of a page."""
    return settings.SITE_URL + reverse(name, urlconf=settings.PAGES_URLCONF, args=args)


@contextmanager
def links_to_pages() -> Iterator[None]:
    """Let ``{% url %}`` in a template find pages only."""
    before = get_urlconf()
    set_urlconf(settings.PAGES_URLCONF)
    try:
        yield
    finally:
        set_urlconf(before)
