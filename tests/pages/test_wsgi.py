"""The application as the web server calls it."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished

from marketplace.wsgi import application


def call(method: str) -> tuple[dict[str, str], bytes]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": "/api/health/live"}  # Any: WSGI's
    setup_testing_defaults(environ)
    seen: list[Any] = []
    response = application(environ, lambda status, headers, exc_info=None: seen.extend(headers))  # type: ignore[arg-type]  # Django writes nothing by hand
    body = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    return dict(seen), body


@pytest.mark.django_db
def test_head_tells_the_length_of_a_body_that_is_kept_back() -> None:
    ended: list[object] = []
    request_finished.connect(lambda **kwargs: ended.append(kwargs), weak=False, dispatch_uid="test_wsgi")
    try:
        (head, nothing), (get, body) = call("HEAD"), call("GET")
    finally:
        request_finished.disconnect(dispatch_uid="test_wsgi")
    assert (nothing, body) == (b"", b'{"status":"ok"}')
    assert head["Content-Length"] == get["Content-Length"] == str(len(body))
    assert len(ended) == 2
