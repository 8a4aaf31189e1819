"""Whether the server's signature holds: a listener can check it, and needs no secret for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tlsee.codes import SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.public_keys import PublicKey, load_public_key
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes import Scheme
from tlsee.crypto.schemes12 import schemes12
from tlsee.crypto.suites12 import Suite12
from tlsee.errors import TLSError
from tlsee.explain.reading import view_of
from tlsee.handshake.authenticate import SERVER_CONTEXT, signed_content
from tlsee.keys.transcript import Transcript
from tlsee.wire.messages12 import ServerKeyExchange
from tlsee.wire.messages13 import CertificateVerify

__all__ = ["holds12", "holds13"]


def holds13(chain: Sequence[bytes], heard: Transcript, message: CertificateVerify) -> bool | None:
    """Whether CertificateVerify is the leaf's signature over what was heard (RFC 9846, 4.5.2).

    ``None``: the key or the scheme is not known here.
    """
    content = signed_content(SERVER_CONTEXT, heard)
    return _holds(PROVIDER.schemes.get, chain, message.algorithm, message.signature, content)


def holds12(
    chain: Sequence[bytes], suite: Suite12, randoms: bytes, message: ServerKeyExchange
) -> bool | None:
    """Whether the parameters are signed by the leaf (RFC 5246, 7.4.3); ``None`` as above.

    Raises:
        PeerMisbehaved: the message cannot be read.
    """
    dhe = suite.key_exchange is KeyExchangeAlgorithm.dhe
    found = message.dh() if dhe else message.ecdh()
    content, signed = randoms + message.params(found), found.signed_params
    return _holds(schemes12().get, chain, signed.algorithm, signed.signature, content)


def _holds(
    rows: Callable[[SignatureScheme], Scheme | None],
    chain: Sequence[bytes],
    algorithm: SignatureScheme,
    signature: bytes,
    content: bytes,
) -> bool | None:
    key, scheme = _key(chain), rows(algorithm)
    if key is None or scheme is None:
        return None
    if not scheme.fits(key):  # a key that is too short may well have signed
        return None if key.kind == scheme.kind else False
    try:
        scheme.verify(key, signature, content)
    except TLSError:
        return False
    return True


def _key(chain: Sequence[bytes]) -> PublicKey | None:
    """The leaf's key, or a raw public key in its place (RFC 7250)."""
    if not chain:
        return None
    leaf = view_of(chain[0])
    if leaf is not None:
        return leaf.public_key
    try:
        return load_public_key(chain[0])
    except TLSError:
        return None
