"""What the web server runs: live streams on the event loop, everything else in threads as ever.

Plain Django under ASGI costs about 1.7 times the processor time per page, and holds a thread for each open stream. So
pages go through WSGI, and a stream is let in by the same view, guards and middleware as a page, in a thread; what is
held open afterwards is a coroutine and a queue (``marketplace.streams``).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from a2wsgi.wsgi import build_environ
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from marketplace.wsgi import application as pages  # first, for it sets Django up

# isort: split
from marketplace.common.errors import RateLimited, Unavailable
from marketplace.common.problems import problem_of
from marketplace.deep_calls import roomy
from marketplace.live_api import LiveResponse
from marketplace.streams import NotListening, Stream, Streams, TooManyStreams

type Scope = dict[str, Any]  # Any: ASGI's own
type Call = Any  # Any: ASGI's ``receive`` and ``send``

PREFIX = "/events/"
THREADS = 8
DOOR_THREADS = 4
WAIT_SECONDS = 5

streams = Streams()
_page_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="pages")
_door_threads = ThreadPoolExecutor(max_workers=DOOR_THREADS, thread_name_prefix="door")


class Door(BaseHandler):
    """Lets a stream in, or says why not: Django's own handler, up to the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    @roomy
    def answer(self, scope: Scope) -> HttpResponseBase:
        set_script_prefix("/")
        request_started.send(sender=type(self), scope=scope)
        response = self.get_response(ASGIRequest(scope, BytesIO()))
        response.close()  # the request is over: its database connection is put back
        return response


_door = Door()


async def application(scope: Scope, receive: Call, send: Call) -> None:
    if scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await hold(scope, receive, send)
    else:
        await answer(scope, receive, send)


async def answer(scope: Scope, receive: Call, send: Call) -> None:
    """Answer one request for a page in a thread, handed over once and back once.

    Most of a2wsgi's own time goes into handing each piece of an answer from thread to loop. Ours are made whole and are
    small. The body of a request is collected before, so that nobody who sends one slowly holds a thread.
    """
    body = await _collect(scope, receive)
    if body is None:
        return
    environ = build_environ(scope, BytesIO(body))  # type: ignore[arg-type]  # ASGI's types under other names
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["CONTENT_LENGTH"] = str(len(body))  # WSGI would take a body without its length for an empty one
    loop = asyncio.get_running_loop()
    start, content = await loop.run_in_executor(_page_threads, _answer, environ)
    await send(start)
    await send({"type": "http.response.body", "body": content})


async def _collect(scope: Scope, receive: Call) -> bytes | None:
    """Read a body: of one that is too large nothing, or as much as tells; ``None`` when its sender goes before its end."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = b""
    if int(dict(scope["headers"]).get(b"content-length", 0)) > limit:
        return body  # its length alone has it refused
    while len(body) <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


@roomy
def _answer(environ: Any) -> tuple[dict[str, Any], bytes]:  # Any: WSGI's and ASGI's own
    start: dict[str, Any] = {"type": "http.response.start"}  # Any: ASGI's own

    def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:  # Any: never used by Django
        start["status"] = int(status[:3])
        start["headers"] = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]

    response = pages(environ, begin)  # type: ignore[arg-type]  # nobody writes by the function that it would return
    try:
        return start, b"".join(response)
    finally:
        if close := getattr(response, "close", None):
            close()


async def hold(scope: Scope, receive: Call, send: Call) -> None:
    """Answer one request for a stream, and tell it what happens until either side has enough."""
    response = await asyncio.get_running_loop().run_in_executor(_door_threads, _door.answer, scope)
    if not isinstance(response, LiveResponse) or scope["method"] == "HEAD":
        await _send_whole(response, send)
        return
    try:
        stream = await streams.open(response.audience, response.session_key)
    except TooManyStreams:
        await _send_whole(_refusal(RateLimited(retry_after=WAIT_SECONDS), response), send)
        return
    except NotListening:
        await _send_whole(_refusal(Unavailable(), response), send)
        return
    leaving = asyncio.create_task(_leave(stream, receive))
    try:
        await send(_start(response))
        async for words in stream.words(after=response.after):
            await send({"type": "http.response.body", "body": words, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        leaving.cancel()
        streams.close(stream)


async def _leave(stream: Stream, receive: Call) -> None:
    """End the stream once its reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _start(response: HttpResponseBase) -> dict[str, Any]:  # Any: ASGI's own
    headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in response.headers.items()]
    headers += [(b"set-cookie", morsel.OutputString().encode("latin1")) for morsel in response.cookies.values()]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


async def _send_whole(response: HttpResponseBase, send: Call) -> None:
    body = b"" if isinstance(response, LiveResponse) else getattr(response, "content", b"")
    await send(_start(response))
    await send({"type": "http.response.body", "body": body})


def _refusal(error: RateLimited | Unavailable, response: LiveResponse) -> HttpResponseBase:
    refusal = problem_of(error)
    refusal.headers.setdefault("X-Request-Id", response.headers["X-Request-Id"])
    return refusal
