"""Published traces: an endpoint of ours that is given a trace's values and must give its bytes.

The wording comes from the trace by way of a ``Composer``; keys, randoms, clock and signatures by
way of a journal. Everything else (framing, shares, transcripts, keys, Finished, records) is ours,
and nothing that is compared is copied: messages are built again from their values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.handshake.compose import Agreement, Composer
from tlsee.handshake.psk13 import Before, Offered, SelectedPsk, with_psks
from tlsee.trace import Role
from tlsee.values import fields_of, replace, value
from tlsee.wire.codec import Message, decode
from tlsee.wire.extensions.block import AnyExtension, Extensions
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.key_share import KeyShareClientHello, KeyShareEntry
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    EncryptedExtensions,
)

__all__ = ["SECTIONS", "Step", "Trace", "TraceComposer", "load", "rebuilt"]

FILE = Path(__file__).parents[1] / "vectors" / "rfc8448.json"
SECTIONS = ("3", "4", "5", "6", "7")  # of RFC 8448; section 4 resumes what section 3 began

M = TypeVar("M", bound=Message)


@value
class Step:
    """Something that one side of a trace does.

    ``kind`` is one of key_share (``name``: the group), message (its name), record (its content
    type), extract (the stage), derive (the label), keys (epoch and direction), finished. ``data``
    has the values by name; a derive, keys or finished step has ``secret``: what it starts from.
    """

    by: Role
    kind: str
    name: str
    data: dict[str, bytes]

    def __getitem__(self, name: str) -> bytes:
        return self.data[name]


@value
class Trace:
    """A section's steps in their order."""

    section: str
    steps: tuple[Step, ...]

    def all(self, kind: str, by: Role | None = None, name: str | None = None) -> tuple[Step, ...]:
        """The steps of a kind, of one side, of a name."""
        return tuple(
            step
            for step in self.steps
            if step.kind == kind and by in (None, step.by) and name in (None, step.name)
        )

    def message(self, by: Role, cls: type[M], number: int = 0) -> M:
        """A message as a value that has forgotten its bytes."""
        raw = self.all("message", by, cls.__name__)[number]["raw"]
        return rebuilt(decode(cls, raw))

    def has(self, name: str) -> bool:
        """Whether there is a message of this name."""
        return bool(self.all("message", None, name))

    def digest(self, by: Role, name: str) -> bytes:
        """Transcript-Hash from the first ClientHello to the first message of that name.

        Computed here with nothing of ours; RFC 9846, 4.1 says what a retry does to it.
        """
        heard = b""
        for step in self.all("message"):
            if step.name == "HelloRetryRequest":
                heard = b"\xfe\x00\x00\x20" + hashlib.sha256(heard).digest()
            heard += step["raw"]
            if (step.by, step.name) == (by, name):
                break
        return hashlib.sha256(heard).digest()

    def signature(self, by: Role) -> tuple[SignatureScheme, bytes, bytes]:
        """Scheme, signature and what was signed (RFC 9846, 4.5.2)."""
        made = self.message(by, CertificateVerify)
        context = f"TLS 1.3, {by.value} CertificateVerify".encode()
        content = b"\x20" * 64 + context + b"\x00" + self.digest(by, "Certificate")
        return made.algorithm, made.signature, content

    def chain(self, by: Role) -> tuple[bytes, ...]:
        """The certificates that this side shows."""
        entries = self.message(by, Certificate).certificate_list
        return tuple(entry.cert_data for entry in entries)

    @property
    def server_hello(self) -> ServerHello:
        """The one that is not a HelloRetryRequest."""
        return self.message(Role.SERVER, ServerHello)

    @property
    def group(self) -> NamedGroup:
        """The group that was agreed on."""
        return NamedGroup.named(self.all("key_share", Role.SERVER)[-1].name)


@lru_cache(maxsize=len(SECTIONS))
def load(section: str) -> Trace:
    """A section of RFC 8448."""
    told = json.loads(FILE.read_text(encoding="utf-8"))[section]
    return Trace(section, tuple(_step(item) for item in _with_contents(told)))


