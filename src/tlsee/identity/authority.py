"""A throw-away certificate authority, in memory only: for the demo, for serve and for tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tlsee.crypto import private_keys
from tlsee.errors import ApiMisuse
from tlsee.identity import names as identities
from tlsee.identity.credentials import Credential
from tlsee.identity.pem import to_pem
from tlsee.identity.trust import Trust

# Long enough for a day's work, short enough that a forgotten one harms nobody.
LIFETIME = 86_400.0

# Clocks differ between machines; an hour ago is early enough for all that are set at all.
BACKDATED = 3600.0


class Authority:
    """An authority whose key never leaves memory. Made by ``create``.

    Attributes:
        certificate: its own, DER. ``chain``: that and those above it but for the root.
    """

    def __init__(
        self,
        certificate: x509.Certificate,
        private_key: Any,
        above: tuple[bytes, ...] = (),
        root: bytes | None = None,
    ) -> None:
        self._x509 = certificate
        self._key = private_key
        self.certificate = private_keys.certificate_der(certificate)
        self.root = self.certificate if root is None else root
        self.chain = () if root is None else (self.certificate, *above)

    def __repr__(self) -> str:
        return f"Authority({self._x509.subject.rfc4514_string()})"

    @property
    def pem(self) -> bytes:
        """Its own certificate as PEM text."""
        return to_pem(self.certificate)

    @property
    def trust(self) -> Trust:
        """A store with the root alone."""
        return Trust.from_der([self.root], label="throw-away authority")

    @classmethod
    def create(
        cls,
        common_name: str = "tlsee throw-away CA",
        *,
        key: str = "ecdsa_secp256r1",
        permitted: Iterable[str] = (),
        lifetime: float = LIFETIME,
        not_before: float | None = None,
        not_after: float | None = None,
        path_length: int | None = None,
    ) -> Authority:
        """A self-signed authority.

        Args:
            common_name: its subject. key: a kind of ``private_keys.KEY_KINDS``.
            permitted: host names and addresses or networks that it may vouch for; all when empty.
            lifetime: seconds from now. not_before, not_after: seconds since the epoch instead.
            path_length: authorities that may stand below it.

        Raises:
            ApiMisuse: an unknown kind of key.
        """
        private_key = private_keys.generate(key)
        name = _name(common_name)
        start, end = _validity(not_before, not_after, lifetime)
        builder = _builder(name, name, private_key.public_key(), start, end)
        builder = _as_authority(builder, None, path_length, permitted)
        return cls(_sign(builder, private_key), private_key)

    def issue_intermediate(
        self,
        common_name: str = "tlsee throw-away intermediate",
        *,
        key: str = "ecdsa_secp256r1",
        permitted: Iterable[str] = (),
        lifetime: float = LIFETIME,
        not_before: float | None = None,
        not_after: float | None = None,
        path_length: int | None = 0,
        usages: Sequence[str] = (),
        ca: bool = True,
    ) -> Authority:
        """An authority below this one; arguments as for ``create``.

        Args:
            usages: identifiers of an extendedKeyUsage that limits it. ca: false makes one that
                must not sign, for tests.
        """
        private_key = private_keys.generate(key)
        start, end = _validity(not_before, not_after, lifetime)
        public = private_key.public_key()
        builder = _builder(_name(common_name), self._x509.subject, public, start, end)
        builder = _as_authority(builder, self._x509, path_length, permitted, ca=ca)
        if usages:
            oids = [x509.ObjectIdentifier(usage) for usage in usages]
            builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
        return Authority(_sign(builder, self._key), private_key, self.chain, self.root)

    def issue(
        self,
        *names: str,
        key: str = "ecdsa_secp256r1",
        private_key: Any = None,
        server: bool = True,
        client: bool = False,
        common_name: str = "",
        lifetime: float = LIFETIME,
        not_before: float | None = None,
        not_after: float | None = None,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    ) -> Credential:
        """A credential for host names and IP addresses, with the chain up to below the root.

        Args:
            names: host names, with wildcards, addresses, URIs such as SPIFFE ids, and mailboxes;
                the subjectAltName.
            key: a kind of ``private_keys.KEY_KINDS``; ``private_key`` is one that exists already.
            server, client: the purposes; both false leaves the extension out.
            common_name: the subject's; the first name unless given.
            extensions: further ones with whether they are critical, for tests.

        Raises:
            ApiMisuse: an unknown kind of key.
        """
        own_key = private_key if private_key is not None else private_keys.generate(key)
        start, end = _validity(not_before, not_after, lifetime)
        public = own_key.public_key()
        subject = _name(common_name or (names[0] if names else "tlsee client"))
        builder = _builder(subject, self._x509.subject, public, start, end)
        # RFC 5246, 7.4.2: without it an RSA key may sign in TLS 1.2, but not take a premaster.
        encipher = private_keys.public_key_of(own_key).kind == "rsa" and server
        builder = _as_leaf(
            builder, self._x509, names, server=server, client=client, encipher_keys=encipher
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        leaf = _sign(builder, self._key)
        return Credential.from_objects((leaf, *self.chain), own_key)

    def issue_pem(self, *names: str, **options: Any) -> tuple[bytes, bytes]:
        """As ``issue``, but chain and private key as PEM text, for programs that want files."""
        own_key = private_keys.generate(options.pop("key", "ecdsa_secp256r1"))
        credential = self.issue(*names, private_key=own_key, **options)
        chain = b"".join(to_pem(der) for der in credential.chain)
        return chain, private_keys.private_pem(own_key)


def _name(common_name: str) -> x509.Name:
    # RFC 5280, appendix A: ub-common-name is 64.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _validity(
    not_before: float | None, not_after: float | None, lifetime: float
) -> tuple[datetime, datetime]:
    now = time.time()
    start = now - BACKDATED if not_before is None else not_before
    end = now + lifetime if not_after is None else not_after
    if end <= start and not_before is None:
        start = end - lifetime
    return datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: Any, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _as_authority(
    builder: x509.CertificateBuilder,
    issuer: x509.Certificate | None,
    path_length: int | None,
    permitted: Iterable[str],
    *,
    ca: bool = True,
) -> x509.CertificateBuilder:
    constraint = x509.BasicConstraints(ca=ca, path_length=path_length if ca else None)
    builder = builder.add_extension(constraint, critical=True)
    builder = builder.add_extension(_key_usage(sign_certificates=True), critical=True)
    if issuer is not None:
        builder = builder.add_extension(_authority_identifier(issuer), critical=False)
    subtrees = [_subtree(name) for name in permitted]
    if subtrees:
        limits = x509.NameConstraints(permitted_subtrees=_closed(subtrees), excluded_subtrees=None)
        builder = builder.add_extension(limits, critical=True)
    return builder


def _as_leaf(
    builder: x509.CertificateBuilder,
    issuer: x509.Certificate,
    names: Sequence[str],
    *,
    server: bool,
    client: bool,
    encipher_keys: bool,
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_key_usage(encipher_keys=encipher_keys), critical=True)
    builder = builder.add_extension(_authority_identifier(issuer), critical=False)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH] if server else []
    usages += [ExtendedKeyUsageOID.CLIENT_AUTH] if client else []
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if names:
        presented = x509.SubjectAlternativeName([_general_name(name) for name in names])
        builder = builder.add_extension(presented, critical=False)
    return builder


def _sign(builder: x509.CertificateBuilder, private_key: Any) -> x509.Certificate:
    return builder.sign(private_key, private_keys.certificate_digest(private_key))


def _authority_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(*, sign_certificates: bool = False, encipher_keys: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=encipher_keys,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    address = identities.as_address(name)
    if address is not None:
        return x509.IPAddress(address)
    if not name.isascii():
        raise ApiMisuse(f"{name!r} is not ASCII", "give the xn-- form")
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    return x509.RFC822Name(name) if "@" in name else x509.DNSName(name)


def _subtree(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _closed(subtrees: list[x509.GeneralName]) -> list[x509.GeneralName]:
    """With a form left out anything of it would be allowed: name something of each that is empty.

    RFC 5280, 4.2.1.10: no name of a form is constrained by subtrees of other forms.
    """
    closed = list(subtrees)
    if not any(isinstance(base, x509.IPAddress) for base in subtrees):
        closed.append(x509.IPAddress(ip_network("0.0.0.0/32")))
        closed.append(x509.IPAddress(ip_network("::/128")))
    if not any(isinstance(base, x509.DNSName) for base in subtrees):
        closed.append(x509.DNSName("invalid"))
    return closed
