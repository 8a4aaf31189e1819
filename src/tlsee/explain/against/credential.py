"""A server's certificate without its key: enough to see what would be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.codes import SignatureScheme
from tlsee.crypto.provider import LATER, Later
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.schemes import schemes_for
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.explain.rejudging import chain_of
from tlsee.explain.story import Story
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.trace import Role

__all__ = ["chain_alone", "recorded_credential"]


class NoKey:
    """A signer that never answers: a judgement ends before a signature is needed."""

    def __init__(self, public_key: PublicKey) -> None:
        self.public_key = public_key

    @property
    def schemes(self) -> Sequence[SignatureScheme]:
        """What the key could sign with."""
        return schemes_for(self.public_key)

    def sign(self, scheme: SignatureScheme, content: bytes) -> Later:  # noqa: ARG002 - a Signer
        """Not here."""
        return LATER


def chain_alone(chain: Sequence[bytes]) -> Credential:
    """A credential of certificates alone, DER and our own first; expired ones are taken as well.

    Raises:
        ApiMisuse: there is none, or one that cannot be read or used.
    """
    if not chain:
        raise ApiMisuse("a credential without a certificate", "give the chain, leaf first")
    try:
        key = leaf_key(chain[0])
    except PeerMisbehaved as problem:
        raise ApiMisuse(f"the certificate cannot be used: {problem.detail}") from None
    return Credential(tuple(chain), NoKey(key)).despite_flaws()


def recorded_credential(story: Story) -> Credential | None:
    """What the server of a recording showed; ``None`` where it showed none that can be used."""
    chain = chain_of(story, Role.SERVER)
    if not chain:
        return None
    try:
        return chain_alone(chain)
    except ApiMisuse:
        return None
