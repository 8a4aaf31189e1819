"""Certificates or raw public keys: what each side shows, settled in the hellos (RFC 7250, 4)."""

from __future__ import annotations

from typing import TypeAlias

from tlsee.codes import CertificateType
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import CertificateRejected, PeerIncompatible, PeerMisbehaved, Reasons
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Verdict
from tlsee.identity.raw_key import KnownKey, known_key
from tlsee.identity.trust import Trust
from tlsee.values import value
from tlsee.wire.extensions.block import AnyExtension, Extensions
from tlsee.wire.extensions.certificate_types import (
    ClientCertTypeList,
    ClientCertTypeSelected,
    ServerCertTypeList,
    ServerCertTypeSelected,
)
from tlsee.wire.hellos import ClientHello

X509, RAW = CertificateType.X509, CertificateType.RawPublicKey

Claimed: TypeAlias = Verdict | KnownKey  # who the peer says it is, judged; its proof is to come


@value
class CertificateTypes:
    """What a server's answer says; ``None`` where it says nothing, and X.509 is meant."""

    server: CertificateType | None = None
    client: CertificateType | None = None

    @property
    def server_is_raw(self) -> bool:
        """Whether the server shows a raw public key."""
        return self.server == RAW

    @property
    def client_is_raw(self) -> bool:
        """Whether the client is to show one."""
        return self.client == RAW

    @property
    def extensions(self) -> list[AnyExtension]:
        """The answer, for ServerHello or EncryptedExtensions."""
        items: list[AnyExtension] = []
        if self.client is not None:
            items.append(ClientCertTypeSelected(self.client))
        if self.server is not None:
            items.append(ServerCertTypeSelected(self.server))
        return items


ALL_X509 = CertificateTypes()


def offers(config: ClientConfig) -> list[AnyExtension]:
    """What a client says of its own and of what it can judge; nothing where it is X.509 alone."""
    items: list[AnyExtension] = []
    own = tuple(dict.fromkeys(item.certificate_type for item in config.credentials))
    if RAW in own:
        items.append(ClientCertTypeList(own))
    if config.trust.raw_keys:
        items.append(ServerCertTypeList(_judged_by(config.trust)))
    return items


def _judged_by(trust: Trust) -> tuple[CertificateType, ...]:
    raw = (RAW,) if trust.raw_keys else ()
    return (*raw, X509) if trust.anchors or trust.insecure else raw


def wanted_of_server(hello: ClientHello) -> tuple[CertificateType, ...]:
    """What the client can judge, the preferred one first."""
    listed = hello.extensions.get(ServerCertTypeList)
    return listed.certificate_types if listed is not None else (X509,)


def wanted_of_client(types: CertificateTypes) -> tuple[CertificateType, ...]:
    """What a client is to show."""
    return (types.client or X509,)


def settle(config: ServerConfig, hello: ClientHello, credential: Credential) -> CertificateTypes:
    """A server's answer, once it knows what it shows.

    Raises:
        PeerIncompatible: ``no_common_certificate_type``: the client must show something, and has
            nothing that can be judged here.
    """
    asked = hello.extensions.has(ServerCertTypeList.extension_type)
    server = credential.certificate_type if asked else None
    listed = hello.extensions.get(ClientCertTypeList)
    if listed is None or config.client_auth == "none" or config.client_trust is None:
        return CertificateTypes(server)
    able = _judged_by(config.client_trust)
    client = next((kind for kind in listed.certificate_types if kind in able), None)
    if client is None and config.client_auth == "required":
        raise _nothing_common("the client shows", listed.certificate_types, able)
    return CertificateTypes(server, client)


def require_common(config: ServerConfig, hello: ClientHello) -> None:
    """The client must be able to judge one kind of what we have.

    Raises:
        PeerIncompatible: ``no_common_certificate_type``.
    """
    wanted = wanted_of_server(hello)
    able = tuple(dict.fromkeys(item.certificate_type for item in config.credentials))
    if able and set(able).isdisjoint(wanted):
        raise _nothing_common("the client judges", wanted, able)


def _nothing_common(
    words: str, theirs: tuple[CertificateType, ...], ours: tuple[CertificateType, ...]
) -> PeerIncompatible:
    listed, able = (", ".join(map(str, kinds)) for kinds in (theirs, ours))
    return PeerIncompatible(
        Reasons.no_common_certificate_type, f"{words} {listed}, and this server has {able}"
    )


def selected(hello: ClientHello, extensions: Extensions) -> CertificateTypes:
    """What a client learns; that the extension was asked for is known by then.

    Raises:
        PeerMisbehaved: ``certificate_type_not_offered``.
    """
    server = extensions.get(ServerCertTypeSelected)
    client = extensions.get(ClientCertTypeSelected)
    judged, shown = (
        hello.extensions.get(ServerCertTypeList),
        hello.extensions.get(ClientCertTypeList),
    )
    if server is not None and (
        judged is None or server.certificate_type not in judged.certificate_types
    ):
        raise _not_offered("the server's", server.certificate_type)
    if client is not None and (
        shown is None or client.certificate_type not in shown.certificate_types
    ):
        raise _not_offered("the client's", client.certificate_type)
    return CertificateTypes(
        server.certificate_type if server is not None else None,
        client.certificate_type if client is not None else None,
    )


def _not_offered(whose: str, kind: CertificateType) -> PeerMisbehaved:
    return PeerMisbehaved(Reasons.certificate_type_not_offered, f"{kind} for {whose} certificate")


def judge_raw(trust: Trust | None, entries: tuple[bytes, ...]) -> KnownKey:
    """A Certificate with a raw public key: one entry, and one that we know (RFC 9846, 4.5.1).

    Raises:
        PeerMisbehaved: ``raw_key_not_alone``.
        CertificateRejected: ``unknown_raw_key``.
    """
    if len(entries) != 1:
        raise PeerMisbehaved(Reasons.raw_key_not_alone, f"{len(entries)} entries")
    if trust is None:
        raise CertificateRejected(Reasons.unknown_raw_key)
    return known_key(trust, entries[0])
