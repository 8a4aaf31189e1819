"""A certificate read once: every field that a judgement or a narrator looks at.

Reading is where a hostile certificate does its worst, so it happens here alone: whatever is raised
becomes ``Unreadable``. What was read are facts about bytes, which cannot age, so certificates are
remembered by their bytes within a bound.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from tlsee.crypto import certificate_signatures
from tlsee.crypto.certificate_signatures import SignatureAlgorithm
from tlsee.crypto.public_keys import PublicKey, load_public_key, recognise
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.identity import der as codec
from tlsee.identity.remembered import Remembered
from tlsee.text import printable

T = TypeVar("T")

# Reading takes some 40 microseconds, 15 to 100 kB are kept for each; a client or a mesh's server
# meets fewer than this in turn. Long ones (ML-DSA-87's take 7.5 kB) are hostile or rare.
CERTIFICATES_REMEMBERED = 256
REMEMBERED_LENGTH = 8192

# Names in one certificate; public authorities stop at 100 to 250, private meshes know a few
# thousand. Reading and comparing them is linear.
NAMES_LIMIT = 4096


class Unreadable(ValueError):
    """The bytes are no certificate that can be judged; the text says why, escaped."""


def guarded(what: str, read: Callable[[], T]) -> T:
    """Run a reader over a peer's bytes; whatever it raises becomes ``Unreadable``."""
    try:
        return read()
    except Unreadable:
        raise
    except codec.NotDER as problem:
        raise Unreadable(f"{what}: {problem}") from None
    except BaseException as problem:
        # A panic in the parser's native code is no Exception; the rest that is none must pass.
        if not isinstance(problem, Exception) and type(problem).__name__ != "PanicException":
            raise
        # The parser's own words end in its data structures, which nobody is to read.
        words = printable(str(problem).partition(": ParseError")[0]) or type(problem).__name__
        raise Unreadable(f"{what}: {words}") from None


