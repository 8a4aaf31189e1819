"""What a person may type for a peer: HOST, HOST:PORT, [IPv6]:PORT, or a pasted URL.

A pasted URL is full of things that are nobody's business here: user, password, path, query. They
are neither used nor printed.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from tlsee.cli.exit_codes import Usage
from tlsee.text import printable
from tlsee.values import value

HTTPS_PORT = 443

# Schemes whose connections begin with TLS, and the ports IANA gave them.
SCHEME_PORTS = {
    "https": 443,
    "wss": 443,
    "smtps": 465,
    "submissions": 465,
    "nntps": 563,
    "ldaps": 636,
    "dot": 853,
    "ftps": 990,
    "telnets": 992,
    "imaps": 993,
    "pop3s": 995,
    "gemini": 1965,
    "mqtts": 8883,
    "turns": 5349,
    "stuns": 5349,
    "sips": 5061,
    "xmpps": 5223,
    "amqps": 5671,
    "coaps+tcp": 5684,
    "rediss": 6379,
    "ircs": 6697,
    "tls": 443,
}
# Schemes that begin without TLS: what a person probably meant.
PLAIN_SCHEMES = {
    "http": "https",
    "ws": "wss",
    "smtp": "smtps",
    "imap": "imaps",
    "pop3": "pop3s",
    "ldap": "ldaps",
    "ftp": "ftps",
    "mqtt": "mqtts",
    "amqp": "amqps",
    "redis": "rediss",
    "irc": "ircs",
}
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_AFTER_AUTHORITY = re.compile(r"[/?#]")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
LONGEST_NAME = 253  # characters: RFC 1035, 2.3.4, as text


@value
class Target:
    """Whom to connect to: a name or an address in text, a port, and the scheme if one was given."""

    host: str
    port: int
    scheme: str = ""

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address, which SNI never carries."""
        return is_address(self.host)

    @property
    def is_https(self) -> bool:
        """Whether HTTPS_PROXY and NO_PROXY are about it."""
        return self.scheme in {"https", "wss"} or (not self.scheme and self.port == HTTPS_PORT)

    def __str__(self) -> str:
        return host_and_port(self.host, self.port)


def is_address(host: str) -> bool:
    """Whether this is an IPv4 or IPv6 address in text."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def host_and_port(host: str, port: int) -> str:
    """``host:port``, with brackets where the host has colons of its own."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_target(text: str) -> Target:
    """Read what was typed.

    Raises:
        Usage: it names no peer that could speak TLS.
    """
    stripped = text.strip()
    found = _URL.match(stripped)
    if found is None:
        authority = _AFTER_AUTHORITY.split(stripped, maxsplit=1)[0]  # a URL may lack its scheme
        host, port = _split(authority.rpartition("@")[2])
        return Target(_host(host), port or HTTPS_PORT)
    scheme = found[1].lower()
    if scheme in PLAIN_SCHEMES:
        raise Usage(
            f"{scheme}:// does not begin with TLS",
            f"use {PLAIN_SCHEMES[scheme]}://, or HOST:PORT for a port that does",
        )
    if scheme not in SCHEME_PORTS:
        raise Usage(f"{printable(scheme, 20)}:// has no port known here", "use HOST:PORT")
    try:
        authority = urlsplit(stripped).netloc
    except ValueError:
        raise Usage("the URL cannot be read", "use HOST or HOST:PORT") from None
    host, port = _split(authority.rpartition("@")[2])
    return Target(_host(host), port or SCHEME_PORTS[scheme], scheme)


def _split(text: str) -> tuple[str, int | None]:
    """Host and port of ``HOST``, ``HOST:PORT``, ``[IPv6]``, ``[IPv6]:PORT`` or a bare IPv6."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise Usage(f"{printable(text, 60)} is no address and port", "write [2001:db8::1]:443")
        if not is_address(host.partition("%")[0]):
            raise Usage(
                f"{printable(host, 60)} is no IPv6 address", "brackets are for IPv6 addresses"
            )
        return host, _port(rest[1:]) if rest else None
    if text.count(":") > 1:
        if is_address(text.partition("%")[0]):
            return text, None
        raise Usage(f"{printable(text, 60)} has too many colons", "write HOST:PORT or [IPv6]:PORT")
    host, colon, port = text.partition(":")
    return host, _port(port) if colon else None


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < int(text) < 1 << 16:
        return int(text)
    raise Usage(f"{printable(text, 20)!r} is no port", "a port is a number from 1 to 65535")


def _host(text: str) -> str:
    """The host in ASCII; an internationalised name becomes its A-labels."""
    if not text:
        raise Usage("no host is named", "try: tlsee connect example.com")
    if is_address(text.partition("%")[0]):
        return text
    name = ascii_name(text)
    bare = name.removesuffix(".")
    if len(bare) > LONGEST_NAME or not all(_LABEL.fullmatch(part) for part in bare.split(".")):
        raise Usage(
            f"{printable(text, 60)} is no host name", "write HOST, HOST:PORT, or paste a URL"
        )
    return name


def ascii_name(name: str) -> str:
    """A name as DNS and certificates spell it.

    Raises:
        Usage: it has letters beyond ASCII that cannot be translated here.
    """
    if name.isascii():
        return name
    from tlsee.errors import ApiMisuse
    from tlsee.identity.names import reference

    try:
        return reference(name).dns
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None
