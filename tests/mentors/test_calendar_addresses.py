"""Which addresses of calendars are asked at all: a mentor's word must not lead us to machines that only we can reach."""

import socket
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentors.gateways.ics.addresses import Failure, is_public, parse
from mentors.gateways.ics.client import Client
from tests.mentors.calendar_server import PUBLIC, Doorkeeper

REFUSED_ADDRESSES = [
    "http://calendar.example.org/me.ics",  # not encrypted
    "https://calendar.example.org:8443/me.ics",
    "https://calendar.example.org:22/",
    "https://user:secret@calendar.example.org/",
    "https://user@calendar.example.org/",
    "ftp://calendar.example.org/me.ics",
    "file:///etc/passwd",
    "gopher://calendar.example.org/",
    "//calendar.example.org/me.ics",
    "calendar.example.org/me.ics",
    "https://",
    "https:///me.ics",
    "https://calendar.example.org:port/",
    "https://calendar.example.org\\@127.0.0.1/",
    "https://calendar.example.org/a b",
    "https://calendar.example.org/\r\nHost: inside",
    "https://calendar.example.org/\x00",
    "https://calendar.example.org/" + "a" * 2_000,
    "",
    "nonsense",
    # This machine and this house by name
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://printer.local/",
    "https://db.internal/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://intranet/",
    "https://metadata.google.internal/",
    # Numbers in every notation a parser of the web understands
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://a.127.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    f"https://{PUBLIC}/",
    "https://①②⑦.⓪.⓪.①/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[::]/",
    "https://[",
]

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",  # shared by a provider's customers
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.215.14",  # even with a public address inside: nothing that stands for another
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:5db8:d70e::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:2800:220:1::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]
REACHABLE = [PUBLIC, "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450:4001::1"]


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_an_address_that_is_no_public_https_name_is_refused(address: str) -> None:
    with pytest.raises(Failure):
        parse(address)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("https://calendar.example.org/me.ics", "https://calendar.example.org/me.ics"),
        ("  https://Calendar.Example.ORG/Me.ics#today ", "https://calendar.example.org/Me.ics"),
        ("webcal://calendar.example.org/me.ics", "https://calendar.example.org/me.ics"),
        ("webcals://calendar.example.org/me.ics", "https://calendar.example.org/me.ics"),
        ("https://calendar.example.org:443/?a=1&b=%20", "https://calendar.example.org/?a=1&b=%20"),
        ("https://calendar.example.org", "https://calendar.example.org/"),
        ("https://münchen.example.org/ä", "https://xn--mnchen-3ya.example.org/%C3%A4"),
        ("https://calendar.7.example.org/", "https://calendar.7.example.org/"),
    ],
)
def test_an_address_is_asked_in_one_form(typed: str, asked: str) -> None:
    assert parse(typed).url == asked


@pytest.mark.parametrize("ip", PRIVATE)
def test_no_address_of_a_house_is_public(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", REACHABLE)
def test_addresses_of_the_internet_are_public(ip: str) -> None:
    assert is_public(ip)


@given(
    st.ip_addresses(network="::ffff:0:0/96")
    | st.ip_addresses(network="2002::/16")
    | st.ip_addresses(network="64:ff9b::/96")
)
def test_what_carries_another_address_is_never_public(ip: object) -> None:
    assert not is_public(str(ip))


@pytest.mark.parametrize("ip", [ip for ip in PRIVATE if ip != "not an address"])
@pytest.mark.parametrize("beside", [[], [PUBLIC]], ids=["alone", "beside-a-public-one"])
def test_a_name_that_leads_into_a_house_is_refused_without_a_connection(ip: str, beside: list[str]) -> None:
    door = Doorkeeper({"calendar.example.org": [[*beside, ip]]})
    client = Client(resolve=door.resolve, connect=door.connect)
    with pytest.raises(Failure) as refusal:
        client.fetch("https://calendar.example.org/me.ics")
    assert refusal.value.code == "host"
    assert door.connected == []


def test_what_a_name_means_inside_our_house_is_not_told() -> None:
    door = Doorkeeper({"db.example.org": [["10.0.0.5"]]})
    client = Client(resolve=door.resolve, connect=door.connect)
    codes = set()
    for name in ("db.example.org", "unknown.example.org"):
        with pytest.raises(Failure) as refusal:
            client.fetch(f"https://{name}/")
        codes.add(refusal.value.code)
    assert codes == {"host"}


def test_a_listener_on_this_machine_sees_nothing() -> None:
    """With the world as it is: the system's own resolver, real sockets."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(0.3)

        def accept() -> None:
            with suppress(TimeoutError):
                seen.append(listener.accept())

        watch = threading.Thread(target=accept)
        watch.start()
        for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "[::ffff:127.0.0.1]"):
            for scheme in ("http", "https"):
                with pytest.raises(Failure):
                    Client().fetch(f"{scheme}://{host}:{port}/me.ics")
        watch.join()
    assert seen == []
