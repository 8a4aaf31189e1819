"""Exporters: RFC 9846, 7.5 written out by hand, and what is refused."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tlsee.errors import ApiMisuse
from tlsee.keys.exporter import export_keying_material


def test_the_formula() -> None:
    """Derive-Secret with the label over nothing, then "exporter" over the context's hash."""
    empty, context = hashlib.sha256().digest(), hashlib.sha256(b"context").digest()
    secret = hmac.digest(
        b"s" * 32, b"\0\x20\x13tls13 EXPORTER-test" + b"\x20" + empty + b"\x01", "sha256"
    )
    expected = hmac.digest(
        secret, b"\0\x10\x0etls13 exporter" + b"\x20" + context + b"\x01", "sha256"
    )
    made = export_keying_material("sha256", b"s" * 32, b"EXPORTER-test", b"context", 16)
    assert made == expected[:16]


def test_everything_matters() -> None:
    """Another label, context or length gives other bytes: a longer one is no prefix."""
    given = (b"label", b"context", 32)
    others = [(b"Label", b"context", 32), (b"label", b"", 32), (b"label", b"context", 33)]
    made = export_keying_material("sha384", b"s" * 48, *given)
    assert len(made) == 32
    for other in others:
        assert export_keying_material("sha384", b"s" * 48, *other)[:32] != made


@pytest.mark.parametrize(
    ("label", "length"),
    [(b"", 32), (b"l" * 250, 32), (b"l", 0), (b"l", -1), (b"l", 255 * 32 + 1), (b"l", 2**16)],
)
def test_what_cannot_be_is_refused(label: bytes, length: int) -> None:
    """Labels and lengths that the formula has no room for are ApiMisuse."""
    with pytest.raises(ApiMisuse):
        export_keying_material("sha256", b"s" * 32, label, b"", length)
