"""TLS 1.2's key exchange messages: what the server signs, what the client answers.

One row per key exchange; a suite's row names which.
"""

from __future__ import annotations

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.codes12 import ECCurveType
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.provider import OwnShare
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.schemes import SignatureValid
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.session12 import Session12
from tlsee.values import value
from tlsee.wire.codec import write
from tlsee.wire.messages12 import (
    ClientECDiffieHellmanPublic,
    ClientKeyExchange,
    DigitallySigned,
    ServerECDHParams,
    ServerKeyExchange,
)


@value
class ServerParameters:
    """The server's ephemeral key, with the receipt for the signature over it."""

    group: NamedGroup
    public: bytes
    scheme: SignatureScheme
    receipt: SignatureValid


def verify12(
    config: ClientConfig | ServerConfig,
    key: PublicKey,
    scheme: SignatureScheme,
    signature: bytes,
    content: bytes,
) -> SignatureValid:
    """A signature of a 1.2 handshake: with a scheme we offered, that fits the key.

    Raises:
        PeerMisbehaved: scheme_not_offered, scheme_not_for_key or bad_signature.
    """
    if scheme not in config.schemes12:
        raise PeerMisbehaved(Reasons.scheme_not_offered, str(scheme))
    row = config.provider.schemes[scheme]
    return row.verify(key, signature, content)


def check_parameters(
    config: ClientConfig, session: Session12, key: PublicKey, message: ServerKeyExchange
) -> ServerParameters:
    """RFC 8422, 5.4: the signature is over both randoms and the parameters.

    Raises:
        PeerMisbehaved: the group or the scheme was not offered, or the signature is wrong.
    """
    found = message.ecdh()
    group = found.params.named_curve
    if group not in config.groups12:
        raise PeerMisbehaved(Reasons.group_not_offered, str(group))
    signed = found.signed_params
    content = session.client_random + session.server_random + message.params(found)
    receipt = verify12(config, key, signed.algorithm, signed.signature, content)
    return ServerParameters(group, found.params.public, signed.algorithm, receipt)


def client_exchange(
    config: ClientConfig, session: Session12, parameters: ServerParameters | None
) -> tuple[ClientKeyExchange, bytes]:
    """Our half, and the premaster secret (RFC 8422, 5.7 and 5.10).

    Raises:
        PeerMisbehaved: the server's public value is none of its group.
    """
    if parameters is None:
        raise PeerMisbehaved(Reasons.suite_not_offered, str(session.suite.code))
    response = config.provider.groups[parameters.group].respond(parameters.public)
    public = ClientECDiffieHellmanPublic(response.share)
    return ClientKeyExchange(write(public)), response.secret


def server_parameters(group: NamedGroup, share: OwnShare) -> bytes:
    """What the server is to sign, behind the randoms."""
    return write(ServerECDHParams(ECCurveType.named_curve, group, share.public))


def server_key_exchange(
    parameters: bytes, scheme: SignatureScheme, signature: bytes
) -> ServerKeyExchange:
    """The message around the signed parameters."""
    return ServerKeyExchange(parameters + write(DigitallySigned(scheme, signature)))


def finish_exchange(share: OwnShare, message: ClientKeyExchange) -> bytes:
    """The server's premaster secret.

    Raises:
        PeerMisbehaved: the client's public value is none of the group.
    """
    return share.finish(message.ecdh().ecdh_Yc)
