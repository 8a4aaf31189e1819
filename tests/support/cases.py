"""Files as they lie on a disk, for ``tlsee verify``: the world of the design's screen 6."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from tlsee.crypto import private_keys
from tlsee.identity.authority import Authority
from tlsee.identity.pem import to_pem

DAY = 86_400.0
YEAR = 365 * DAY
NOW = datetime(2026, 11, 21, 2, 14, 7, tzinfo=UTC).timestamp()
AT = "2026-11-21T02:14:07Z"
EXPIRED = datetime(2026, 11, 17, 23, 54, tzinfo=UTC).timestamp()
LONG: dict[str, Any] = {"not_before": NOW - 6 * YEAR, "not_after": NOW + 10 * YEAR}
HOST = "api.corp.example"


@dataclass(frozen=True)
class Corp:
    """A company's authority and its intermediate, with a directory of files."""

    root: Authority
    issuing: Authority
    desk: Path

    def put(self, name: str, *certificates: bytes) -> Path:
        """A PEM file with these certificates (DER)."""
        path = self.desk / name
        path.write_bytes(b"".join(map(to_pem, certificates)))
        return path


def corp(desk: Path, *, issuing_ends: float = NOW + 2 * YEAR) -> Corp:
    """``corp-root.pem`` and ``chain.pem`` in a directory; the leaf is yet to be issued."""
    root = Authority.create("Corp Root 2020", **LONG)
    issuing = root.issue_intermediate(
        "Corp Issuing CA 3", not_before=NOW - 3 * YEAR, not_after=issuing_ends
    )
    made = Corp(root, issuing, desk)
    made.put("corp-root.pem", root.certificate)
    made.put("chain.pem", issuing.certificate)
    return made


def leaf(issuer: Authority, *names: str, ends: float = NOW + 9.5 * DAY, **options: Any) -> bytes:
    """A leaf as it was on the design's screen, DER."""
    options = {"not_before": NOW - 80 * DAY, "not_after": ends, **options}
    return issuer.issue(*(names or (HOST,)), **options).chain[0]


def cross_signed(authority: Authority, by: Authority) -> bytes:
    """The same name and key, vouched for by another authority; DER."""
    own: Any = authority._x509
    above: Any = by._x509
    builder = (
        x509.CertificateBuilder()
        .subject_name(own.subject)
        .issuer_name(above.subject)
        .public_key(own.public_key())
        .serial_number(77)
        .not_valid_before(datetime.fromtimestamp(NOW - 100 * DAY, UTC))
        .not_valid_after(datetime.fromtimestamp(NOW + 300 * DAY, UTC))
    )
    for extension in own.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    digest = private_keys.certificate_digest(by._key)
    return private_keys.certificate_der(builder.sign(by._key, digest))
