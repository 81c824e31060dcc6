"""Bodies as programs send them: in pieces, without their length, or slowly."""

import json
import socket
from collections.abc import Iterable
from http.client import HTTPConnection

from django.conf import settings

from marketplace import asgi
from marketplace.sandbox.processes import LOOPBACK
from payments.models import WebhookEvent
from tests.live.conftest import Site
from tests.payments.provider import signed
from tests.waiting import PATIENCE

EVENT = json.dumps(
    {
        "id": "evt_in_pieces",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1,
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    }
).encode()


def post(site: Site, pieces: Iterable[bytes], headers: dict[str, str]) -> int:
    connection = HTTPConnection(LOOPBACK, site.port, timeout=PATIENCE)
    connection.request("POST", "/api/payments/webhook", iter(pieces), headers, encode_chunked=True)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_body_in_pieces_is_read_whole(site: Site) -> None:
    assert post(site, [EVENT[:-1]], signed(EVENT)) == 400
    assert post(site, [EVENT[:20], EVENT[20:]], signed(EVENT)) == 200
    assert WebhookEvent.objects.get().pk == "evt_in_pieces"


def test_a_body_in_pieces_has_the_same_cap(site: Site) -> None:
    pieces = [b"x" * 1024] * (settings.WEBHOOK_MAX_BYTES // 1024)
    assert post(site, pieces, {}) == 400
    assert post(site, [*pieces, b"x"], {}) == 413


def test_a_body_that_never_ends_is_not_acted_on(site: Site) -> None:
    head = f"POST /api/payments/webhook HTTP/1.1\r\nHost: {LOOPBACK}\r\nTransfer-Encoding: chunked\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in signed(EVENT).items())
    with socket.create_connection((LOOPBACK, site.port), timeout=PATIENCE) as cut:
        cut.sendall(head.encode() + b"\r\n%x\r\n%s\r\n" % (len(EVENT), EVENT))
    assert (
        post(site, [EVENT.replace(b"in_pieces", b"afterwards")], signed(EVENT.replace(b"in_pieces", b"afterwards")))
        == 200
    )
    assert [event.pk for event in WebhookEvent.objects.all()] == ["evt_afterwards"]


def test_nobody_holds_a_thread_by_sending_slowly(site: Site) -> None:
    begun = f"POST /api/payments/webhook HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: 9\r\n\r\n{{".encode()
    slow = [socket.create_connection((LOOPBACK, site.port), timeout=PATIENCE) for _ in range(asgi.THREADS + 1)]
    for each in slow:
        each.sendall(begun)
    assert post(site, [EVENT], signed(EVENT)) == 200
    for each in slow:
        each.sendall(b"........")
        assert each.recv(12) == b"HTTP/1.1 400"
        each.close()
