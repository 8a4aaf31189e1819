"""The early stage of TLS 1.3: each offered key's secret, its binder, and what goes early."""

from __future__ import annotations

from typing import Any

from tlsee.codes import ExtensionType, HandshakeType
from tlsee.crypto.suites import Suite, suites
from tlsee.explain.keytree.listening import Context, Heard, Listener
from tlsee.explain.keytree.naming import Name
from tlsee.explain.keytree.node import KeyInput
from tlsee.explain.keytree.sources import IDENTITIES_LIMIT, FoundPsk, Psks
from tlsee.explain.keytree.transcripts import Said, Transcripts, named
from tlsee.explain.story import Step
from tlsee.recording.recording import Recording
from tlsee.trace import Epoch, KeysInstalled, Role
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PreSharedKeyServerHello
from tlsee.wire.hellos import ClientHello, ServerHello

__all__ = ["Offers", "offers_psk"]


def offers_psk(hello: ClientHello) -> bool:
    """Whether there is a key schedule before any server has answered."""
    return hello.extensions.get(PreSharedKeyClientHello) is not None


class Offers:
    """The pre-shared keys of one connection's hellos.

    Attributes:
        taken: the stage of the key that the server took, or ``None``.
    """

    def __init__(
        self,
        recording: Recording,
        said: Said,
        listener: Listener,
        schedule: Any,
        transcripts: Transcripts,
        suite: Suite | None,
    ) -> None:
        self._recording, self._said, self._listener = recording, said, listener
        self._schedule, self._transcripts, self._suite = schedule, transcripts, suite
        self._hellos = [s for s in said.handshake if isinstance(s.message, ClientHello)][:2]
        self._answer = said.step(HandshakeType.server_hello, Role.SERVER)
        self._selected = self._selected_identity()
        self._psks = Psks(recording, self._selected)
        self._keys: dict[bytes, Heard] = {}
        self.taken: Any = None

    def run(self) -> None:
        """All hellos, all identities."""
        for number, step in enumerate(self._hellos):
            offered = step.message.extensions.get(PreSharedKeyClientHello)
            if offered is None:
                continue
            last = number == len(self._hellos) - 1
            digests = self._truncated(step, offered)
            for index in range(min(len(offered.identities), IDENTITIES_LIMIT)):
                found = self._psks.of(offered, index, {k: bytes(v) for k, v in digests.items()})
                if found is None or found.suite.hash_name not in digests:
                    continue
                stage = self._stage(offered, index, found)
                self._binder(step, stage, offered, index, found, digests)
                early = step.message.extensions.has(ExtensionType.early_data)
                if early and not index and not number:
                    self._early_data(step, stage)
                if last and index == self._selected and self._fits(found):
                    self.taken = stage
        if self._selected is not None and self.taken is None and self._suite is not None:
            self.taken = self._unnamed()

    def _selected_identity(self) -> int | None:
        message = self._answer.message if self._answer is not None else None
        if not isinstance(message, ServerHello):
            return None
        taken = message.extensions.get(PreSharedKeyServerHello)
        return taken.selected_identity if taken is not None else None

    def _fits(self, found: FoundPsk) -> bool:
        return self._suite is not None and found.suite.hash_name == self._suite.hash_name

    def _truncated(self, step: Step, offered: PreSharedKeyClientHello) -> dict[str, Context]:
        """What binders are over, by hash; after a retry the suite's hash is the only one."""
        length = 2 + sum(1 + len(binder) for binder in offered.binders)
        heard = self._said.upto(step)
        wanted = {32: "sha256", 48: "sha384"}
        names = {wanted[len(b)] for b in offered.binders if len(b) in wanted}
        if len(heard) > 1:
            names = {self._suite.hash_name} if self._suite is not None else set()
        cut = step.raw[:-length]
        return {name: self._transcripts.of(name, heard, cut) for name in sorted(names)}

    def _stage(self, offered: PreSharedKeyClientHello, index: int, found: FoundPsk) -> Any:
        """The early secret of one key."""
        suite = self._suite if self._suite is not None and self._fits(found) else found.suite
        identity = offered.identities[index].identity
        if identity not in self._keys:
            name = "PSK" if self._is_the_key(identity) else f"PSK (identity {index + 1})"
            about = f"The key that identity {index + 1} of the hello names. {found.about}"
            length = suite.hash_length if found.label == "res binder" else 0
            made = Name(name, "early", "RFC 9846, 4.3.11", about)
            self._keys[identity] = self._listener.given(made, found.key, length)
        return self._schedule.EarlyStage.start(suite, self._keys[identity])

    def _is_the_key(self, identity: bytes) -> bool:
        """Whether it is the one that counts: taken, or alone where nobody has answered."""
        last = self._hellos[-1].message.extensions.get(PreSharedKeyClientHello)
        identities = last.identities if last is not None else ()
        if self._selected is not None and self._selected < len(identities):
            return bool(identities[self._selected].identity == identity)
        return self._answer is None and len(identities) == 1

    def _binder(
        self,
        step: Step,
        stage: Any,
        offered: PreSharedKeyClientHello,
        index: int,
        found: FoundPsk,
        digests: dict[str, Context],
    ) -> None:
        """The binder computed, and compared with the hello's."""
        if index >= len(offered.binders):
            return
        said, where = offered.binders[index], named(step)
        psk = self._keys[offered.identities[index].identity]
        if not found.label:  # "ext binder" and "imp binder" are both possible
            suffix = psk.node.removeprefix("PSK")
            about = "The proof of the key. Nothing tells whether it is an external or imported one."
            name = Name(f"binder{suffix}", "early", "RFC 9846, 4.3.11.2", about)
            inputs = (KeyInput("PSK", psk.node),)
            made = self._listener.given(name, said, inputs=inputs)
        else:
            digest = digests[found.suite.hash_name]
            made = stage.binder(found.label.encode(), digest)
            self._listener.seen(made.node, said, where)
        self._listener.used(made.node, step.number, f"stands in {where}")

    def _early_data(self, step: Step, stage: Any) -> None:
        """0-RTT goes under the first identity's key, over the hello alone."""
        suite = self._early_suite(stage.suite)
        stage = self._schedule.EarlyStage(suite, stage.secret)
        digest = self._transcripts.of(suite.hash_name, [step])
        stage.early_traffic(digest).keys()
        stage.early_exporter(digest)

    def _early_suite(self, fallback: Suite) -> Suite:
        """Of the session, which need not be the connection's; the hash is that of the key."""
        rows = suites()
        for event in self._recording.events():
            if isinstance(event, KeysInstalled) and event.epoch is Epoch.EARLY:
                row = rows.get(event.suite)
                if row is not None and row.hash_name == fallback.hash_name:
                    return row
        return fallback

    def _unnamed(self) -> Any:
        """The server took a key of which nothing can be told."""
        assert self._suite is not None
        about = "The key that the server took. The recording does not tell which it is."
        name = Name("PSK", "early", "RFC 9846, 4.3.11", about)
        return self._schedule.EarlyStage.start(self._suite, self._listener.given(name, None))
