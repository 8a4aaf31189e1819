"""Who we are: a certificate chain and whoever holds its private key."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from cryptography import x509

from tlsee.codes import CertificateType, SignatureScheme
from tlsee.crypto.certificate_signatures import scheme_of
from tlsee.crypto.private_keys import (
    LocalSigner,
    Password,
    belongs_to,
    certificate_der,
    load_pkcs12,
    load_private_key,
    public_key_of,
)
from tlsee.crypto.provider import Signer
from tlsee.crypto.public_keys import PublicKey
from tlsee.errors import ApiMisuse
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView, Unreadable
from tlsee.identity.chain import flaws_of, in_order
from tlsee.identity.path.revoked import must_staple
from tlsee.identity.pem import certificates_in, to_pem
from tlsee.identity.raw_key import shown

Staples: TypeAlias = (
    "Sequence[bytes | None] | Callable[[Credential], Sequence[bytes | None]] | None"
)


class Credential:
    """A chain (DER, our own certificate first) and its signer; a value.

    A configuration that is given one looks at its dates and at the order of its chain as well
    (``flaws``), and refuses what a peer would stumble over.

    Args:
        chain: as it is sent. The anchor need not be in it.
        signer: holds the private key of the first certificate.
        staples: OCSP responses (DER) to send along, one for each certificate of the chain or
            ``None`` where there is none; or who gives them, asked in every handshake.

    Raises:
        ApiMisuse: an empty chain, a certificate that cannot be read, a key that nothing here can
            use, a signer without a scheme for it, or more staples than certificates.
    """

    def __init__(self, chain: Sequence[bytes], signer: Signer, *, staples: Staples = None) -> None:
        self.chain = tuple(bytes(der) for der in chain)
        self.signer = signer
        self.staples = staples
        self.checked = True
        if not self.chain:
            raise ApiMisuse("a credential without a certificate", "give the chain, leaf first")
        self.certificates = tuple(
            _own_certificate(der, place) for place, der in enumerate(self.chain, 1)
        )
        if self.certificate.public_key is None:
            raise ApiMisuse(f"{self.certificate.subject}: {self.certificate.key_problem}")
        self.public_key: PublicKey = self.certificate.public_key
        _check_pair(self.certificate, self.public_key, signer)
        self.schemes: tuple[SignatureScheme, ...] = tuple(signer.schemes)
        if not self.schemes:
            raise ApiMisuse(
                f"no signature scheme of TLS 1.3 takes the key of {self.certificate.subject}"
                + (f": {self.public_key.weakness}" if self.public_key.weakness else "")
            )
        self.dns_names = self.certificate.dns_names
        self.ip_addresses = self.certificate.ip_addresses
        self.issuers = tuple(dict.fromkeys(view.issuer_der for view in self.certificates))
        if not callable(staples):
            _filled(staples or (), len(self.chain))

    def __repr__(self) -> str:
        return f"Credential({self.subject}, {self.key_label})"

    @property
    def certificate(self) -> CertificateView:
        """Our own.

        Raises:
            ApiMisuse: a raw public key has none.
        """
        if not self.certificates:
            raise ApiMisuse("a raw public key has no certificate", "look at .public_key")
        return self.certificates[0]

    @property
    def certificate_type(self) -> CertificateType:
        """Whether ``chain`` is certificates, or a SubjectPublicKeyInfo alone (RFC 7250)."""
        return CertificateType.X509 if self.certificates else CertificateType.RawPublicKey

    @property
    def key_label(self) -> str:
        """The key's kind and size."""
        return self.certificate.key_label if self.certificates else self.public_key.kind

    @property
    def key_usage(self) -> x509.KeyUsage | None:
        """What the key may be used for; everything where nothing says so."""
        return self.certificate.key_usage if self.certificates else None

    @cached_property
    def schemes12(self) -> tuple[SignatureScheme, ...]:
        """What the key signs with in TLS 1.2, where PKCS#1 has a place and curves no hash."""
        return tuple(getattr(self.signer, "schemes12", self.schemes))

    @cached_property
    def chain_schemes(self) -> tuple[tuple[SignatureScheme, ...], ...]:
        """For each certificate not self-issued, the schemes that stand for how it is signed.

        Empty for an algorithm that has none. A self-signed one is not verified by anybody.
        """
        return tuple(
            scheme_of(view.algorithm) if view.algorithm is not None else ()
            for view in self.certificates
            if not view.self_issued
        )

    # --- Staples and flaws ----------------------------------------------------------------------

    def with_staples(self, staples: Staples) -> Credential:
        """The same with other OCSP responses, or with somebody else to ask for them.

        Raises:
            ApiMisuse: more of them than certificates.
        """
        other = copy.copy(self)
        other.staples = staples
        if not callable(staples):
            _filled(staples or (), len(self.chain))
        return other

    def stapled(self) -> tuple[bytes | None, ...]:
        """The OCSP responses for this handshake, one for each certificate of the chain.

        Whoever is asked for them must answer at once. If it fails there are none, and the log
        says so: a server that has lost its responder goes on serving.
        """
        if not callable(self.staples):
            return _filled(self.staples or (), len(self.chain))
        try:
            return _filled(self.staples(self), len(self.chain))
        except Exception:
            import logging

            log = logging.getLogger("tlsee.identity")
            log.exception("no OCSP response for %s: its source failed", self.subject)
            return _filled((), len(self.chain))

    def flaws(self, at: float) -> tuple[tuple[str, str], ...]:
        """What a peer would stumble over at a moment (seconds since the epoch), with the fixes.

        A certificate of ours that has expired or is not valid yet; a chain out of order; one that
        is there twice or vouches for none of the others; one that promises a stapled response where
        nobody has any. ``()`` after ``despite_flaws``.
        """
        if not self.checked:
            return ()
        found = flaws_of(self.certificates, at)
        if self.staples is None and self.certificates and must_staple(self.certificate):
            found += (_UNSTAPLED,)
        return found

    def despite_flaws(self) -> Credential:
        """The same for a configuration that is to take it whatever its dates and its order.

        For tests, and for machines on which nobody can set the clock.
        """
        other = copy.copy(self)
        other.checked = False
        return other

    @property
    def subject(self) -> str:
        """Whom it names, in words, escaped."""
        return self.certificate.subject if self.certificates else shown(self.public_key.spki)

    def serves(self, name: str) -> bool:
        """Whether the certificate is for this host name or address.

        Raises:
            ApiMisuse: it is neither.
        """
        wanted = names.reference(name)
        return bool(self.certificates) and bool(names.covers(self.certificate, wanted))

    @classmethod
    def from_pem(
        cls, chain_pem: bytes | str, key_pem: bytes | str, password: Password = None
    ) -> Credential:
        """From PEM text; both may be the same text.

        Args:
            chain_pem: certificates, our own first. key_pem: its private key.
            password: the key's pass phrase, or a callable that gives it.

        Raises:
            ApiMisuse: something cannot be read, or key and certificate do not belong together.
        """
        return cls._with_key(_chain_of(chain_pem), load_private_key(key_pem, password))

    @classmethod
    def from_files(
        cls, chain: str | Path, key: str | Path | None = None, password: Password = None
    ) -> Credential:
        """From PEM or DER files; without ``key`` the key is looked for in the chain's file.

        Raises:
            ApiMisuse: as ``from_pem``, naming the file. OSError: a file cannot be read.
        """
        chain_file = Path(chain)
        key_file = Path(key) if key is not None else chain_file
        chain_pem = chain_file.read_bytes()
        key_pem = key_file.read_bytes()
        try:
            return cls.from_pem(_as_pem(chain_pem), key_pem, password)
        except ApiMisuse as problem:
            files = " and ".join(dict.fromkeys((str(chain_file), str(key_file))))
            raise ApiMisuse(f"{files}: {problem.detail}", problem.fix) from None

    @classmethod
    def from_pkcs12(cls, data: bytes, password: Password = None) -> Credential:
        """From PKCS #12, as ``.p12`` and ``.pfx`` files have it.

        The certificates in there have no order: the chain is what leads upwards from the key's
        own, without a self-signed end.

        Args:
            password: the pass phrase, or a callable that gives it.

        Raises:
            ApiMisuse: it cannot be opened, or has no key with its certificate.
        """
        private_key, own, others = load_pkcs12(data, password)
        views = [_own_certificate(der, place) for place, der in enumerate((own, *others), 1)]
        return cls._with_key(tuple(view.der for view in in_order(views)), private_key)

    @classmethod
    def from_signer(cls, chain_pem: bytes | str, signer: Signer) -> Credential:
        """With a private key that is elsewhere: in an HSM, in a service.

        Args:
            chain_pem: certificates, our own first.
            signer: signs with the key of the first; ``PKCS11Signer`` or one of your own.

        Raises:
            ApiMisuse: as ``Credential``, and text without a certificate.
        """
        return cls(_chain_of(chain_pem), signer)

    @classmethod
    def raw_public_key(cls, key: Any) -> Credential:
        """A key without a certificate (RFC 7250), for peers that know it by other ways.

        Args:
            key: a private key object of ``cryptography``, its PEM text, or a signer that tells its
                ``public_key``, such as ``PKCS11Signer``.

        Raises:
            ApiMisuse: it cannot be read or used.
        """
        if isinstance(key, bytes | str):
            key = load_private_key(key)
        signer = key if hasattr(key, "schemes") else LocalSigner(key, public_key_of(key))
        public = getattr(signer, "public_key", None)
        if not isinstance(public, PublicKey):
            raise ApiMisuse("the signer does not tell its key", "give it .public_key, a PublicKey")
        made = cls.__new__(cls)
        made.chain, made.certificates, made.issuers = (public.spki,), (), ()
        made.dns_names = made.ip_addresses = ()
        made.signer, made.public_key, made.schemes = signer, public, tuple(signer.schemes)
        made.staples, made.checked = None, True
        if not made.schemes:
            raise ApiMisuse(f"no signature scheme takes the key: {public.weakness or public.kind}")
        return made

    @classmethod
    def from_objects(
        cls, certificates: Iterable[x509.Certificate | bytes], private_key: Any
    ) -> Credential:
        """From objects of ``cryptography``, or DER, our own certificate first.

        Raises:
            ApiMisuse: key and certificate do not belong together, or cannot be used.
        """
        public_key_of(private_key)  # says what is wrong with it
        return cls._with_key(tuple(_as_der(item) for item in certificates), private_key)

    @classmethod
    def _with_key(cls, chain: tuple[bytes, ...], private_key: Any) -> Credential:
        if not chain:
            raise ApiMisuse("a credential without a certificate", "give the chain, leaf first")
        leaf = _own_certificate(chain[0], 1)
        if leaf.public_key is None:
            raise ApiMisuse(f"{leaf.subject}: {leaf.key_problem}")
        if not belongs_to(private_key, leaf.public_key):
            raise _mismatch(chain, leaf, private_key)
        return cls(chain, LocalSigner(private_key, leaf.public_key))


