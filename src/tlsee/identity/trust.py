"""Whom to believe: trust anchors, found by the name that a certificate gives as its issuer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import cached_property
from pathlib import Path

from tlsee.crypto.public_keys import load_public_key
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.identity import der as codec
from tlsee.identity.anchor_limits import UNLIMITED, Limits, pin, subtrees
from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.identity.pem import certificates_in, public_key_in
from tlsee.text import count


class Profile(Enum):
    """Which rules hold below an anchor: the web's for public authorities, or a private one's."""

    WEB = "web"
    PRIVATE = "private"

    __hash__ = object.__hash__  # an enumeration's own costs a call in Python each time


class Anchor:
    """A certificate that is believed without further proof.

    Only the subject is read at once: a store may have thousands of which a handshake needs one.

    Attributes:
        der: the certificate. ``store``: where it comes from, such as ``system store``.
        profile: the rules for what is below it. ``limits``: how far it is believed.
        subject_key, subject_der: its name, comparable and as it is.

    Raises:
        Unreadable: on construction, when not even the subject can be found.
    """

    def __init__(
        self, der: bytes, store: str, profile: Profile, limits: Limits = UNLIMITED
    ) -> None:
        self.der = der
        self.store = store
        self.profile = profile
        self.limits = limits
        try:
            subject = codec.certificate_frame(der).subject
            self.subject_der = der[subject.start : subject.end]
            self.subject_key = codec.canonical_name(self.subject_der)
        except codec.NotDER as problem:
            raise Unreadable(str(problem)) from None

    def __repr__(self) -> str:
        return f"<anchor in {self.store}>"

    @cached_property
    def certificate(self) -> CertificateView:
        """The whole certificate.

        Raises:
            Unreadable: it cannot be read after all.
        """
        return CertificateView(self.der)

    def under(self, limits: Limits) -> Anchor:
        """The same certificate, believed within these limits."""
        return Anchor(self.der, self.store, self.profile, limits)


class Trust:
    """A set of trust anchors; a value, made by one of the class methods.

    Attributes:
        anchors: each once, in order.
        sources: where they come from with their number, ``system store (146)``.
        insecure: whether a peer that nobody vouches for is let through; it is judged all the same.
        skipped: what a large store had that could not be read, one line each.
        pins: SHA-256 over SubjectPublicKeyInfos of which one must be on the path; all when empty.
        raw_keys: SubjectPublicKeyInfos, DER, of peers without a certificate (RFC 7250).
    """

    def __init__(
        self,
        anchors: Iterable[Anchor],
        *,
        insecure: bool = False,
        skipped: tuple[str, ...] = (),
        pins: frozenset[bytes] = frozenset(),
        raw_keys: frozenset[bytes] = frozenset(),
    ) -> None:
        unique: dict[bytes, Anchor] = {}
        for anchor in anchors:
            unique.setdefault(anchor.der, anchor)
        self.anchors = tuple(unique.values())
        self.insecure = insecure
        self.skipped = skipped
        self.pins = pins
        self.raw_keys = raw_keys
        if not unique and not insecure and not raw_keys:
            raise ApiMisuse("a trust store without any certificate", "give one authority at least")
        self._by_der = unique
        self._by_subject: dict[codec.Canonical, tuple[Anchor, ...]] = {}
        for anchor in self.anchors:
            key = anchor.subject_key
            self._by_subject[key] = (*self._by_subject.get(key, ()), anchor)

    def __repr__(self) -> str:
        return f"Trust({', '.join(self.sources)}{', insecure' if self.insecure else ''})"

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """``("system store (146)", "corp.pem (1)")``."""
        numbers: dict[str, int] = {}
        for anchor in self.anchors:
            numbers[anchor.store] = numbers.get(anchor.store, 0) + 1
        found = [f"{store} ({number})" for store, number in numbers.items()]
        return (*found, *([f"raw public keys ({len(self.raw_keys)})"] if self.raw_keys else []))

    def issuers_of(self, certificate: CertificateView) -> tuple[Anchor, ...]:
        """The anchors with the name that the certificate gives as its issuer."""
        return self._by_subject.get(certificate.issuer_key, ())

    def anchor_of(self, der: bytes) -> Anchor | None:
        """The anchor that is this very certificate."""
        return self._by_der.get(der)

    def names(self) -> tuple[bytes, ...]:
        """The anchors' subjects in DER, for certificate_authorities (RFC 9846, 4.3.4)."""
        return tuple(dict.fromkeys(anchor.subject_der for anchor in self.anchors))

    def plus(self, other: Trust) -> Trust:
        """Both stores together; insecure when either is.

        Raises:
            ApiMisuse: one is pinned and the other not, or to other keys: pin what comes of it.
        """
        if self.pins != other.pins:
            raise ApiMisuse("two stores with different pins", "pin them together: a.plus(b).pinned")
        return Trust(
            (*self.anchors, *other.anchors),
            insecure=self.insecure or other.insecure,
            skipped=self.skipped + other.skipped,
            pins=self.pins,
            raw_keys=self.raw_keys | other.raw_keys,
        )

    def pinned(self, *pins: str | bytes) -> Trust:
        """These anchors, and one of these keys has to be on every path, the leaf's or another.

        Args:
            pins: SHA-256 over a SubjectPublicKeyInfo: 32 bytes, or base64 as in curl's
                ``sha256//...``. Give a spare one too: a lost key locks everybody out.

        Raises:
            ApiMisuse: none, or one that is no SHA-256.
        """
        if not pins:
            raise ApiMisuse("no pin", "give one at least")
        return Trust(
            self.anchors,
            insecure=self.insecure,
            skipped=self.skipped,
            pins=frozenset(pin(text) for text in pins),
            raw_keys=self.raw_keys,
        )

    def constrained(
        self,
        *,
        permitted: Iterable[str] = (),
        excluded: Iterable[str] = (),
        issued_until: float | None = None,
    ) -> Trust:
        """These anchors, each believed only so far; limits that were there stay.

        Args:
            permitted: names to vouch for: DNS names with all below them, addresses or networks,
                ``@host`` or ``name@host`` for e-mail, ``uri:host`` for URIs (``uri:.host`` below
                it). A form that is not named at all is not permitted. All when empty.
            excluded: names in the same forms not to vouch for, whatever is permitted.
            issued_until: seconds since the epoch; leaves that begin later are refused, as for an
                authority that is being distrusted.

        Raises:
            ApiMisuse: a text that is none of these.
        """
        allowed = tuple(permitted)
        inside = (subtrees(allowed, closed=True),) if allowed else ()
        return self._under(Limits(inside, subtrees(excluded), issued_until))

    def with_legacy_common_name(self) -> Trust:
        """These anchors, and below the private ones a leaf without any subjectAltName is matched
        by its common name, as old private authorities leave no other (RFC 9525 forbids it).

        Raises:
            ApiMisuse: there is no private anchor.
        """
        if all(anchor.profile is Profile.WEB for anchor in self.anchors):
            raise ApiMisuse(
                "no anchor is private, and the web's certificates have a subjectAltName",
                "Trust.from_file(...).with_legacy_common_name()",
            )
        return self._under(Limits(legacy_common_name=True))

    def as_profile(self, profile: Profile) -> Trust:
        """These anchors under another profile's rules."""
        return self._with(
            Anchor(anchor.der, anchor.store, profile, anchor.limits) for anchor in self.anchors
        )

    def _under(self, more: Limits) -> Trust:
        return self._with(anchor.under(anchor.limits.plus(more)) for anchor in self.anchors)

    def _with(self, anchors: Iterable[Anchor]) -> Trust:
        return Trust(
            anchors,
            insecure=self.insecure,
            skipped=self.skipped,
            pins=self.pins,
            raw_keys=self.raw_keys,
        )

    @classmethod
    def from_pem(
        cls, pem: bytes | str, *, label: str = "given", profile: Profile = Profile.PRIVATE
    ) -> Trust:
        """The certificates in PEM text.

        Raises:
            ApiMisuse: there is none, or one cannot be read.
        """
        try:
            found = certificates_in(pem)
        except ValueError as problem:
            raise ApiMisuse(f"{label}: {problem}") from None
        return cls.from_der(found, label=label, profile=profile)

    @classmethod
    def from_der(
        cls,
        certificates: Iterable[bytes],
        *,
        label: str = "given",
        profile: Profile = Profile.PRIVATE,
    ) -> Trust:
        """These certificates.

        Raises:
            ApiMisuse: there is none, or one cannot be read.
        """
        anchors = []
        for number, der in enumerate(certificates, 1):
            try:
                anchors.append(Anchor(bytes(der), label, profile))
                read_certificate(anchors[-1].der)
            except Unreadable as problem:
                raise ApiMisuse(f"{label}: certificate {number} is no good: {problem}") from None
        if not anchors:
            raise ApiMisuse(f"{label}: no certificate in there", "give PEM text with one at least")
        return cls(anchors)

    @classmethod
    def from_file(cls, path: str | Path) -> Trust:
        """The certificates in a PEM file, or the one in a DER file.

        Raises:
            ApiMisuse: there is none, or one cannot be read. OSError: the file cannot be read.
        """
        file = Path(path)
        content = file.read_bytes()
        if content[:1] == bytes([codec.SEQUENCE]):
            return cls.from_der([content], label=file.name)
        return cls.from_pem(content, label=file.name)

    @classmethod
    def from_directory(cls, path: str | Path) -> Trust:
        """The certificates in all files of a directory that end in .pem, .crt or .cer.

        Files without a certificate are passed over and named in ``skipped``.

        Raises:
            ApiMisuse: there is none. OSError: the directory cannot be read.
        """
        directory = Path(path)
        anchors: list[Anchor] = []
        skipped: list[str] = []
        for file in sorted(directory.iterdir()):
            if file.suffix.lower() in (".pem", ".crt", ".cer") and file.is_file():
                try:
                    anchors.extend(cls.from_file(file).anchors)
                except (ApiMisuse, OSError) as problem:
                    skipped.append(f"{file.name}: {problem}")
        if not anchors:
            raise ApiMisuse(f"{directory}: no certificate in there", "give one with .pem files")
        return cls(anchors, skipped=tuple(skipped))

    @classmethod
    def from_store(cls, certificates: Iterable[bytes], *, label: str, profile: Profile) -> Trust:
        """A large store that somebody else keeps: what cannot be read is skipped and counted.

        Raises:
            ApiMisuse: nothing in it can be read.
        """
        anchors, skipped = [], []
        for number, der in enumerate(certificates, 1):
            try:
                anchors.append(Anchor(bytes(der), label, profile))
            except Unreadable as problem:
                skipped.append(f"{label}, certificate {number}: {problem}")
        if not anchors:
            lost = count(len(skipped), "unreadable certificate")
            raise ApiMisuse(f"{label} has no usable certificate, {lost}")
        return cls(anchors, skipped=tuple(skipped))

    @classmethod
    def raw_public_keys(cls, keys: Iterable[bytes]) -> Trust:
        """Peers that show one of these keys instead of a certificate (RFC 7250), and nobody else.

        ``plus`` adds anchors, for peers of which some have certificates.

        Args:
            keys: SubjectPublicKeyInfos, PEM (``openssl pkey -pubout``) or DER, such as
                ``credential.public_key.spki``.

        Raises:
            ApiMisuse: none, or one that is no public key that TLS can use.
        """
        found = []
        for key in keys:
            try:
                found.append(load_public_key(public_key_in(bytes(key))).spki)
            except (PeerMisbehaved, ValueError) as problem:
                why = getattr(problem, "detail", str(problem))
                fix = "give its SubjectPublicKeyInfo: openssl pkey -in KEY -pubout"
                raise ApiMisuse(f"a raw public key cannot be used: {why}", fix) from None
        if not found:
            raise ApiMisuse("no raw public key", "give one at least")
        return cls((), raw_keys=frozenset(found))

    @classmethod
    def system(cls) -> Trust:
        """The operating system's store.

        Raises:
            ApiMisuse: none was found; the text says where this looked.
        """
        from tlsee.identity.system_store import system_certificates

        return cls.from_store(system_certificates(), label="system store", profile=Profile.WEB)

    @classmethod
    def certifi(cls) -> Trust:
        """Mozilla's list as the ``certifi`` package brings it."""
        import certifi

        found = certificates_in(Path(certifi.where()).read_bytes())
        return cls.from_store(found, label="certifi", profile=Profile.WEB)

    @classmethod
    def insecure_accept_anyone(cls) -> Trust:
        """No anchor, and nobody is refused for it: for looking at a peer, never for talking to it.

        The chain is judged all the same and the verdict, a refusal, is told.
        """
        return cls((), insecure=True)

    @classmethod
    def nobody(cls) -> Trust:
        """No anchor: no certificate is accepted. For peers that prove themselves by a key alone."""
        trust = cls((), insecure=True)
        trust.insecure = False
        return trust
