"""What follows from messages that somebody overheard: the choices that were made.

A listener knows what was offered and what was chosen, and no more: why is nobody's to guess.
"""

from __future__ import annotations

from collections.abc import Iterator

from tlsee import defaults
from tlsee.codes import NamedGroup
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.groups import EXPLICIT_GROUP, field_parameters
from tlsee.crypto.suites12 import Suite12
from tlsee.explain.reading import offered_groups, offered_versions
from tlsee.handshake.negotiate import NOTHING_OFFERED, PEER_DECIDED, peer_chose
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.key_share import KeyShareServerHello
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import ServerDHParams, ServerKeyExchange
from tlsee.wire.messages13 import CertificateVerify

__all__ = ["alpn_chosen", "of_hellos", "of_parameters", "of_signature", "version_of"]


def version_of(answer: ServerHello) -> int:
    """The version that the server selected (RFC 9846, 4.3.1)."""
    item = answer.extensions.get(SupportedVersionsServerHello)
    return item.selected_version if item is not None else answer.legacy_version


def of_hellos(hello: ClientHello, answer: ServerHello) -> Iterator[Choice]:
    """Version and suite, and in 1.3 the group."""
    item = answer.extensions.get(SupportedVersionsServerHello)
    version = item.selected_version if item is not None else answer.legacy_version
    yield peer_chose("version", tuple(offered_versions(hello)), version)
    yield peer_chose("suite", hello.cipher_suites, answer.cipher_suite)
    share = answer.extensions.get(KeyShareServerHello)
    if share is not None:
        yield peer_chose("group", tuple(offered_groups(hello)), share.server_share.group)


def alpn_chosen(hello: ClientHello, extensions: Extensions) -> Choice:
    """The application protocol; in 1.2 ServerHello says it, in 1.3 EncryptedExtensions."""
    offered = hello.extensions.get(ProtocolNameList)
    answer = extensions.get(ProtocolNameList)
    if offered is None:
        return Choice("alpn", (), (), None, NOTHING_OFFERED, Role.SERVER)
    names = answer.protocol_name_list if answer is not None else ()
    return peer_chose("alpn", offered.protocol_name_list, names[0] if names else None)


def of_signature(hello: ClientHello, message: CertificateVerify) -> Choice:
    """The scheme of the server's CertificateVerify."""
    return _scheme(hello, message.algorithm)


def of_parameters(
    hello: ClientHello, suite: Suite12, message: ServerKeyExchange
) -> Iterator[Choice]:
    """Group and scheme of TLS 1.2.

    Raises:
        PeerMisbehaved: the message cannot be read.
    """
    groups = tuple(offered_groups(hello))
    if suite.key_exchange is KeyExchangeAlgorithm.dhe:
        finite = message.dh()
        fields = tuple(group for group in groups if group.is_finite_field)
        yield Choice("group", fields, (), _field(finite.params), PEER_DECIDED, Role.SERVER)
        yield _scheme(hello, finite.signed_params.algorithm)
    elif suite.key_exchange is KeyExchangeAlgorithm.ecdhe:
        elliptic = message.ecdh()
        yield peer_chose("group", groups, elliptic.params.named_curve)
        yield _scheme(hello, elliptic.signed_params.algorithm)


def _scheme(hello: ClientHello, chosen: object) -> Choice:
    item = hello.extensions.get(SignatureAlgorithms)
    offered = item.supported_signature_algorithms if item is not None else ()
    return peer_chose("scheme", offered, chosen)


def _field(params: ServerDHParams) -> NamedGroup:
    """A group of RFC 7919 by its numbers, or one of the server's own."""
    for code in defaults.FINITE_FIELDS:
        if field_parameters(code) == (params.dh_p, params.dh_g):
            return code
    return EXPLICIT_GROUP