def _mismatch(chain: tuple[bytes, ...], leaf: CertificateView, private_key: Any) -> ApiMisuse:
    for place, der in enumerate(chain[1:], 2):
        other = _own_certificate(der, place)
        if other.public_key is not None and belongs_to(private_key, other.public_key):
            return ApiMisuse(
                f"the private key belongs to certificate {place} of the chain, {other.subject}, "
                f"and not to the first, {leaf.subject}",
                "put the certificate of the key first",
            )
    return ApiMisuse(
        f"the private key, {public_key_of(private_key).label}, is not the one of the certificate "
        f"for {leaf.subject}, which has a {leaf.key_label} key",
        "give the key that the certificate was issued for",
    )


_UNSTAPLED = (
    "its certificate promises a stapled OCSP response (RFC 7633), and there is none",
    "Credential.with_staples(...), or a certificate without that promise",
)


def _filled(staples: Sequence[bytes | None], length: int) -> tuple[bytes | None, ...]:
    given = tuple(bytes(item) if item is not None else None for item in staples)
    if len(given) > length:
        raise ApiMisuse(
            f"{len(given)} OCSP responses for {length} certificates",
            "give one for each certificate of the chain, None where there is none",
        )
    return given + (None,) * (length - len(given))


def _check_pair(leaf: CertificateView, public_key: PublicKey, signer: Signer) -> None:
    """A signer that tells its public key, as one in an HSM can, must fit the certificate."""
    told = getattr(signer, "public_key", None)
    if isinstance(told, PublicKey) and told.key != public_key.key:
        raise ApiMisuse(
            f"the signer's key, {told.label}, is not the one of the certificate for "
            f"{leaf.subject}, which has a {leaf.key_label} key",
            "give the key that the certificate was issued for",
        )


def _chain_of(pem: bytes | str) -> tuple[bytes, ...]:
    try:
        chain = certificates_in(pem)
    except ValueError as problem:
        raise ApiMisuse(str(problem)) from None
    if not chain:
        raise ApiMisuse(
            "there is no certificate in the chain that was given",
            "give PEM text with a CERTIFICATE block, our own first",
        )
    return chain


def _as_pem(content: bytes) -> bytes:
    """A file's certificates as PEM text; DER begins with a SEQUENCE."""
    return to_pem(content) if content[:1] == b"\x30" else content


def _own_certificate(der: bytes, place: int) -> CertificateView:
    try:
        return CertificateView(der)
    except Unreadable as problem:
        raise ApiMisuse(f"certificate {place} of the chain is no good: {problem}") from None


def _as_der(item: x509.Certificate | bytes) -> bytes:
    return certificate_der(item) if isinstance(item, x509.Certificate) else bytes(item)
