"""How a stranger's server is asked: the address that was judged, for a while and no longer, and no more than two megabytes."""

import gzip
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from time import monotonic

import pytest

from mentors.gateways.ics.addresses import Failure
from mentors.gateways.ics.client import CONTENT_MAX_BYTES, Client
from tests.mentors.calendar_server import (
    OTHER_PUBLIC,
    PUBLIC,
    Answer,
    CalendarServer,
    Certificates,
    Doorkeeper,
    calendar,
    dripping,
    giving,
    sending_to,
    serving,
    silent,
    versioned,
)

NAME = "calendar.example.org"
URL = f"https://{NAME}/me.ics"
EMPTY = calendar()


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates.make()


@pytest.fixture
def server(certificates: Certificates) -> Iterator[CalendarServer]:
    """Plays ``PUBLIC``, with a certificate for ``NAME``."""
    with serving(certificates.server(NAME)) as server:
        yield server


@pytest.fixture
def door(server: CalendarServer) -> Doorkeeper:
    return Doorkeeper({NAME: [[PUBLIC]]}, rooms={PUBLIC: server.port})


@pytest.fixture
def client(door: Doorkeeper, certificates: Certificates) -> Client:
    return Client(resolve=door.resolve, connect=door.connect, tls=certificates.client(), total_seconds=5)


def failure_of(client: Client, url: str = URL) -> str:
    with pytest.raises(Failure) as failure:
        client.fetch(url)
    return failure.value.code


def test_a_calendar_is_read_from_the_address_that_was_judged(
    client: Client, door: Doorkeeper, server: CalendarServer
) -> None:
    server.answers["/me.ics?key=a%20b"] = giving(EMPTY, ETag='"1"', Last_Modified="Sun, 22 Nov 2026 10:00:00 GMT")
    fetched = client.fetch(f"{URL}?key=a%20b")
    assert (fetched.content, fetched.etag) == (EMPTY, '"1"')
    assert fetched.last_modified == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert door.connected == [(PUBLIC, 443)]
    [(_path, headers)] = server.requests
    assert headers["Host"] == NAME
    assert {"Cookie", "Authorization", "Referer", "If-None-Match"}.isdisjoint(headers)


def test_a_name_is_looked_up_once_and_never_again(client: Client, door: Doorkeeper, server: CalendarServer) -> None:
    """Rebinding: the first answer is public, the next would lead inside. The connection goes where the first said."""
    door.answers[NAME] = [[PUBLIC], ["127.0.0.1"]]
    server.answers["/me.ics"] = giving(EMPTY)
    assert client.fetch(URL).content == EMPTY
    assert door.connected == [(PUBLIC, 443)]
    assert failure_of(client) == "host"  # asked anew, it is judged anew
    assert door.connected == [(PUBLIC, 443)]


def test_the_next_address_is_tried_where_the_first_is_silent(
    client: Client, door: Doorkeeper, server: CalendarServer
) -> None:
    door.answers[NAME] = [[OTHER_PUBLIC, PUBLIC]]
    door.rooms[OTHER_PUBLIC] = 1  # nobody listens there
    server.answers["/me.ics"] = giving(EMPTY)
    assert client.fetch(URL).content == EMPTY
    assert [ip for ip, _port in door.connected] == [OTHER_PUBLIC, PUBLIC]


