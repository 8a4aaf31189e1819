"""External pre-shared keys, and what RFC 9258 makes of one."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import ApiMisuse
from tlsee.sessions.psk import ExternalPsk, import_psk

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("identity", "key", "hash_name", "early_data"),
    [
        (b"", KEY, "sha256", 0),
        (b"i" * 65_536, KEY, "sha256", 0),
        (b"i", KEY[:15], "sha256", 0),
        (b"i", b"", "sha256", 0),
        (b"i", KEY, "sha512", 0),
        (b"i", KEY, "sha256", -1),
        (b"i", KEY, "sha256", 1 << 32),
    ],
)
def test_what_is_no_key(identity: bytes, key: bytes, hash_name: str, early_data: int) -> None:
    """No identity, too few bits, a hash that TLS 1.3 has not: refused where the key is made."""
    with pytest.raises(ApiMisuse) as caught:
        ExternalPsk(identity, key, hash_name, early_data)
    assert key.hex()[:8] not in str(caught.value) or not key


def test_nothing_shows_the_key() -> None:
    """The identity is in the repr; the key is not, in any form."""
    shown = repr(ExternalPsk(b"printer", b"K" * 32))
    assert "printer" in shown
    assert "KKKK" not in shown
    assert "4b4b" not in shown


def test_keys_compare() -> None:
    """The same identity with another key, hash or origin is another key."""
    one = ExternalPsk(b"i", KEY)
    assert one == ExternalPsk(b"i", KEY)
    assert hash(one) == hash(ExternalPsk(b"i", KEY))
    assert one != ExternalPsk(b"i", KEY[::-1])
    assert one != ExternalPsk(b"i", KEY, "sha384")
    assert one != ExternalPsk(b"i", KEY, imported=True)
    assert one != b"i"


def test_labels() -> None:
    """The binder tells an imported key from one that is used as it was agreed on."""
    assert ExternalPsk(b"i", KEY).binder_label == b"ext binder"
    assert import_psk(b"i", KEY, b"")[0].binder_label == b"imp binder"


@pytest.mark.parametrize("hash_name", ["sha256", "sha384"])
def test_import(hash_name: str) -> None:
    """RFC 9258, 5.1, computed here from HMAC alone: identities and keys for both hashes."""
    length = hashlib.new(hash_name).digest_size
    epskx = hmac.digest(bytes(length), KEY, hash_name)
    made = import_psk(b"name", KEY, b"A to B", hash_name=hash_name)
    assert [psk.hash_name for psk in made] == ["sha256", "sha384"]
    for psk, kdf, wanted in zip(made, (b"\0\1", b"\0\2"), (32, 48), strict=True):
        assert psk.identity == b"\0\4name\0\6A to B\x03\x04" + kdf
        digest = hashlib.new(hash_name, psk.identity).digest()
        info = wanted.to_bytes(2, "big") + b"\x11tls13 derived psk" + bytes([length]) + digest
        first = hmac.digest(epskx, info + b"\x01", hash_name)
        second = hmac.digest(epskx, first + info + b"\x02", hash_name)
        assert psk.key == (first + second)[:wanted]


def test_the_context_separates() -> None:
    """The two directions of one key are two keys: a side cannot be its own peer (Selfie)."""
    ours = import_psk(b"name", KEY, b"client=a server=b")
    theirs = import_psk(b"name", KEY, b"client=b server=a")
    assert not {psk.key for psk in ours} & {psk.key for psk in theirs}
    assert not {psk.identity for psk in ours} & {psk.identity for psk in theirs}


def test_targets_separate() -> None:
    """Each protocol and hash has a key of its own, whose identity says so."""
    both = (ProtocolVersion.TLS13, ProtocolVersion.of(0xFEFC))
    made = import_psk(b"name", KEY, b"", protocols=both)
    assert len({psk.key for psk in made}) == len({psk.identity for psk in made}) == 4


def test_an_import_that_cannot_be() -> None:
    """A short key, an identity and a context that do not fit together, an unknown hash."""
    with pytest.raises(ApiMisuse):
        import_psk(b"name", KEY[:15], b"")
    with pytest.raises(ApiMisuse):
        import_psk(b"n" * 40_000, KEY, b"c" * 40_000)
    with pytest.raises(ApiMisuse):
        import_psk(b"name", KEY, b"", hashes=("sha512",))
    with pytest.raises(ApiMisuse):
        import_psk(b"name", KEY, b"c" * 65_536)


def test_a_key_without_its_version() -> None:
    """External keys are for TLS 1.3: a configuration that could never use one is refused."""
    key = ExternalPsk(b"joe", b"k" * 16)
    for make in (
        lambda: ClientConfig(versions=[ProtocolVersion.TLS12], psks=[key]),
        lambda: ServerConfig(credentials=[], versions=[ProtocolVersion.TLS12], psks=[key]),
    ):
        with pytest.raises(ApiMisuse, match="psks"):
            make()
