"""Certificates for tests: judged at a fixed moment, and made in ways that no authority would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tlsee.crypto import private_keys
from tlsee.errors import Reason
from tlsee.identity.authority import Authority
from tlsee.identity.path.judge import KeyUse, Purpose, Verdict, judge
from tlsee.identity.path.known import Needs
from tlsee.identity.trust import Profile, Trust

AT = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC, the moment at which tests judge
DAY = 86_400.0
VALID: dict[str, Any] = {"not_before": AT - DAY, "not_after": AT + DAY}
HOST = "server.test"

Extension = tuple[x509.ExtensionType, bool]
CA = x509.BasicConstraints(ca=True, path_length=None)
SERVER_AUTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def authority(common_name: str = "Test Root", **options: Any) -> Authority:
    """An authority valid at AT."""
    return Authority.create(common_name, **{**VALID, **options})


def judged(
    chain: Sequence[bytes],
    trust: Trust | Authority,
    *,
    name: str | None = HOST,
    purpose: Purpose = Purpose.SERVER,
    at: float = AT,
    use: KeyUse | None = KeyUse.SIGNING,
    intermediates: Sequence[bytes] = (),
    **options: Any,
) -> Verdict:
    """Judge with the tests' defaults; further options are ``judge``'s."""
    store = trust.trust if isinstance(trust, Authority) else trust
    found: Verdict | Needs = judge(
        chain,
        store,
        purpose=purpose,
        name=name,
        at=at,
        use=use,
        intermediates=intermediates,
        **options,
    )
    assert isinstance(found, Verdict), found
    return found


def accepted(chain: Sequence[bytes], trust: Trust | Authority, **options: Any) -> Verdict:
    """Judge, and be sure that it is accepted."""
    verdict = judged(chain, trust, **options)
    assert verdict.accepted, f"{verdict.reason}: {verdict.detail}"
    return verdict


def refused(
    chain: Sequence[bytes], trust: Trust | Authority, reason: Reason, **options: Any
) -> Verdict:
    """Judge, and be sure that it is refused for this reason."""
    verdict = judged(chain, trust, **options)
    assert not verdict.accepted
    assert verdict.peer is None
    assert verdict.reason is not None
    assert verdict.reason.name == reason.name, f"{verdict.reason.name}: {verdict.detail}"
    return verdict


def name_of(text: str) -> x509.Name:
    """A subject with this common name, or none at all."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else []
    return x509.Name(attributes)


def alt_names(*names: str | x509.GeneralName) -> x509.SubjectAlternativeName:
    """DNS names, or any general names."""
    return x509.SubjectAlternativeName(
        [x509.DNSName(name) if isinstance(name, str) else name for name in names]
    )


def issued_by(authority: Authority) -> Extension:
    """The authorityKeyIdentifier of what an authority issues."""
    key: Any = authority._x509.public_key()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return (identifier, False)


def forge(
    issuer: Authority | None,
    extensions: Iterable[Extension] = ((alt_names(HOST), False),),
    *,
    subject: str | x509.Name = HOST,
    key: Any = None,
    signing_key: Any = None,
    issuer_name: x509.Name | None = None,
    digest: Any = None,
    serial: int = 4711,
    rsa_padding: Any = None,
) -> bytes:
    """A certificate with exactly these extensions; self-signed without an issuer. DER."""
    own = key or private_keys.generate("ecdsa_secp256r1")
    signer = signing_key or (issuer._key if issuer is not None else own)
    subject_name = name_of(subject) if isinstance(subject, str) else subject
    above = issuer._x509.subject if issuer is not None else subject_name
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name)
        .issuer_name(above if issuer_name is None else issuer_name)
        .public_key(own.public_key())
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(AT - DAY, UTC))
        .not_valid_after(datetime.fromtimestamp(AT + DAY, UTC))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    algorithm = digest or private_keys.certificate_digest(signer)
    made = builder.sign(signer, algorithm, rsa_padding=rsa_padding)
    return private_keys.certificate_der(made)


def store(*certificates: bytes, profile: Profile = Profile.PRIVATE) -> Trust:
    """A store with these anchors."""
    return Trust.from_der(certificates, label="test store", profile=profile)
