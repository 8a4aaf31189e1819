"""What each message says, in a sentence or two: read from its bytes, and from nothing else.

In quotes is what the sender says to the peer, in its own voice; behind the quotes is what it is
for, and what the other side made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tlsee.codes import CipherSuite, ExtensionType, KeyUpdateRequest, ProtocolVersion
from tlsee.explain import sentences12, sentences_sessions
from tlsee.explain.layout import listed, short_hex
from tlsee.explain.phrases import asked_for, finished, introduced, judged, signed
from tlsee.explain.reading import offered_groups, offered_versions, server_name
from tlsee.explain.story import Kind, Step, Story
from tlsee.text import count, printable
from tlsee.trace import Epoch
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import (
    SupportedVersionsServerHello,
)
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
    KeyUpdate,
    NewSessionTicket,
)

# What stands among the cipher suites and is none (RFC 5746, 3.3; RFC 7507, 2).
_SIGNALS = (CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV, CipherSuite.TLS_FALLBACK_SCSV)


def sentence_of(step: Step, story: Story, peer_story: Story | None) -> str:
    """What a handshake message says, or a ChangeCipherSpec; what data is that comes early.

    Args:
        step: the message.
        story: of the side whose steps are told.
        peer_story: of the other side, where both were watched: it knows what came of our own
            messages.
    """
    if step.kind is Kind.CHANGE:
        return sentences12.change_cipher_spec(step, story)
    if step.kind is Kind.DATA:
        return sentences_sessions.early_data(story) if step.epoch is Epoch.EARLY else ""
    speak = _SPEAKERS.get(type(step.message))
    if speak is None:
        return "Cannot be read here." if step.message is None else ""
    heard = peer_story if step.sent else story
    return speak(step, story, heard)


def _protocols(item: ProtocolNameList) -> list[str]:
    return [printable(name, 32) for name in item.protocol_name_list]


def _client_hello(step: Step, story: Story, _heard: Story | None) -> str:
    hello: ClientHello = step.message
    shares = hello.extensions.get(KeyShareClientHello)
    sent = [str(e.group) for e in shares.client_shares if not e.group.is_grease] if shares else []
    before = [s for s in story.steps[: step.number - 1] if isinstance(s.message, ClientHello)]
    if before:
        half = f"with my half for {listed(sent)}" if sent else "with what you asked for"
        again = f'"Once more, {half}. All else as before."'
        if hello.extensions.has(ExtensionType.pre_shared_key):
            again += " The binder is another: it covers what was said since."
        return again
    versions = [v for v in offered_versions(hello) if not v.is_grease]
    suites = [s for s in hello.cipher_suites if not s.is_grease and s not in _SIGNALS]
    groups = [group for group in offered_groups(hello) if not group.is_grease]
    lists = [count(len(suites), "cipher suite")]
    lists += [count(len(groups), "group")] if groups else []  # none is for those that need none
    are = "is" if len(suites) == len(lists) == 1 else "are"
    text = f'"I speak {_versions(versions)}; here {are} {" and ".join(lists)}, and '
    if sent:
        each = "for" if len(sent) == 1 else f"for {_number(len(sent))} of them:"
        text += f"my half of a key exchange {each} {listed(sent)}."
    else:
        text += "no half of a key exchange yet."
    name = server_name(hello)
    text += f" I look for {name}." if name else " I do not say whom I look for."
    protocols = hello.extensions.get(ProtocolNameList)
    if protocols is not None:
        text += f" After this I would speak {listed(_protocols(protocols), 'or')}."
    text += sentences_sessions.recalled(hello)
    known_as = " (the textbooks' nonce)" if story.is_older else ""
    return f'{text} My random{known_as} is {short_hex(hello.random)}."'


def _versions(versions: Sequence[ProtocolVersion]) -> str:
    labels = [version.label for version in versions]
    return listed([labels[0], *(label.removeprefix("TLS ") for label in labels[1:])])


def _number(number: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if number < len(words) else str(number)


def _server_hello(step: Step, story: Story, _heard: Story | None) -> str:
    hello: ServerHello = step.message
    version = hello.extensions.get(SupportedVersionsServerHello)
    if version is None:
        if story.resumed:
            return sentences_sessions.known_again12(hello)
        return sentences12.server_hello(hello)
    if hello.extensions.has(ExtensionType.pre_shared_key):
        return sentences_sessions.known_again(hello, story)
    label = version.selected_version.label
    share = hello.extensions.get(KeyShareServerHello)
    if share is None:
        return f'"{label}, {hello.cipher_suite}."'
    return (
        f'"{label}, {hello.cipher_suite}, {share.server_share.group}, and here is my half."\n'
        "Both now compute the same secret; a listener, who saw it all, cannot."
    )


def _hello_retry_request(step: Step, _story: Story, _heard: Story | None) -> str:
    retry: HelloRetryRequest = step.message
    wish = retry.extensions.get(KeyShareHelloRetryRequest)
    text = f'"Not yet: send me your half for {wish.selected_group}' if wish else '"Not yet'
    if retry.extensions.get(Cookie) is not None:
        text += ", and this cookie, so that I need not remember you"
    return f'{text}." Costs one more round trip.'


def _encrypted_extensions(step: Step, story: Story, _heard: Story | None) -> str:
    message: EncryptedExtensions = step.message
    wishes = []
    protocols = message.extensions.get(ProtocolNameList)
    if protocols is not None:
        wishes.append(f"after this we speak {listed(_protocols(protocols))}")
    limit = message.extensions.get(RecordSizeLimit)
    if limit is not None:
        wishes.append(f"records up to {_size(limit.record_size_limit - 1)}, please")
    fragment = message.extensions.get(MaxFragmentLengthNegotiation)
    if fragment is not None:
        wishes.append(f"records up to {_size(fragment.max_fragment_length.length)}, as you wish")
    groups = message.extensions.get(SupportedGroups)
    if groups is not None:
        better = [str(group) for group in groups.named_group_list]
        wishes.append(f"next time I would rather use {better[0]}")
    if message.extensions.has(ExtensionType.server_name):
        wishes.append("I took note of the name")
    said = f'"{"; ".join(wishes)}."' if wishes else "none this time."
    early = sentences_sessions.early_settled(step, story)
    return f"Settings that no listener needs to see: {said}{early}"


def _size(size: int) -> str:
    return f"{size >> 10} KiB" if size % 1024 == 0 else count(size, "byte")


def _certificate_request(step: Step, _story: Story, _heard: Story | None) -> str:
    message: CertificateRequest = step.message
    schemes = message.extensions.get(SignatureAlgorithms)
    number = len(schemes.supported_signature_algorithms) if schemes is not None else 0
    authorities = message.extensions.get(CertificateAuthorities)
    return asked_for(number, len(authorities.authorities) if authorities is not None else 0)


def _certificate(step: Step, _story: Story, heard: Story | None) -> str:
    message: Certificate = step.message
    chain = [entry.cert_data for entry in message.certificate_list]
    return f"{introduced(chain)}{judged(step, heard)}"


def _key_update(step: Step, _story: Story, _heard: Story | None) -> str:
    message: KeyUpdate = step.message
    text = '"From here on I use new keys'
    if message.request_update == KeyUpdateRequest.update_requested:
        text += "; do the same"
    return f'{text}." The old ones are forgotten.'


_SPEAKERS: dict[type[Any], Callable[[Step, Story, Story | None], str]] = {
    ClientHello: _client_hello,
    ServerHello: _server_hello,
    HelloRetryRequest: _hello_retry_request,
    EncryptedExtensions: _encrypted_extensions,
    CertificateRequest: _certificate_request,
    Certificate: _certificate,
    CertificateVerify: signed,
    Finished: finished,
    NewSessionTicket: sentences_sessions.new_session_ticket,
    KeyUpdate: _key_update,
    EndOfEarlyData: sentences_sessions.end_of_early_data,
    **sentences12.SPEAKERS,
}