class CertificateView:
    """A certificate's fields. Dates are seconds since the epoch, names DER or comparable values.

    Attributes:
        der: the whole certificate; ``tbs`` its signed part, ``signature`` the signature.
        version: 1 to 3.
        subject_key, issuer_key: the names made comparable (RFC 5280, 7.1).
        algorithm: how it is signed, or ``None`` for what is not known here.
        public_key: the subject's key, or ``None`` with ``key_problem`` set.
        extensions: those with the identifier as key; ``critical`` those marked so.

    Raises:
        Unreadable: on construction, whatever is wrong with the bytes.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.judged: dict[Any, Any] = {}  # findings of identity.path that depend on nothing else
        guarded("certificate", self._read)

    def _read(self) -> None:
        data = self.der
        frame = self.frame = codec.certificate_frame(data)
        serial = frame.serial_number
        self.serial_number = int.from_bytes(data[serial.body : serial.end], "big", signed=True)
        with _no_word_of_the_serial(self.serial_number):
            self.x509 = _parsed(data, frame)
        self.version = self.x509.version.value + 1
        # The parser reads names when they are asked for: now, while it may fail.
        self._names = (self.x509.subject, self.x509.issuer)
        if self.version < 3 and frame.extensions is not None:
            raise Unreadable(f"version {self.version} with extensions")
        self.tbs = data[frame.tbs.start : frame.tbs.end]
        self.subject_der = data[frame.subject.start : frame.subject.end]
        self.issuer_der = data[frame.issuer.start : frame.issuer.end]
        self.subject_key = codec.canonical_name(self.subject_der)
        self.issuer_key = codec.canonical_name(self.issuer_der)
        self.self_issued = self.subject_key == self.issuer_key
        self.not_before = self.x509.not_valid_before_utc.timestamp()
        self.not_after = self.x509.not_valid_after_utc.timestamp()
        self._read_signature(frame)
        self._read_key(frame)
        self._read_extensions()

    def _read_signature(self, frame: codec.Frame) -> None:
        data, inner, outer = self.der, frame.inner_algorithm, frame.outer_algorithm
        if data[inner.start : inner.end] != data[outer.start : outer.end]:
            raise Unreadable("two signature algorithms, one inside and one outside the signed part")
        self.signature = self.x509.signature
        self.algorithm_oid = self.x509.signature_algorithm_oid.dotted_string
        row = certificate_signatures.ROWS.get(self.algorithm_oid)
        if row is not None and self.algorithm_oid == certificate_signatures.RSASSA_PSS:
            row = certificate_signatures.with_parameters(
                row, self.x509.signature_algorithm_parameters, self.x509.signature_hash_algorithm
            )
        self.algorithm: SignatureAlgorithm | None = row

    def _read_key(self, frame: codec.Frame) -> None:
        info = frame.subject_public_key_info
        spki = self.der[info.start : info.end]
        self.spki = spki
        self.public_key: PublicKey | None = None
        self.key_problem = ""
        if _has_explicit_curve(self.der, info):
            self.key_problem = "a public key with a curve of its own making"
            return
        try:
            self.public_key = recognise(self.x509.public_key(), spki)
        except PeerMisbehaved as problem:
            self.key_problem = problem.detail
        except Exception:  # noqa: BLE001
            self.key_problem = "a public key that cannot be read"

    def _read_extensions(self) -> None:
        self.extensions: dict[str, Any] = {}
        critical = set()
        with _no_word_of_the_serial(_issuers_serial(self.der)):  # read when asked for
            parsed = self.x509.extensions
        for extension in parsed:
            oid = extension.oid.dotted_string
            self.extensions[oid] = extension.value
            if extension.critical:
                critical.add(oid)
        self.critical = frozenset(critical)
        found = self.extensions.get
        constraints: x509.BasicConstraints | None = found(BASIC_CONSTRAINTS)
        self.basic_constraints = constraints
        self.is_ca = constraints is not None and constraints.ca
        self.path_length = constraints.path_length if constraints is not None else None
        self.key_usage: x509.KeyUsage | None = found(KEY_USAGE)
        usages: x509.ExtendedKeyUsage | None = found(EXTENDED_KEY_USAGE)
        self.extended_key_usage = (
            frozenset(oid.dotted_string for oid in usages) if usages is not None else None
        )
        self.name_constraints: x509.NameConstraints | None = found(NAME_CONSTRAINTS)
        identifier: x509.SubjectKeyIdentifier | None = found(SUBJECT_KEY_IDENTIFIER)
        self.subject_key_identifier = identifier.digest if identifier is not None else None
        authority: x509.AuthorityKeyIdentifier | None = found(AUTHORITY_KEY_IDENTIFIER)
        self.authority_key_identifier = authority.key_identifier if authority is not None else None
        self._read_names(found(SUBJECT_ALT_NAME))

    def _read_names(self, names: x509.SubjectAlternativeName | None) -> None:
        self.has_alt_names = names is not None
        self.alt_names: tuple[x509.GeneralName, ...] = tuple(names) if names is not None else ()
        if len(self.alt_names) > NAMES_LIMIT:
            raise Unreadable(f"{len(self.alt_names):,} names, and {NAMES_LIMIT:,} are the most")
        dns, addresses = [], []
        for name in self.alt_names:
            if isinstance(name, x509.DNSName):
                dns.append(name.value)
            elif isinstance(name, x509.IPAddress):
                addresses.append(str(name.value))
        self.dns_names: tuple[str, ...] = tuple(dns)
        self.ip_addresses: tuple[str, ...] = tuple(addresses)

    def __repr__(self) -> str:
        return f"<certificate {self.subject}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CertificateView) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __reduce__(self) -> tuple[Any, ...]:
        return (CertificateView, (self.der,))

    @property
    def subject(self) -> str:
        """The subject as a person says it: its common name, else a name it is for; escaped."""
        subject = self._names[0]
        common_name = _attribute(subject, x509.NameOID.COMMON_NAME)
        return common_name or self._any_alt_name() or _label(subject) or "an unnamed certificate"

    @property
    def issuer(self) -> str:
        """The issuer as a person says it; escaped."""
        issuer = self._names[1]
        common_name = _attribute(issuer, x509.NameOID.COMMON_NAME)
        return common_name or _label(issuer) or "an unnamed authority"

    def _any_alt_name(self) -> str:
        for name in (*self.dns_names, *self.ip_addresses):
            return printable(name)
        for other in self.alt_names:
            if isinstance(other, x509.UniformResourceIdentifier | x509.RFC822Name):
                return printable(other.value)
        return ""

    @property
    def common_names(self) -> tuple[str, ...]:
        """The subject's common names as they are: a peer's text, not escaped."""
        found = self._names[0].get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return tuple(str(attribute.value) for attribute in found)

    @property
    def key_label(self) -> str:
        """The key's kind and size: ``P-256``, ``RSA 2048``, ``ML-DSA-65``."""
        key = self.public_key
        if key is None:
            return printable(self.key_problem)
        return _KEY_LABELS.get(key.kind) or f"RSA {key.bits}"

    @property
    def signature_label(self) -> str:
        """The algorithm it is signed with, by its name or its identifier."""
        return self.algorithm.name if self.algorithm is not None else self.algorithm_oid

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 over the whole certificate."""
        return sha256(self.der).digest()

    @property
    def fingerprint(self) -> str:
        """The digest in hexadecimal."""
        return self.digest.hex()

    @property
    def is_self_signed(self) -> bool:
        """Whether it claims to be its own issuer and its signature agrees."""
        if not self.self_issued or self.public_key is None or self.algorithm is None:
            return False
        return certificate_signatures.is_true(
            self.public_key, self.algorithm, self.signature, self.tbs
        )


BASIC_CONSTRAINTS = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
EXTENDED_KEY_USAGE = "2.5.29.37"
SUBJECT_ALT_NAME = "2.5.29.17"
NAME_CONSTRAINTS = "2.5.29.30"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
POLICY_CONSTRAINTS = "2.5.29.36"
CERTIFICATE_POLICIES = "2.5.29.32"
POLICY_MAPPINGS = "2.5.29.33"
INHIBIT_ANY_POLICY = "2.5.29.54"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
TLS_FEATURE = "1.3.6.1.5.5.7.1.24"

_ID_EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
_AUTHORITY_KEY_IDENTIFIER = bytes.fromhex("0603551d23")  # its identifier, with tag and length
_DSA = bytes.fromhex("2a8648ce3804")  # the arc of its identifiers (RFC 3279, 2.3.2)
_ISSUERS_SERIAL = 0x82  # authorityCertSerialNumber's [2]
_BOOLEAN = 0x01

_KEY_LABELS = {
    "ecdsa-secp256r1": "P-256",
    "ecdsa-secp384r1": "P-384",
    "ecdsa-secp521r1": "P-521",
    "ed25519": "Ed25519",
    "ed448": "Ed448",
    "mldsa44": "ML-DSA-44",
    "mldsa65": "ML-DSA-65",
    "mldsa87": "ML-DSA-87",
}
_LABEL_ATTRIBUTES = (
    x509.NameOID.ORGANIZATIONAL_UNIT_NAME,
    x509.NameOID.ORGANIZATION_NAME,
)

_remembered: Remembered[bytes, CertificateView] = Remembered(CERTIFICATES_REMEMBERED)


def read_certificate(der: bytes) -> CertificateView:
    """The certificate in ``der``, perhaps read before.

    Raises:
        Unreadable: it cannot be read; nothing else is ever raised.
    """
    found = _remembered.get(der)
    if found is None:
        found = CertificateView(der)
        if len(der) <= REMEMBERED_LENGTH:
            _remembered.put(der, found)
    return found


def leaf_key(der: bytes) -> PublicKey:
    """The public key of a peer's certificate.

    Raises:
        PeerMisbehaved: ``unusable_certificate``.
    """
    try:
        certificate = read_certificate(der)
    except Unreadable as problem:
        raise PeerMisbehaved(Reasons.unusable_certificate, str(problem)) from None
    if certificate.public_key is None:
        return load_public_key(certificate.spki)  # raises, with the reason
    return certificate.public_key


_filtering = threading.Lock()  # the filters of warnings belong to the whole process


@contextlib.contextmanager
def _no_word_of_the_serial(number: int) -> Iterator[None]:
    """RFC 5280, 4.1.2.2 has users handle serial numbers that are not positive gracefully, and old
    roots in every store have them; the parser's warning is not for whoever runs this.
    """
    if number > 0:
        yield
        return
    with _filtering, warnings.catch_warnings():
        said = "Parsed a serial number which wasn't positive"
        warnings.filterwarnings("ignore", said, CryptographyDeprecationWarning)
        yield


def _parsed(data: bytes, frame: codec.Frame) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(data)
    except ValueError:
        algorithms = data[frame.inner_algorithm.start : frame.inner_algorithm.end]
        if _DSA in algorithms or _DSA in data[frame.subject_public_key_info.start :][:32]:
            raise Unreadable("certificate: DSA, which nothing here uses") from None
        raise


def _issuers_serial(data: bytes) -> int:
    """authorityCertSerialNumber in the authority key identifier (RFC 5280, 4.2.1.1); 1 if none."""
    at = data.find(_AUTHORITY_KEY_IDENTIFIER)
    if at < 0:
        return 1
    try:
        value = codec.element(data, at + len(_AUTHORITY_KEY_IDENTIFIER), len(data))
        if value.tag == _BOOLEAN:
            value = codec.element(data, value.end, len(data))
        parts = codec.children(data, codec.element(data, value.body, value.end))
    except codec.NotDER:
        return 1  # the parser will say so
    for part in parts:
        if part.tag == _ISSUERS_SERIAL:
            return int.from_bytes(data[part.body : part.end], "big", signed=True)
    return 1


def _has_explicit_curve(data: bytes, info: codec.Element) -> bool:
    """RFC 5480, 2.1.1: a curve has a name. Written out, its generator could be anything."""
    kind, *parameters = codec.children(data, codec.children(data, info)[0])
    if data[kind.body : kind.end] != _ID_EC_PUBLIC_KEY:
        return False
    return [parameter.tag for parameter in parameters] != [codec.OBJECT_IDENTIFIER]


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    for attribute in name.get_attributes_for_oid(oid):
        if attribute.value:
            return printable(attribute.value)
    return ""


def _label(name: x509.Name) -> str:
    for oid in _LABEL_ATTRIBUTES:
        found = _attribute(name, oid)
        if found:
            return found
    return printable(name.rfc4514_string())


def moment(at: float) -> str:
    """A moment as screens print it: ``2026-11-17 23:54:00 UTC``."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{at:.0f} s after 1970"
