"""Judging a chain: what it costs, in a store of any size, and how little a hostile one can cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from benchmarks.material import Material
from benchmarks.measure import Effort, in_turn
from benchmarks.results import SUBJECT, Case, Outcome
from tlsee.identity.authority import Authority
from tlsee.identity.path import remembered
from tlsee.identity.path.judge import Purpose, judge
from tlsee.identity.trust import Profile, Trust

NAME = "bench.test"
STORES = {"full": (150, 50_000), "quick": (150, 50_000), "smoke": (150,)}
# Authorities that all certify each other: more ways than anybody can try.
RING = 7


def judging(material: Material, effort: Effort) -> Outcome:
    """A leaf below an intermediate; every library verifies both signatures, every time."""
    del material
    root = Authority.create("Bench Root")
    chain = root.issue_intermediate("Bench Issuing").issue(NAME).chain
    whole = {SUBJECT: _ours(chain, root.trust), **_others(chain, root.certificate)}
    stores = {SUBJECT: _ours(chain, root.trust)} | {
        f"{size:,} anchors": _ours(chain, _store(root, size)) for size in STORES[effort.name]
    }
    ring, nobody = _ring()
    hostile = {
        SUBJECT: _ours(ring, nobody, refused=True),
        **_others(ring, nobody.anchors[0].der, refused=True),
    }
    with _signatures_remembered(0):
        compared = in_turn(whole, effort)
    cases = [
        Case("leaf and intermediate, signatures verified", "s", compared),
        Case(
            "signatures remembered, by size of the store",
            "s",
            in_turn(stores, effort),
        ),
        Case(
            f"{RING} authorities all certify each other, refused",
            "s",
            in_turn(hostile, effort),
        ),
    ]
    notes = [
        "certificates are parsed before, for all of them",
        "ssl judges in handshakes only; pyOpenSSL asks the same library",
    ]
    return Outcome("judge", "Judging a chain", cases, notes)


@contextmanager
def _signatures_remembered(capacity: int) -> Iterator[None]:
    before = remembered.capacity()
    remembered.set_capacity(capacity)
    try:
        yield
    finally:
        remembered.set_capacity(before)


def _ours(chain: tuple[bytes, ...], trust: Trust, *, refused: bool = False) -> Callable[[], object]:
    at = time.time()

    def work() -> object:
        found = judge(chain, trust, purpose=Purpose.SERVER, name=NAME, at=at)
        assert found.accepted is not refused, found.detail
        return found

    return work


def _store(root: Authority, size: int) -> Trust:
    """The root among many others: one certificate whose subject is another each time."""
    other = Authority.create("Anchor 000000").certificate
    others = (other.replace(b"000000", b"%06d" % number) for number in range(1, size))
    return root.trust.plus(Trust.from_store(others, label="others", profile=Profile.WEB))


def _others(
    chain: tuple[bytes, ...], root: bytes, *, refused: bool = False
) -> dict[str, Callable[[], object]]:
    anchor = x509.load_der_x509_certificate(root)
    leaf, *between = (x509.load_der_x509_certificate(der) for der in chain)
    builder = PolicyBuilder().store(Store([anchor])).time(datetime.now(UTC))

    def cryptography() -> object:
        return builder.build_server_verifier(x509.DNSName(NAME)).verify(leaf, between)

    found = {"cryptography": _expecting(VerificationError if refused else None, cryptography)}
    try:
        from OpenSSL import crypto
    except ImportError:
        return found
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(anchor))
    openssl_leaf, *openssl_between = map(crypto.X509.from_cryptography, (leaf, *between))

    def openssl() -> object:
        context = crypto.X509StoreContext(store, openssl_leaf, openssl_between)
        context.verify_certificate()
        return context

    error = crypto.X509StoreContextError if refused else None
    return {**found, "pyopenssl": _expecting(error, openssl)}


def _expecting(error: type[Exception] | None, work: Callable[[], object]) -> Callable[[], object]:
    if error is None:
        return work

    def refusal() -> object:
        try:
            work()
        except error as problem:
            return problem
        raise AssertionError("accepted, and it should not be")

    return refusal


def _ring() -> tuple[tuple[bytes, ...], Trust]:
    """A leaf and all the certificates that the authorities of a ring made for each other."""
    keys = {f"Ring {number}": ec.generate_private_key(ec.SECP256R1()) for number in range(RING)}
    cross = [
        _certificate(below, keys[below], above, keys[above])
        for above in keys
        for below in keys
        if above != below
    ]
    leaf = _certificate(NAME, ec.generate_private_key(ec.SECP256R1()), "Ring 0", keys["Ring 0"])
    return (leaf, *cross), Authority.create("Nobody's").trust


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
) -> bytes:
    now = datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (subject, issuer)]
    public = signer.public_key()
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = (
        x509.CertificateBuilder(issuer_name=names[1], subject_name=names[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=subject != NAME, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    if subject == NAME:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
        builder = builder.add_extension(usages, critical=False)
    made = builder.sign(signer, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)