def test_the_certificate_must_be_for_the_name(client: Client, door: Doorkeeper, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(EMPTY)
    door.answers["other.example.org"] = [[PUBLIC]]
    assert failure_of(client, "https://other.example.org/me.ics") == "certificate"
    assert server.requests == []
    assert client.fetch(URL).content == EMPTY


def test_a_certificate_of_nobody_is_refused(client: Client, door: Doorkeeper, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(EMPTY)
    strict = Client(resolve=door.resolve, connect=door.connect)  # with the authorities of the web
    assert failure_of(strict) == "certificate"
    assert server.requests == []
    assert client.fetch(URL).content == EMPTY


def test_old_encryption_is_refused(client: Client) -> None:
    assert Client().tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert Client().tls.check_hostname
    assert client.tls.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    "location",
    [
        "https://inside.example.org/",  # resolves to a private address
        "https://127.0.0.1/",
        "https://localhost/",
        "http://calendar.example.org/me.ics",
        "https://calendar.example.org:8080/",
        "https://[::ffff:10.0.0.1]/",
        "file:///etc/passwd",
        "//inside.example.org/",
    ],
)
def test_where_a_redirect_leads_is_judged_anew(
    client: Client, door: Doorkeeper, server: CalendarServer, location: str
) -> None:
    door.answers["inside.example.org"] = [["10.1.2.3"]]
    server.answers["/me.ics"] = sending_to(location)
    assert failure_of(client) in {"host", "address"}
    assert door.connected == [(PUBLIC, 443)]
    server.answers["/me.ics"], server.answers["/new.ics"] = sending_to("/new.ics"), giving(EMPTY)
    assert client.fetch(URL).content == EMPTY


@pytest.mark.parametrize(("redirects", "is_read"), [(3, True), (4, False)])
def test_three_redirects_are_followed(client: Client, server: CalendarServer, redirects: int, is_read: bool) -> None:
    for step in range(redirects):
        server.answers[f"/{step}"] = sending_to(f"/{step + 1}", 307)
    server.answers[f"/{redirects}"] = giving(EMPTY)
    if is_read:
        assert client.fetch(f"https://{NAME}/0").content == EMPTY
    else:
        assert failure_of(client, f"https://{NAME}/0") == "redirects"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "locked"), (403, "locked"), (404, "gone"), (410, "gone"), (429, "server"), (500, "server"), (204, "server")],
)
def test_what_the_server_says_is_told(client: Client, server: CalendarServer, status: int, code: str) -> None:
    server.answers["/me.ics"] = giving(b"", status)
    assert failure_of(client) == code


