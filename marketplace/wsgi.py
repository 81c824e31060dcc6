"""The WSGI application: everything but live streams."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

_answer = get_wsgi_application()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request. Django leaves the body of an answer to HEAD in place for the server to take off; gunicorn does,
    and warns each time of an application that sends one."""
    response = _answer(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return response
    response.close()  # which ends the request: the server closes only what it is given
    return []
