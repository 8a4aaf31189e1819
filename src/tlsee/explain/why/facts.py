"""What a recording knows about its negotiation: hellos, choices, refusals. Nothing is trusted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

from tlsee.codes import CipherSuite, NamedGroup, OpenEnum, ProtocolVersion, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.suites12 import suites12
from tlsee.errors import AlertReceived, TLSError
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.post_quantum import shown_by
from tlsee.explain.reading import offered_groups, view_of
from tlsee.explain.recorded import story_of
from tlsee.explain.story import Story
from tlsee.identity.certificate import CertificateView
from tlsee.recording.recording import Recording
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.key_share import KeyShareClientHello
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages12 import ServerKeyExchange
from tlsee.wire.messages13 import EncryptedExtensions

__all__ = ["Decision", "Facts", "is_of_older", "without"]

T = TypeVar("T")
Code = TypeVar("Code", bound=OpenEnum)
LIST_LIMIT = 4096  # values of one list that are looked at


class Decision:
    """A ``Choice`` whose lists hold nothing but what they should.

    Attributes:
        able: ``None`` where the one who decided does not say.
    """

    def __init__(self, choice: Choice, kind: type[Any]) -> None:
        self.by = choice.by
        self.offered = _only(choice.offered, kind)
        self.able = _only(choice.able, kind)
        self.chosen = choice.chosen if isinstance(choice.chosen, kind) else None
        self.rule = choice.rule


class Facts:
    """A recording's negotiation.

    Attributes:
        role: whose recording it is; ``alone``: whether a listener made it.
        first, hello: the client's first hello and the one that was answered; ``None`` unread.
        retry, answer: what the server said to them.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.story: Story = story_of(recording)
        self.role = self.story.role
        self.overheard = recording.header.overheard
        hellos = [
            step.message for step in self.story.steps if isinstance(step.message, ClientHello)
        ]
        self.first: ClientHello | None = hellos[0] if hellos else None
        self.retry = self.story.first(HelloRetryRequest, Role.SERVER)
        self.answer = self.story.first(ServerHello, Role.SERVER)
        self.hello = hellos[1] if self.retry is not None and len(hellos) > 1 else self.first

    @property
    def older(self) -> bool:
        """Whether TLS 1.2 was spoken, as far as is known."""
        if self.story.version is not None:
            return self.story.is_older
        chosen = self.decision("version", ProtocolVersion)
        return chosen is not None and chosen.chosen == ProtocolVersion.TLS12

    def is_ours(self, by: Role) -> bool:
        """Whether the recorded side is this one, and so said what it knows."""
        return self.role is by and not self.overheard

    def decision(self, what: str, kind: type[Any], by: Role = Role.SERVER) -> Decision | None:
        """The last choice about this by this side."""
        found = None
        for choice in self.story.choices:
            if choice.what == what and choice.by is by:
                found = choice
        return Decision(found, kind) if found is not None else None

    @property
    def error(self) -> TLSError | None:
        """What the connection failed with, if it did."""
        error = self.story.error
        return error if isinstance(error, TLSError) else None

    @property
    def refusal(self) -> str:
        """The name of this side's reason to refuse, or nothing."""
        error = self.error
        return "" if error is None or isinstance(error, AlertReceived) else error.reason.name

    @property
    def alerted(self) -> Any:
        """The alert with which the peer ended the connection, or ``None``."""
        return self.error.alert if isinstance(self.error, AlertReceived) else None

    # --- What the client offers -----------------------------------------------------------------

    @cached_property
    def versions(self) -> tuple[ProtocolVersion, ...]:
        """RFC 9846, 4.3.1: without supported_versions it is 1.2 at most."""
        if self.first is None:
            return ()
        item = self.first.extensions.get(SupportedVersionsClientHello)
        if item is not None:
            return _only(item.versions, ProtocolVersion)
        return (min(self.first.legacy_version, ProtocolVersion.TLS12),)

    @cached_property
    def suites(self) -> tuple[CipherSuite, ...]:
        """All of them, with signals and GREASE."""
        return _only(self.first.cipher_suites, CipherSuite) if self.first is not None else ()

    @cached_property
    def groups(self) -> tuple[NamedGroup, ...]:
        """supported_groups."""
        return _only(offered_groups(self.first), NamedGroup) if self.first is not None else ()

    @cached_property
    def shares(self) -> tuple[NamedGroup, ...]:
        """The groups of which the first hello has a share."""
        found = self.first.extensions.get(KeyShareClientHello) if self.first is not None else None
        entries = found.client_shares if found is not None else ()
        return _only((entry.group for entry in entries), NamedGroup)

    @cached_property
    def schemes(self) -> tuple[SignatureScheme, ...]:
        """signature_algorithms."""
        found = self.first.extensions.get(SignatureAlgorithms) if self.first is not None else None
        listed = found.supported_signature_algorithms if found is not None else ()
        return _only(listed, SignatureScheme)

    @property
    def settings(self) -> Extensions | None:
        """Where the server answers extensions: EncryptedExtensions, in TLS 1.2 ServerHello."""
        if self.story.is_older:
            return self.answer.extensions if self.answer is not None else None
        found = self.story.first(EncryptedExtensions, Role.SERVER)
        return found.extensions if found is not None else None

    # --- What the server shows ------------------------------------------------------------------

    @cached_property
    def exchange12(self) -> Any:
        """The signed parameters of TLS 1.2's ServerKeyExchange, or ``None``."""
        message = self.story.first(ServerKeyExchange, Role.SERVER)
        if message is None:
            return None
        try:
            if self.story.key_exchange is KeyExchangeAlgorithm.dhe:
                return message.dh()
            return message.ecdh()
        except TLSError:
            return None

    def chain_of(self, by: Role) -> tuple[bytes, ...]:
        """The certificates that a side has shown, DER; empty: none, or a raw public key."""
        step = self.story.step_of(CERTIFICATES, by)
        return tuple(shown_by(step)) if step is not None else ()

    def leaf_of(self, by: Role) -> CertificateView | None:
        """The first of them, read."""
        chain = self.chain_of(by)
        return view_of(chain[0]) if chain else None

    def signs_on(self, group: NamedGroup) -> bool:
        """Whether the server's certificate has a key on this very curve (RFC 8422, 5.1.1)."""
        leaf = self.leaf_of(Role.SERVER)
        key = leaf.public_key if leaf is not None else None
        return key is not None and key.kind == f"ecdsa-{group.name}"

    # --- What a refusal says --------------------------------------------------------------------

    def refused_lists(self, kind: type[Code]) -> tuple[Code, ...]:
        """What this side has instead, out of its own refusal, which names both lists.

        A handler that refuses has told nothing, so there is no Choice about what failed.
        """
        detail = self.error.detail if self.error is not None and self.refusal else ""
        ours = detail.rpartition("this server takes " if "takes " in detail else "this server ")[2]
        named = {getattr(member, "label", member.name): member for member in kind.members()}
        found = (named.get(word.strip()) for word in ours.split(",")[:LIST_LIMIT])
        return tuple(dict.fromkeys(item for item in found if item is not None))


def _only(items: Iterable[Any], kind: type[T]) -> tuple[T, ...]:
    """Those of this kind, each once, in their order."""
    found: dict[T, None] = {}
    for item in items:
        if isinstance(item, kind) and len(found) < LIST_LIMIT:
            found[item] = None
    return tuple(found)


def without(items: Iterable[T], *gone: object) -> tuple[T, ...]:
    """The list without some."""
    return tuple(item for item in items if item not in gone)


def is_of_older(suite: CipherSuite) -> bool:
    """Whether a suite is for TLS 1.2 and before: its name says WITH, or it has a row there."""
    return suite in suites12() or "_WITH_" in suite.name
