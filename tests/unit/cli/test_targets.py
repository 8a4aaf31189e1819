"""What a person may type for a peer."""

from __future__ import annotations

import pytest

from tlsee.cli.exit_codes import Usage
from tlsee.cli.targets import SCHEME_PORTS, Target, parse_target


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.com", "example.com", 443),
        ("example.com:8443", "example.com", 8443),
        (" example.com. ", "example.com.", 443),
        ("192.0.2.1:25", "192.0.2.1", 25),
        ("[2001:db8::1]:993", "2001:db8::1", 993),
        ("[2001:db8::1]", "2001:db8::1", 443),
        ("2001:db8::1", "2001:db8::1", 443),
        ("https://example.com/a?b#c", "example.com", 443),
        ("https://example.com:444/", "example.com", 444),
        ("HTTPS://u:secret@example.com/x", "example.com", 443),
        ("https://[::1]:8443/x", "::1", 8443),
        ("smtps://mail.example", "mail.example", 465),
        ("imaps://u@mail.example", "mail.example", 993),
        ("ldaps://ldap.example/dc=x", "ldap.example", 636),
        ("example.com:444/a?b#c", "example.com", 444),
        ("u:secret@example.com:444/x", "example.com", 444),
        ("_dmarc.example_1.test", "_dmarc.example_1.test", 443),
    ],
)
def test_what_can_be_typed(text: str, host: str, port: int) -> None:
    """HOST, HOST:PORT, addresses with and without brackets, and pasted URLs name a peer."""
    target = parse_target(text)
    assert (target.host, target.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no host is named"),
        ("https:///x", "no host is named"),
        ("http://example.com/", "use https://"),
        ("smtp://mail.example", "use smtps://"),
        ("foo://example.com", "no port known here"),
        ("example.com:0", "is no port"),
        ("example.com:65536", "is no port"),
        ("example.com:https", "is no port"),
        ("example.com:\uff11", "is no port"),
        ("a:b:c", "too many colons"),
        ("[::1", "no address and port"),
        ("[::1]8443", "no address and port"),
        ("[example.com]:443", "no IPv6 address"),
        ("exa mple.com", "no host name"),
        ("-x.example", "no host name"),
        ("a..b", "no host name"),
        ("x" * 64 + ".example", "no host name"),
        ("https://[", "cannot be read"),
    ],
)
def test_what_cannot_be_meant(text: str, says: str) -> None:
    """Each mistake gets a sentence of its own that says what to write."""
    with pytest.raises(Usage, match=r".") as caught:
        parse_target(text)
    assert says in str(caught.value)


def test_a_url_keeps_its_secrets() -> None:
    """User, password, path and query of a pasted URL reach neither the value nor the complaint."""
    assert "secret" not in repr(parse_target("https://secret:secret@h.example/secret?secret"))
    with pytest.raises(Usage) as caught:
        parse_target("https://secret:secret@h.example:99999/secret?secret")
    assert "secret" not in str(caught.value)


def test_internationalised_names_become_a_labels() -> None:
    """A name beyond ASCII is translated, so that SNI can carry it."""
    pytest.importorskip("idna")
    assert parse_target("b\xfccher.example").host == "xn--bcher-kva.example"


def test_https_targets() -> None:
    """HTTPS_PROXY is about https URLs and about port 443 without a scheme, nothing else."""
    assert parse_target("example.com").is_https
    assert parse_target("https://example.com:444").is_https
    assert not parse_target("example.com:8443").is_https
    assert not parse_target("smtps://example.com:443").is_https


def test_a_target_is_shown_as_it_is_typed() -> None:
    """An address with colons gets its brackets back."""
    assert str(Target("::1", 8443)) == "[::1]:8443"
    assert str(Target("h", 1)) == "h:1"


def test_every_scheme_has_a_port() -> None:
    """The table holds ports, and only lower-case schemes, which is what is looked up."""
    assert all(name == name.lower() and 0 < port < 65536 for name, port in SCHEME_PORTS.items())
