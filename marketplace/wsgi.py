"""The WSGI application: everything but live streams."""

import os
from collections.abc import Iterable
from importlib import import_module
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

_answer = get_wsgi_application()

# Loaded before the processes are forked, so that they share it and nobody's first request waits for it.
for name in (settings.ROOT_URLCONF, "uploads.gateways.s3", "css_inline", "icalendar"):
    import_module(name)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request. Django leaves the body of an answer to HEAD in place for the server to take off; gunicorn does,
    and warns each time of an application that sends one."""
    response = _answer(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return response
    response.close()  # which ends the request: the server closes only what it is given
    return []