def _step(item: dict[str, str]) -> Step:
    head = {"by", "kind", "name"}
    data = {name: bytes.fromhex(text) for name, text in item.items() if name not in head}
    return Step(Role(item["by"]), item["kind"], item["name"], data)


def _with_contents(told: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """A handshake record holds the messages that its sender made since its last one."""
    gathered = {"client": "", "server": ""}
    items = []
    for told_item in told:
        item = told_item
        if item["kind"] == "message":
            gathered[item["by"]] += item["raw"]
        elif item["kind"] == "record" and item["name"] == "handshake":
            item = {**item, "content": gathered[item["by"]]}
            gathered[item["by"]] = ""
        items.append(item)
    return items


T = TypeVar("T")


def rebuilt(item: T) -> T:
    """The same value without the bytes that messages and extension blocks remember."""
    plain: Any = item
    if isinstance(item, Extensions):
        plain = Extensions.of(*map(rebuilt, item)) if item.present else item
    elif isinstance(item, tuple):
        plain = tuple(map(rebuilt, item))
    elif hasattr(type(item), "_layout"):
        plain = replace(item, **{n: rebuilt(getattr(item, n)) for n in fields_of(type(item))})
    result: T = plain
    return result


def _exchanged(extensions: Extensions, *items: AnyExtension) -> Extensions:
    """The same block with these in the places of their types."""
    by_type = {item.extension_type: item for item in items}
    return Extensions.of(*(by_type.get(item.extension_type, item) for item in extensions))


class TraceComposer(Composer):
    """Says what a trace says, and leaves to the machine what the machine has to give."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def client_hello(
        self, config: ClientConfig, server_name: str | None, entries: tuple[KeyShareEntry, ...]
    ) -> ClientHello:
        hello = self.trace.message(Role.CLIENT, ClientHello)
        session_id = hello.legacy_session_id
        items = [item for item in hello.extensions if not isinstance(item, PreSharedKeyClientHello)]
        return replace(
            hello,
            random=config.provider.random(32),
            legacy_session_id=config.provider.random(32) if session_id else b"",
            extensions=_exchanged(Extensions.of(*items), KeyShareClientHello(entries)),
        )

    def offer_psks(
        self, hello: ClientHello, psks: Offered, early: bool, before: Before
    ) -> ClientHello:
        """Early data is announced where the trace's hello does it: it is there already."""
        assert early
        return with_psks(hello, psks, False, before)

    def second_client_hello(
        self, first: ClientHello, retry: HelloRetryRequest, entry: KeyShareEntry | None
    ) -> ClientHello:
        hello = self.trace.message(Role.CLIENT, ClientHello, 1)
        assert entry is not None
        cookie = retry.extensions.require(Cookie)
        extensions = _exchanged(hello.extensions, KeyShareClientHello((entry,)), cookie)
        return replace(hello, random=first.random, extensions=extensions)

    def hello_retry_request(
        self, hello: ClientHello, agreement: Agreement, cookie: bytes | None
    ) -> HelloRetryRequest:
        return replace(
            self.trace.message(Role.SERVER, HelloRetryRequest),
            legacy_session_id_echo=hello.legacy_session_id,
            cipher_suite=agreement.suite,
        )

    def server_hello(
        self,
        config: ServerConfig,
        hello: ClientHello,
        agreement: Agreement,
        share: bytes,
        psk: SelectedPsk | None,
    ) -> ServerHello:
        """Our own, with its extensions in the trace's order."""
        ours = super().server_hello(config, hello, agreement, share, psk)
        types = self.trace.server_hello.extensions.types
        items = sorted(ours.extensions, key=lambda item: types.index(item.extension_type))
        return replace(ours, extensions=Extensions.of(*items))

    def encrypted_extensions(
        self, config: ServerConfig, hello: ClientHello, agreement: Agreement, early: bool
    ) -> EncryptedExtensions:
        return self.trace.message(Role.SERVER, EncryptedExtensions)

    def certificate_request(self, config: ServerConfig, context: bytes = b"") -> CertificateRequest:
        return self.trace.message(Role.SERVER, CertificateRequest)
