"""Lists of algorithms as people write them."""

from __future__ import annotations

import pytest

from tlsee.cli import lists
from tlsee.cli.exit_codes import Usage
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion


@pytest.mark.parametrize(
    "text",
    ["X25519MLKEM768,P-256", "x25519mlkem768:prime256v1", " X25519MLKEM768 , secp256r1 ,"],
)
def test_groups_by_their_usual_names(text: str) -> None:
    """Commas or colons between, case is nothing, NIST's and OpenSSL's names are known."""
    assert lists.groups(text) == [NamedGroup.X25519MLKEM768, NamedGroup.secp256r1]


def test_suites_with_and_without_prefix() -> None:
    """The TLS_ that all names begin with may be left out."""
    both = [CipherSuite.TLS_AES_128_GCM_SHA256, CipherSuite.TLS_CHACHA20_POLY1305_SHA256]
    assert lists.suites("TLS_AES_128_GCM_SHA256:chacha20_poly1305_sha256") == both


@pytest.mark.parametrize("text", ["1.3", "TLS1.3", "tlsv1.3"])
def test_versions(text: str) -> None:
    """The version by its number, with or without the protocol's name."""
    assert lists.versions(text) == [ProtocolVersion.TLS13]
    both = [ProtocolVersion.TLS13, ProtocolVersion.TLS12]
    assert lists.versions(f"{text},1.2,TLSv1.3") == both


def test_nothing_stays_nothing() -> None:
    """An option that was not given leaves the default."""
    assert (lists.groups(None), lists.suites(None), lists.versions(None)) == (None, None, None)
    assert lists.protocols(None) == []


def test_a_protocol_may_have_a_colon() -> None:
    """ALPN names are opaque: only commas part them."""
    assert lists.protocols("h2, http/1.1,acme:1") == ["h2", "http/1.1", "acme:1"]


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (lists.groups, "P-255", "no group known here"),
        (lists.suites, "RC4", "no cipher suite known here"),
        (lists.versions, "1.1", "not spoken here"),
        (lists.groups, ",", "an empty list"),
        (lists.protocols, ",", "--alpn is empty"),
    ],
)
def test_what_is_not_known_is_named(read: object, text: str, says: str) -> None:
    """A name that means nothing here is repeated, with examples."""
    assert callable(read)
    with pytest.raises(Usage) as caught:
        read(text)
    assert says in str(caught.value)
