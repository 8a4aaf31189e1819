"""What a client offers, before anything was decided: for whoever chooses the configuration.

``ServerConfig(config_for_hello=...)`` and the question ``ConfigForHello`` hand out a
``ClientOffer``. Nothing in it is proved, and nothing was negotiated: the client chose every byte.
Each value is read out of the hello when it is asked for, and none of them raises.
"""

from __future__ import annotations

from hashlib import md5, sha256
from typing import ClassVar, TypeVar

from tlsee.codes import (
    CipherSuite,
    ExtensionType,
    NamedGroup,
    NameType,
    OpenEnum,
    ProtocolVersion,
    PskKeyExchangeMode,
    SignatureScheme,
)
from tlsee.codes12 import ECPointFormat
from tlsee.values import value
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.key_share import KeyShareClientHello
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.psk_key_exchange_modes import PskKeyExchangeModes
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.extensions.server_name import ServerNameList
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms, SignatureAlgorithmsCert
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello
from tlsee.wire.hellos import ClientHello

Code = TypeVar("Code", bound=OpenEnum)

# How JA4 writes a version; any other is "00".
_JA4_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
_JA4_APART = {ExtensionType.server_name, ExtensionType.application_layer_protocol_negotiation}
_JA4_NOTHING = "000000000000"
_ALPHANUMERIC = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


