"""``GET /events/``: who may have a stream, and of what. ``marketplace.asgi`` holds it open."""

from collections.abc import Iterator
from typing import Annotated

from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from pydantic import Field

from marketplace.common.api import json_route, methods
from marketplace.common.guards import SIGNED_IN
from marketplace.common.live import Audience
from marketplace.common.schemas import Query
from mentors.models import Mentor

SLUG = r"^[-a-zA-Z0-9_]*$"


class EventsQuery(Query):
    mentor: Annotated[str, Field(max_length=40, pattern=SLUG)] | None = None
    # As the header ``Last-Event-ID``, which a script can't set on the first request of a stream.
    after: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class LiveResponse(StreamingHttpResponse):
    """The head of a stream. Where no event loop holds it (a plain WSGI server), it ends at once and is asked for again."""

    def __init__(self, audience: Audience, *, session_key: str, after: int | None) -> None:
        super().__init__(_ends_at_once(), content_type="text/event-stream")
        self.audience = audience
        self.session_key = session_key
        self.after = after
        self["Cache-Control"] = "no-store"
        self["X-Accel-Buffering"] = "no"  # nginx would keep words back until there are many


def _ends_at_once() -> Iterator[bytes]:
    yield b"retry: 4000\n\n"


@json_route(who=SIGNED_IN, query=EventsQuery, answers={200: None})
def open_stream(request: HttpRequest, query: EventsQuery) -> LiveResponse:
    """``GET /events/``: a stream of what concerns the caller, and with ``mentor`` of that mentor's taken starts."""
    assert request.user.is_authenticated
    mentor_id = get_object_or_404(Mentor.objects.readable(), handle=query.mentor).pk if query.mentor else None
    return LiveResponse(
        Audience(request.user.pk, mentor_id),
        session_key=request.session.session_key or "",
        after=query.after if (last := _last_event_id(request)) is None else last,
    )


def _last_event_id(request: HttpRequest) -> int | None:
    """The id that the browser sends when it comes back; one that we never gave is none."""
    value = request.headers.get("Last-Event-ID", "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None


events = methods(GET=open_stream)
