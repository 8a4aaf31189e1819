"""TLS 1.2's three key exchanges: what the server signs, what the client answers, what both get.

ECDHE and DHE have a ServerKeyExchange whose parameters are signed; RSA has none, for there the
certificate's key decrypts.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import ECCurveType, KeyExchangeAlgorithm
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto import rsa_exchange
from tlsee.crypto.finite_field import padded, premaster_of
from tlsee.crypto.groups import field_parameters
from tlsee.crypto.provider import Decrypter, Group, OwnShare, Provider
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.schemes import SignatureValid
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.session12 import Session12
from tlsee.values import replace, value
from tlsee.wire.codec import write
from tlsee.wire.messages12 import (
    ClientDiffieHellmanPublic,
    ClientECDiffieHellmanPublic,
    ClientKeyExchange,
    DigitallySigned,
    EncryptedPreMasterSecret,
    ServerDHParams,
    ServerECDHParams,
    ServerKeyExchange,
)


@value
class ServerParameters:
    """The server's ephemeral key in its group, with the receipt for the signature over it."""

    code: NamedGroup
    group: Group
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
    return config.provider.schemes12()[scheme].verify(key, signature, content)


# --- The client -----------------------------------------------------------------------------------


def check_parameters(
    config: ClientConfig, session: Session12, key: PublicKey, message: ServerKeyExchange
) -> ServerParameters:
    """RFC 5246, 7.4.3: the signature is over both randoms and the parameters.

    Raises:
        PeerMisbehaved: the group was not offered or is unfit, the scheme was not offered, or the
            signature is wrong.
    """
    if session.suite.key_exchange is KeyExchangeAlgorithm.dhe:
        finite = message.dh()
        signed, prefix = finite.signed_params, message.params(finite)
        group = config.provider.finite_field(finite.params.dh_p, finite.params.dh_g)
        code = group.code
        public = padded(finite.params.dh_Ys, group.client_share_length)
    else:
        elliptic = message.ecdh()
        signed, prefix = elliptic.signed_params, message.params(elliptic)
        code, public = elliptic.params.named_curve, elliptic.params.public
        if code not in config.groups12:
            raise PeerMisbehaved(Reasons.group_not_offered, str(code))
        group = config.provider.groups[code]
    content = session.client_random + session.server_random + prefix
    receipt = verify12(config, key, signed.algorithm, signed.signature, content)
    return ServerParameters(code, group, public, signed.algorithm, receipt)


def client_exchange(
    provider: Provider,
    session: Session12,
    parameters: ServerParameters | None,
    key: PublicKey,
    offered: ProtocolVersion,
) -> tuple[ClientKeyExchange, bytes]:
    """Our half, and the premaster secret; ``offered`` is legacy_version of our hello.

    Raises:
        PeerMisbehaved: the server's public value is none of its group.
    """
    if parameters is None:
        premaster = rsa_exchange.new_premaster(
            offered, lambda count: provider.random(count, "premaster")
        )
        encrypted = EncryptedPreMasterSecret(provider.encrypt(key, premaster))
        return ClientKeyExchange(write(encrypted)), premaster
    response = parameters.group.respond(parameters.public)
    if session.suite.key_exchange is KeyExchangeAlgorithm.dhe:
        finite = ClientDiffieHellmanPublic(response.share)
        return ClientKeyExchange(write(finite)), premaster_of(response.secret)
    elliptic = ClientECDiffieHellmanPublic(response.share)
    return ClientKeyExchange(write(elliptic)), response.secret


# --- The server -----------------------------------------------------------------------------------


@value
class Ephemeral:
    """The server's ephemeral key, which is used once."""

    code: NamedGroup
    group: Group
    share: OwnShare
    _hidden: ClassVar[frozenset[str]] = frozenset({"share"})

    def fork(self) -> Ephemeral:
        """With a share of its own."""
        return replace(self, share=self.share.fork())


@value
class KeyTransport:
    """RSA: who decrypts, and what stands in for a premaster that is none, drawn beforehand."""

    decrypter: Decrypter
    fallback: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"decrypter", "fallback"})

    def fork(self) -> KeyTransport:
        """Nothing in it is used up."""
        return self


def ephemeral(config: ServerConfig, code: NamedGroup) -> Ephemeral:
    """A fresh key in a group."""
    group = config.provider.groups[code]
    return Ephemeral(code, group, group.generate())


def server_parameters(secret: Ephemeral) -> bytes:
    """What the server is to sign, behind the randoms."""
    if secret.code.is_finite_field:
        p, g = field_parameters(secret.code)
        return write(ServerDHParams(p, g, secret.share.public))
    return write(ServerECDHParams(ECCurveType.named_curve, secret.code, secret.share.public))


def server_key_exchange(
    parameters: bytes, scheme: SignatureScheme, signature: bytes
) -> ServerKeyExchange:
    """The message around the signed parameters."""
    return ServerKeyExchange(parameters + write(DigitallySigned(scheme, signature)))


def finish_exchange(secret: Ephemeral, message: ClientKeyExchange) -> bytes:
    """The server's premaster secret under (EC)DHE.

    Raises:
        PeerMisbehaved: the client's public value is none of the group.
    """
    if secret.code.is_finite_field:
        public = padded(message.dh().dh_Yc, secret.group.client_share_length)
        return premaster_of(secret.share.finish(public))
    return secret.share.finish(message.ecdh().ecdh_Yc)


def open_premaster(secret: KeyTransport, plaintext: bytes, offered: ProtocolVersion) -> bytes:
    """The server's premaster secret under RSA: the plaintext, or the fallback, without a branch."""
    return rsa_exchange.select_premaster(plaintext, offered, secret.fallback)


FALLBACK_LENGTH = rsa_exchange.PREMASTER_LENGTH
