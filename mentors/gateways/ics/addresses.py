"""Which addresses may be asked: names of the public internet over https, and nothing else.

Pure judgement, no look-up. The mentor names the address, so it is a stranger's word: without these rules it could make us
ask machines that only we can reach (server-side request forgery; docs/calendars.md).
"""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

LENGTH_MAX = 2_000
HTTPS_PORT = 443
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# What a URL parser of the web takes for an IPv4 address, however it is written: 2130706433, 0x7f.1, 127.0.0.1.
ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)$")
# Names that never lead out of a house (RFC 6761, RFC 6762, RFC 8375, ICANN's "internal"), whatever a resolver says.
INDOOR_NAMES = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "test",
    "invalid",
    "onion",
)

# All that is handed out of IPv6 for use on the internet lies here (RFC 4291). Mapped IPv4, NAT64, unique local,
# link-local, multicast and the rest lie outside.
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# Within it, what leads somewhere else or nowhere: 6to4 and Teredo carry an IPv4 address, ORCHID is none, the others are
# for documents and tests.
TUNNELS_AND_EXAMPLES = tuple(
    ipaddress.IPv6Network(network) for network in ("2002::/16", "2001::/23", "2001:db8::/32", "3fff::/20")
)
# Relays to 6to4, and AS112: public by the letter, and nobody's calendar.
ODD_IPV4 = tuple(ipaddress.IPv4Network(network) for network in ("192.88.99.0/24", "192.31.196.0/24", "192.175.48.0/24"))


class Failure(Exception):
    """A calendar that can't be read; ``code`` is one of ``mentors.models.CalendarImport.Failure``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Address:
    """An address in its parts, as it is asked for: the host in lower case and ASCII, no user, no fragment."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        usual = HTTPS_PORT if self.scheme == "https" else 80
        return f"{self.scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def url(self) -> str:
        return self.origin + self.target


def parse(text: str, *, trusted: Collection[str] = ()) -> Address:
    """Take an address apart, or refuse it. Raises ``Failure`` (``address``).

    ``webcal:`` is what calendar programs write for https. ``trusted`` are origins that tests serve calendars from; of
    those nothing is asked.
    """
    text = text.strip()
    if len(text) > LENGTH_MAX or re.search(r"[\x00-\x20\x7f\\]", text):
        raise Failure("address")
    try:
        parts = urlsplit(re.sub(r"^webcals?:", "https:", text, flags=re.IGNORECASE))
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError as exc:  # a port that is none, brackets without an address, a name that can't be one
        raise Failure("address") from exc
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    address = Address(parts.scheme, host.lower(), port or (80 if parts.scheme == "http" else HTTPS_PORT), target)
    if address.origin in trusted:
        return address
    if (
        parts.scheme != "https"
        or address.port != HTTPS_PORT
        or parts.username is not None
        or parts.password is not None
    ):
        raise Failure("address")
    if not is_public_name(address.host):
        raise Failure("host")
    return address


def is_public_name(host: str) -> bool:
    """Whether a host is a name that could stand on the public internet: no number in any notation, no name of a house."""
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        return False
    if ENDS_IN_A_NUMBER.search(host.removesuffix(".")):
        return False
    return not any(host.removesuffix(".").endswith(f".{name}") for name in INDOOR_NAMES)


def is_public(ip: str) -> bool:
    """Whether an IP address is one of the public internet, and of nothing that stands for another address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inside = address in GLOBAL_IPV6 and not any(address in network for network in TUNNELS_AND_EXAMPLES)
        return inside and address.scope_id is None and address.is_global
    return address.is_global and not address.is_multicast and not any(address in network for network in ODD_IPV4)