@value
class ClientOffer:
    """A ClientHello in plain values, in the client's order and without GREASE (RFC 8701).

    ``hello`` is the message as it came, with everything. What the client did not send is an empty
    tuple, ``None`` or ``False``. After a HelloRetryRequest this is still the first hello.
    """

    hello: ClientHello
    _hidden: ClassVar[frozenset[str]] = frozenset({"hello"})

    def __repr__(self) -> str:
        return f"ClientOffer(server_name={self.server_name!r}, ja4={self.ja4!r})"

    @property
    def raw(self) -> bytes:
        """The handshake message, its header included."""
        return self.hello.raw

    # --- Whom the client wants ----------------------------------------------------------------

    @property
    def server_name(self) -> str | None:
        """The host name in SNI, in lower case (RFC 6066, 3).

        ``None`` where there is none, or nothing that this server would go by: two host names, or
        one that is not ASCII. The handshake refuses those.
        """
        found = self.hello.extensions.get(ServerNameList)
        names = found.server_name_list if found is not None else ()
        hosts = [name.name for name in names if name.name_type == NameType.host_name]
        if len(hosts) != 1 or not hosts[0].isascii():
            return None
        return hosts[0].decode("ascii").lower().rstrip(".")

    @property
    def alpn(self) -> tuple[bytes, ...]:
        """The application protocols (RFC 7301)."""
        found = self.hello.extensions.get(ProtocolNameList)
        names = found.protocol_name_list if found is not None else ()
        return tuple(name for name in names if not _is_grease_name(name))

    # --- What it can do -----------------------------------------------------------------------

    @property
    def versions(self) -> tuple[ProtocolVersion, ...]:
        """supported_versions; a client without it speaks legacy_version, and 1.2 at most."""
        found = self.hello.extensions.get(SupportedVersionsClientHello)
        if found is None:
            return (min(self.hello.legacy_version, ProtocolVersion.TLS12),)
        return _meant(found.versions)

    @property
    def suites(self) -> tuple[CipherSuite, ...]:
        """The cipher suites of all versions, signalling values such as the SCSVs among them."""
        return _meant(self.hello.cipher_suites)

    @property
    def groups(self) -> tuple[NamedGroup, ...]:
        """supported_groups (RFC 9846, 4.3.7)."""
        found = self.hello.extensions.get(SupportedGroups)
        return _meant(found.named_group_list) if found is not None else ()

    @property
    def key_shares(self) -> tuple[NamedGroup, ...]:
        """The groups that it sent a share of (RFC 9846, 4.3.8)."""
        found = self.hello.extensions.get(KeyShareClientHello)
        return _meant(tuple(e.group for e in found.client_shares)) if found is not None else ()

    @property
    def schemes(self) -> tuple[SignatureScheme, ...]:
        """What may sign the handshake: signature_algorithms (RFC 9846, 4.3.3)."""
        found = self.hello.extensions.get(SignatureAlgorithms)
        return _meant(found.supported_signature_algorithms) if found is not None else ()

    @property
    def certificate_schemes(self) -> tuple[SignatureScheme, ...]:
        """What may sign certificates; without a list of its own that is ``schemes``."""
        found = self.hello.extensions.get(SignatureAlgorithmsCert)
        return _meant(found.supported_signature_algorithms) if found is not None else self.schemes

    @property
    def point_formats(self) -> tuple[ECPointFormat, ...]:
        """ec_point_formats, which means something in TLS 1.2 only (RFC 8422, 5.1.2)."""
        found = self.hello.extensions.get(ECPointFormats)
        return found.ec_point_format_list if found is not None else ()

    @property
    def extensions(self) -> tuple[ExtensionType, ...]:
        """The types of all extensions."""
        return _meant(self.hello.extensions.types)

    @property
    def has_grease(self) -> bool:
        """Whether it sent reserved values to keep servers honest (RFC 8701)."""
        return any(code.is_grease for code in (*self.hello.cipher_suites, *self._types))

    @property
    def record_size_limit(self) -> int | None:
        """The longest record it accepts, in bytes (RFC 8449)."""
        found = self.hello.extensions.get(RecordSizeLimit)
        return found.record_size_limit if found is not None else None

    @property
    def max_fragment_length(self) -> int | None:
        """The longest content of a record that it asks for, in bytes (RFC 6066, 4)."""
        found = self.hello.extensions.get(MaxFragmentLengthNegotiation)
        return found.max_fragment_length.length if found is not None else None

    # --- What it brings -----------------------------------------------------------------------

    @property
    def psk_modes(self) -> tuple[PskKeyExchangeMode, ...]:
        """psk_key_exchange_modes (RFC 9846, 4.3.9)."""
        found = self.hello.extensions.get(PskKeyExchangeModes)
        return found.ke_modes if found is not None else ()

    @property
    def has_session(self) -> bool:
        """Whether it would resume a session or use an external key, if its words are meant.

        That is: pre_shared_key, a ticket of TLS 1.2, or, from a client that does not speak 1.3, a
        session id. From one that does, a session id says nothing: most send a random one (RFC 9846,
        E.4).
        """
        ticket = self.hello.extensions.get(SessionTicket12)
        if self._has(ExtensionType.pre_shared_key) or (ticket is not None and ticket.ticket):
            return True
        older = ProtocolVersion.TLS13 not in self.versions
        return older and bool(self.hello.legacy_session_id)

    @property
    def has_early_data(self) -> bool:
        """Whether data follows the hello at once (RFC 9846, 4.3.10)."""
        return self._has(ExtensionType.early_data)

    @property
    def post_handshake_auth(self) -> bool:
        """Whether it may be asked for a certificate later (RFC 9846, 4.3.6)."""
        return self._has(ExtensionType.post_handshake_auth)

    # --- What kind of client it is --------------------------------------------------------------
    #
    # Clients that are built alike offer alike. A fingerprint is a guess and no proof: whoever wants
    # to can send the hello of somebody else.

    @property
    def ja3_full(self) -> str:
        """JA3's five fields as text: version, suites, extensions, groups, point formats."""
        lists = (self.suites, self.extensions, self.groups, self.point_formats)
        fields = ["-".join(str(int(code)) for code in codes) for codes in lists]
        return ",".join([str(int(self.hello.legacy_version)), *fields])

    @property
    def ja3(self) -> str:
        """The fingerprint JA3: the MD5 of ``ja3_full``, in hexadecimal."""
        return md5(self.ja3_full.encode("ascii"), usedforsecurity=False).hexdigest()

    @property
    def ja4(self) -> str:
        """The fingerprint JA4: what is offered in short, and hashes of suites and extensions."""
        return f"{self._ja4_a}_{_ja4_hash(self._ja4_b)}_{_ja4_hash(self._ja4_c)}"

    @property
    def ja4_r(self) -> str:
        """JA4 with its lists in place of their hashes."""
        return f"{self._ja4_a}_{self._ja4_b}_{self._ja4_c}"

    @property
    def _ja4_a(self) -> str:
        if self._has(ExtensionType.supported_versions):
            version = max(self.versions, default=0)
        else:
            version = int(self.hello.legacy_version)
        return "".join(
            [
                "t",  # over TCP
                _JA4_VERSIONS.get(int(version), "00"),
                "d" if self._has(ExtensionType.server_name) else "i",
                f"{min(len(self.suites), 99):02}",
                f"{min(len(self.extensions), 99):02}",
                _ja4_protocol(self.alpn[0] if self.alpn else b""),
            ]
        )

    @property
    def _ja4_b(self) -> str:
        return ",".join(sorted(_hex(code) for code in self.suites))

    @property
    def _ja4_c(self) -> str:
        """Sorted, because some clients shuffle them; the schemes are in the client's order."""
        kinds = sorted(_hex(kind) for kind in self.extensions if kind not in _JA4_APART)
        schemes = [_hex(scheme) for scheme in self.schemes]
        return "_".join(",".join(part) for part in (kinds, schemes) if part)

    # --- Within ---------------------------------------------------------------------------------

    @property
    def _types(self) -> tuple[ExtensionType, ...]:
        return self.hello.extensions.types

    def _has(self, kind: ExtensionType) -> bool:
        return self.hello.extensions.has(kind)


def _meant(codes: tuple[Code, ...]) -> tuple[Code, ...]:
    """The values that are no GREASE."""
    return tuple(code for code in codes if not code.is_grease)


def _is_grease_name(name: bytes) -> bool:
    """RFC 8701, 3: the reserved ALPN names are two equal bytes, 0x0a, 0x1a .. 0xfa."""
    return len(name) == 2 and name[0] == name[1] and name[0] & 0x0F == 0x0A


def _hex(code: OpenEnum) -> str:
    return f"{int(code):04x}"


def _ja4_hash(part: str) -> str:
    return sha256(part.encode("ascii")).hexdigest()[:12] if part else _JA4_NOTHING


def _ja4_protocol(name: bytes) -> str:
    """Its first and last character, of its hexadecimal form where one is no letter or digit."""
    if not name:
        return "00"
    if name[0] in _ALPHANUMERIC and name[-1] in _ALPHANUMERIC:
        return chr(name[0]) + chr(name[-1])
    return name.hex()[0] + name.hex()[-1]
