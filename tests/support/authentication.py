"""Edits of the messages with which a peer proves who it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.endpoints import server_credential
from tests.support.hostile import Edit, Knowing
from tests.support.hostile_server import HostileServer
from tlsee.codes import ExtensionType
from tlsee.handshake.authenticate import CLIENT_CONTEXT, SERVER_CONTEXT
from tlsee.values import replace
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.block import UnknownExtension
from tlsee.wire.messages13 import Certificate, CertificateEntry, CertificateRequest


def signature(change: Callable[[bytes], bytes]) -> Edit:
    """Another signature, made of the right one."""
    return lambda message: replace(message, signature=change(message.signature))


def certificates(*chain: bytes) -> Edit:
    """These certificates, whoever holds their keys."""
    entries = tuple(CertificateEntry(der, Extensions.of()) for der in chain)
    return lambda _: Certificate(b"", entries)


def with_entry_extension(kind: int, data: bytes, place: int = 0) -> Edit:
    """An extension at the certificate with this place; the chain is repeated until there."""

    def edit(message: Any) -> Any:
        entries = list(message.certificate_list) * (place + 1)
        item = UnknownExtension(ExtensionType.of(kind), data)
        entries[place] = replace(entries[place], extensions=Extensions.of(item))
        return replace(message, certificate_list=tuple(entries))

    return edit


def badly_signed(how: str) -> Edit:
    """A true signature over something else.

    ``key``: by another key; ``role``: as if by the other side; ``transcript``: over what was said
    before the certificate; ``bare``: without the context that keeps signatures apart.
    """

    def edit(peer: Any, message: Any) -> Any:
        own, other = SERVER_CONTEXT, CLIENT_CONTEXT
        if not isinstance(peer, HostileServer):
            own, other = other, own
        digest, older = peer.transcript.digest(), peer.older.digest()
        signer = peer.credential.signer
        if how == "key":
            signer = server_credential(name="another.test").signer
        content = {
            "key": own + digest,
            "role": other + digest,
            "transcript": own + older,
            "bare": digest,
        }[how]
        return replace(message, signature=signer.sign(message.algorithm, content))

    return Knowing(edit)


def finished_by(how: str) -> Edit:
    """A Finished by the ``other`` side's key, or over an ``older`` transcript."""

    def edit(peer: Any, message: Any) -> Any:
        secret = peer.reading if how == "other" else peer.writing
        transcript = peer.older if how == "older" else peer.transcript
        return replace(message, verify_data=secret.finished(transcript.digest()))

    return Knowing(edit)


def request_with(*kinds_and_data: Any) -> Edit:
    """A CertificateRequest with these extensions, type and data in turn."""

    def edit(message: CertificateRequest) -> Any:
        pairs = zip(kinds_and_data[::2], kinds_and_data[1::2], strict=True)
        new = {kind: UnknownExtension(ExtensionType.of(kind), data) for kind, data in pairs}
        kept = [new.pop(item.extension_type, item) for item in message.extensions]
        return replace(message, extensions=Extensions.of(*kept, *new.values()))

    return edit