def test_a_redirect_to_nowhere_is_the_servers_fault(client: Client, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(b"", 302)
    assert failure_of(client) == "server"


@pytest.mark.parametrize(
    "location", ["https://[calendar.example.org/me.ics", "//[::1", "https://a]b/", "https://calendar.example.org:x/"]
)
def test_a_redirect_to_what_is_no_address_is_refused(client: Client, server: CalendarServer, location: str) -> None:
    server.answers["/me.ics"] = sending_to(location)
    assert failure_of(client) == "address"
    server.answers["/me.ics"] = giving(EMPTY)
    assert client.fetch(URL).content == EMPTY


def test_a_server_that_was_not_asked_for_changes_cannot_say_that_there_are_none(
    client: Client, server: CalendarServer
) -> None:
    server.answers["/me.ics"] = giving(b"", 304)
    assert failure_of(client) == "server"
    assert client.fetch(URL, etag='"7"').content is None
    assert client.fetch(URL, last_modified="Sun, 22 Nov 2026 10:00:00 GMT").content is None


def test_an_unchanged_calendar_is_not_sent_again(client: Client, server: CalendarServer) -> None:
    server.answers["/me.ics"] = versioned(EMPTY, '"7"')
    assert client.fetch(URL).content == EMPTY
    again = client.fetch(URL, etag='"7"', last_modified="Sun, 22 Nov 2026 10:00:00 GMT")
    assert again.content is None
    assert server.requests[-1][1]["If-Modified-Since"] == "Sun, 22 Nov 2026 10:00:00 GMT"


def test_marks_that_could_be_more_than_one_header_are_not_kept(client: Client, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(EMPTY, ETag='"' + "a" * 300 + '"')
    assert client.fetch(URL).etag == ""


# Size


def test_a_calendar_of_two_megabytes_is_read_and_a_byte_more_is_not(client: Client, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(b"a" * CONTENT_MAX_BYTES)
    assert len(client.fetch(URL).content or b"") == CONTENT_MAX_BYTES
    server.answers["/me.ics"] = giving(b"a" * (CONTENT_MAX_BYTES + 1))
    assert failure_of(client) == "too_big"


def test_fifty_megabytes_are_not_read(client: Client, server: CalendarServer) -> None:
    sent = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)  # and no word of how long it is
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b"a" * 1_000_000)
            sent.append(1)

    server.answers["/me.ics"] = answer
    assert failure_of(client) == "too_big"
    assert len(sent) < 20  # what the sockets hold, and no more


def test_a_packed_calendar_is_unpacked_as_far_as_it_may_go(client: Client, server: CalendarServer) -> None:
    server.answers["/me.ics"] = giving(gzip.compress(EMPTY), Content_Encoding="gzip")
    assert client.fetch(URL).content == EMPTY
    bomb = gzip.compress(b"a" * 50_000_000)
    assert len(bomb) < 100_000
    server.answers["/me.ics"] = giving(bomb, Content_Encoding="gzip")
    assert failure_of(client) == "too_big"


@pytest.mark.parametrize(
    ("content", "encoding", "code"),
    [
        (gzip.compress(EMPTY, mtime=0)[:-12], "gzip", "connection"),
        (EMPTY, "gzip", "connection"),
        (EMPTY, "br", "server"),
    ],
    ids=["cut", "not packed", "packed by another"],
)
def test_what_cannot_be_unpacked_is_refused(
    client: Client, server: CalendarServer, content: bytes, encoding: str, code: str
) -> None:
    server.answers["/me.ics"] = giving(content, Content_Encoding=encoding)
    assert failure_of(client) == code


def test_a_body_that_ends_too_early_is_no_calendar(client: Client, server: CalendarServer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(EMPTY)

    server.answers["/me.ics"] = answer
    assert failure_of(client) == "connection"


# Time


def slow_header(stop: threading.Event) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            handler.wfile.write(b"X")

    return answer


@pytest.mark.parametrize("manner", ["body", "headers", "silence"])
def test_a_server_that_takes_its_time_is_left_when_ours_is_over(
    certificates: Certificates, door: Doorkeeper, server: CalendarServer, manner: str
) -> None:
    """Each byte comes within any timeout of a socket; the whole never ends."""
    answers = {
        "body": dripping(b"BEGIN:VCALENDAR\r\n", stop=server.stop),
        "headers": slow_header(server.stop),
        "silence": silent(server),
    }
    server.answers["/me.ics"] = answers[manner]
    hasty = Client(resolve=door.resolve, connect=door.connect, tls=certificates.client(), total_seconds=0.5)
    began = monotonic()
    assert failure_of(hasty) == "slow"
    assert monotonic() - began < 5


def test_a_handshake_that_never_ends_is_left(door: Doorkeeper, certificates: Certificates) -> None:
    with serving() as mute:  # it expects a request, and we a handshake
        door.rooms[PUBLIC] = mute.port
        hasty = Client(resolve=door.resolve, connect=door.connect, tls=certificates.client(), total_seconds=0.5)
        assert failure_of(hasty) in {"slow", "connection"}


def test_time_is_counted_across_redirects(certificates: Certificates, door: Doorkeeper, server: CalendarServer) -> None:
    def late(handler: BaseHTTPRequestHandler) -> None:
        server.stop.wait(0.4)
        sending_to("/me.ics")(handler)

    server.answers["/me.ics"] = late
    hasty = Client(resolve=door.resolve, connect=door.connect, tls=certificates.client(), total_seconds=0.6)
    assert failure_of(hasty) == "slow"


def test_a_proxy_in_the_environment_is_not_used(
    client: Client, server: CalendarServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers["/me.ics"] = giving(EMPTY)
    assert client.fetch(URL).content == EMPTY
