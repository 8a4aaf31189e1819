"""What each message says, in a sentence or two: read from its bytes, and from nothing else.

In quotes is what the sender says to the peer, in its own voice; behind the quotes is what it is
for, and what the other side made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tlsee.codes import ExtensionType, KeyUpdateRequest, ProtocolVersion
from tlsee.explain.layout import listed, short_hex
from tlsee.explain.reading import name_of, offered_groups, offered_versions, server_name, view_of
from tlsee.explain.story import Step, Story
from tlsee.text import count, printable
from tlsee.trace import CertificateJudged, FinishedChecked, Role, SignatureChecked
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
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


def sentence_of(step: Step, story: Story, peer_story: Story | None) -> str:
    """What a handshake message says.

    Args:
        step: the message.
        story: of the side whose steps are told.
        peer_story: of the other side, where both were watched: it knows what came of our own
            messages.
    """
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
        return f'"Once more, {half}. All else as before."'
    versions = [v for v in offered_versions(hello) if not v.is_grease]
    suites = [suite for suite in hello.cipher_suites if not suite.is_grease]
    groups = [group for group in offered_groups(hello) if not group.is_grease]
    text = (
        f'"I speak {_versions(versions)}; here are {count(len(suites), "cipher suite")} and '
        f"{count(len(groups), 'group')}, and "
    )
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
    return f'{text} My random is {short_hex(hello.random)}."'


def _versions(versions: Sequence[ProtocolVersion]) -> str:
    labels = [version.label for version in versions]
    return listed([labels[0], *(label.removeprefix("TLS ") for label in labels[1:])])


def _number(number: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if number < len(words) else str(number)


def _server_hello(step: Step, _story: Story, _heard: Story | None) -> str:
    hello: ServerHello = step.message
    version = hello.extensions.get(SupportedVersionsServerHello)
    label = (version.selected_version if version is not None else hello.legacy_version).label
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


def _encrypted_extensions(step: Step, _story: Story, _heard: Story | None) -> str:
    message: EncryptedExtensions = step.message
    wishes = []
    protocols = message.extensions.get(ProtocolNameList)
    if protocols is not None:
        wishes.append(f"after this we speak {listed(_protocols(protocols))}")
    limit = message.extensions.get(RecordSizeLimit)
    if limit is not None:
        wishes.append(f"records up to {_size(limit.record_size_limit - 1)}, please")
    groups = message.extensions.get(SupportedGroups)
    if groups is not None:
        better = [str(group) for group in groups.named_group_list]
        wishes.append(f"next time I would rather use {better[0]}")
    if message.extensions.has(ExtensionType.server_name):
        wishes.append("I took note of the name")
    said = f'"{"; ".join(wishes)}."' if wishes else "none this time."
    return f"Settings that no listener needs to see: {said}"


def _size(size: int) -> str:
    return f"{size >> 10} KiB" if size % 1024 == 0 else count(size, "byte")


def _certificate_request(step: Step, _story: Story, _heard: Story | None) -> str:
    message: CertificateRequest = step.message
    schemes = message.extensions.get(SignatureAlgorithms)
    number = len(schemes.supported_signature_algorithms) if schemes is not None else 0
    text = f'"Now show me yours, signed with one of {count(number, "scheme")}'
    authorities = message.extensions.get(CertificateAuthorities)
    if authorities is not None:
        known = len(authorities.authorities)
        text += f"; I know {known} {'authority' if known == 1 else 'authorities'}"
    return f'{text}."'


def _certificate(step: Step, _story: Story, heard: Story | None) -> str:
    message: Certificate = step.message
    if not message.certificate_list:
        return '"I have none to show."'
    leaf = view_of(message.certificate_list[0].cert_data)
    if leaf is None:
        text = "A certificate that cannot be read here."
    else:
        who = printable(name_of(leaf), 64)
        vouches = f"and {printable(leaf.issuer, 64)} vouches for me"
        if leaf.self_issued:
            vouches = "and nobody but myself says so"
        text = f'"I am {who}, {vouches}."'
    more = len(message.certificate_list) - 1
    if more:
        text += f" With {count(more, 'certificate')} of authorities between."
    return f"{text}{_judged(step, heard)}"


def _judged(step: Step, heard: Story | None) -> str:
    if heard is None:
        return ""
    theirs = heard.step_of(Certificate, step.sender)
    judged = theirs.fact(CertificateJudged) if theirs is not None else None
    if judged is None:
        return ""
    who = "client" if heard.role is Role.CLIENT else "server"
    verdict = judged.verdict
    name = " and name" if verdict.name is not None else ""
    uses = "authority, signature, dates, use" if name else "authority, signature, dates and use"
    if verdict.accepted:
        return f" The {who} checks {uses}{name}: accepted."
    reason = verdict.reason
    sentence = reason.sentence if reason is not None else "nobody vouches for it"
    return f" The {who} judges: REFUSED, {sentence}."


def _certificate_verify(step: Step, _story: Story, heard: Story | None) -> str:
    message: CertificateVerify = step.message
    text = (
        f"A signature ({message.algorithm}) over messages 1-{step.number - 1}: only the owner of "
        "the certificate's key could make it, and only for this conversation."
    )
    theirs = heard.step_of(CertificateVerify, step.sender) if heard is not None else None
    valid = theirs is not None and theirs.fact(SignatureChecked) is not None
    return f"{text} Valid." if valid else text


def _finished(step: Step, story: Story, heard: Story | None) -> str:
    earlier = [s for s in story.steps[: step.number - 1] if isinstance(s.message, Finished)]
    through = f"messages 1-{step.number - 1}"
    if earlier:
        text = f"The same over {through}."
    else:
        text = f"A keyed checksum over {through}: not one byte was changed."
    theirs = heard.step_of(Finished, step.sender) if heard is not None else None
    if theirs is not None and theirs.fact(FinishedChecked) is not None:
        text += " Matches."
    took = story.milliseconds
    if earlier and took is not None:
        trips = count(story.round_trips, "round trip")
        text += f" Done: {trips}, {took:.1f} ms."
    return text


def _new_session_ticket(step: Step, _story: Story, _heard: Story | None) -> str:
    message: NewSessionTicket = step.message
    hours = message.ticket_lifetime / 3600
    length = count(round(hours), "hour") if hours >= 1 else f"{message.ticket_lifetime} seconds"
    return (
        f'"Come back with this within {length} and we shall be quicker." Not kept: not built yet.'
    )


def _key_update(step: Step, _story: Story, _heard: Story | None) -> str:
    message: KeyUpdate = step.message
    text = '"From here on I use new keys'
    if message.request_update == KeyUpdateRequest.update_requested:
        text += "; do the same"
    return f'{text}." The old ones are forgotten.'


def _end_of_early_data(_step: Step, _story: Story, _heard: Story | None) -> str:
    return '"That was my early data."'


_SPEAKERS: dict[type[Any], Callable[[Step, Story, Story | None], str]] = {
    ClientHello: _client_hello,
    ServerHello: _server_hello,
    HelloRetryRequest: _hello_retry_request,
    EncryptedExtensions: _encrypted_extensions,
    CertificateRequest: _certificate_request,
    Certificate: _certificate,
    CertificateVerify: _certificate_verify,
    Finished: _finished,
    NewSessionTicket: _new_session_ticket,
    KeyUpdate: _key_update,
    EndOfEarlyData: _end_of_early_data,
}
