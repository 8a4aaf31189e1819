"""Numbers that nobody here speaks: they have names all the same, and no other's."""

from __future__ import annotations

import pytest

from tlsee.codes import (
    CipherSuite,
    ContentType,
    NamedGroup,
    OpenEnum,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.explain.dissect.meaning import code_words
from tlsee.explain.dissect.registered import registered_name
from tlsee.explain.fields import fields_of_message
from tlsee.wire.codec import encode
from tlsee.wire.extensions import Extensions
from tlsee.wire.hellos import ClientHello


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (CipherSuite.of(0x000A), "TLS_RSA_WITH_3DES_EDE_CBC_SHA (0x000a)"),
        (CipherSuite.of(0xC0B4), "TLS_SHA256_SHA256 (0xc0b4)"),
        (CipherSuite.of(0xD005), "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256 (0xd005)"),
        (CipherSuite.of(0x1301), "TLS_AES_128_GCM_SHA256 (0x1301)"),
        (CipherSuite.of(0x5555), "unknown (0x5555)"),
        (NamedGroup.of(22), "secp256k1 (0x0016)"),
        (NamedGroup.of(41), "curveSM2 (0x0029)"),
        (NamedGroup.of(0x0202), "MLKEM1024 (0x0202)"),
        (NamedGroup.of(0x2A2A), "GREASE (0x2a2a)"),
        (SignatureScheme.of(0x0708), "sm2sig_sm3 (0x0708)"),
        (SignatureScheme.of(0x081C), "ecdsa_brainpoolP512r1tls13_sha512 (0x081c)"),
        (SignatureScheme.of(0x0302), "sha224 dsa (0x0302)"),
        (SignatureScheme.of(0x0704), "eccsi_sha256 (0x0704)"),
        (SignatureScheme.of(0x0703), "unknown (0x0703)"),
        (ContentType.of(99), "unknown (99)"),
    ],
)
def test_names(member: OpenEnum, words: str) -> None:
    """As the registries have them; where they have none, that is said."""
    assert code_words(member) == words


@pytest.mark.parametrize("registry", [CipherSuite, NamedGroup])
def test_nothing_is_named_twice(registry: type[OpenEnum]) -> None:
    """No number of ours is in the other table, and no name stands for two numbers."""
    named = {number: registered_name(registry.of(number)) for number in range(1 << 16)}
    assert not [member for member in registry.members() if named[member]]
    names = [name for name in named.values() if name] + [m.name for m in registry.members()]
    assert len(set(names)) == len(names)
    assert len(names) > 30


def test_lists_in_the_terminal() -> None:
    """The story's fields have the names too, where they list an offer."""
    suites = (CipherSuite.of(0x1301), CipherSuite.of(0x000A), CipherSuite.of(0x5555))
    hello = ClientHello(ProtocolVersion.TLS12, bytes(32), b"", suites, (0,), Extensions.of())
    lines = fields_of_message(hello, encode(hello))
    shown = " ".join(str(line) for line in lines)
    assert "TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_3DES_EDE_CBC_SHA, 0x5555" in shown
