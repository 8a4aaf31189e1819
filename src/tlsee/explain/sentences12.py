"""What the messages of TLS 1.2 say: RFC 5246's names, with the textbooks' word at first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.codes import ExtensionType, NamedGroup
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.suites12 import AeadCipher, Suite12, suites12
from tlsee.errors import TLSError
from tlsee.explain import sentences_sessions
from tlsee.explain.layout import short_hex
from tlsee.explain.phrases import asked_for, finished, introduced, judged, keyed, signed, valid
from tlsee.explain.reading import finite_field
from tlsee.explain.story import Kind, Step, Story
from tlsee.wire.hellos import ServerHello
from tlsee.wire.messages12 import (
    Certificate,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
    ClientKeyExchange,
    Finished,
    HelloRequest,
    NewSessionTicket,
    RawPublicKeyCertificate,
    ServerHelloDone,
    ServerKeyExchange,
    SignedDHParams,
    SignedECDHParams,
)

MAIN_SECRET = 48  # bytes: RFC 5246, 8.1
PREMASTER_SECRET = 48  # bytes, with RSA key exchange: RFC 5246, 7.4.7.1
# RFC 9846, 4.2.3: how the random of a server ends that could have done better.
SENTINELS = {b"DOWNGRD\x01": "TLS 1.3", b"DOWNGRD\x00": "TLS 1.2 or newer"}
# Groups whose shares are as long as their secret; the others' are points, two coordinates.
_ONE_COORDINATE = {NamedGroup.x25519, NamedGroup.x448}


def server_hello(hello: ServerHello) -> str:
    """What was chosen, and what the parts of the suite's name are."""
    version, suite = hello.legacy_version.label, hello.cipher_suite
    text = f'"{version}, {suite}. My random is {short_hex(hello.random)}."'
    better = SENTINELS.get(hello.random[-8:])
    if better is not None:
        text += f" It ends with DOWNGRD: the server could speak {better}."
    row = suites12().get(suite)
    return f"{text} {_parts(row)}" if row is not None else text


def _parts(suite: Suite12) -> str:
    exchange = suite.key_exchange
    if exchange is KeyExchangeAlgorithm.rsa:
        begin = "RSA encrypts the secret to the certificate's key"
    else:
        begin = f"{exchange.value} exchanges keys, {suite.authentication.upper()} signs"
    return f"The suite's name says: {begin}, {suite.cipher.name} protects records."


def _certificate(step: Step, _story: Story, heard: Story | None) -> str:
    message: Certificate = step.message
    return f"{introduced(message.certificate_list)}{judged(step, heard)}"


def _server_key_exchange(step: Step, story: Story, heard: Story | None) -> str:
    found = _parameters(step.message, story.key_exchange)
    if found is None:
        return "Parameters that cannot be read here."
    if isinstance(found, SignedECDHParams):
        share = f"My half of a key exchange with {found.params.named_curve}"
    else:
        share = f"My half of a key exchange in {finite_field(found.params)}"
    return (
        f'"{share}, for this handshake alone."\n'
        f"Signed ({found.signed_params.algorithm}) with both randoms: only the owner of the "
        f"certificate's key could.{valid(step, heard)}"
    )


def _parameters(
    message: ServerKeyExchange, exchange: KeyExchangeAlgorithm | None
) -> SignedECDHParams | SignedDHParams | None:
    try:
        if exchange is KeyExchangeAlgorithm.ecdhe:
            return message.ecdh()
        return message.dh() if exchange is KeyExchangeAlgorithm.dhe else None
    except TLSError:
        return None


def _certificate_request(step: Step, _story: Story, _heard: Story | None) -> str:
    message: CertificateRequest = step.message
    return asked_for(
        len(message.supported_signature_algorithms), len(message.certificate_authorities)
    )


def _server_hello_done(_step: Step, _story: Story, _heard: Story | None) -> str:
    return '"That is all from me for now; your turn."'


def _client_key_exchange(step: Step, story: Story, _heard: Story | None) -> str:
    message: ClientKeyExchange = step.message
    try:
        return f"{_client_half(message, story)}\n{_derived(story)}"
    except TLSError:
        return "A key exchange that cannot be read here."


def _client_half(message: ClientKeyExchange, story: Story) -> str:
    """What crossed the wire, and the premaster secret that comes of it."""
    shared = "Both now compute the same premaster secret{}; a listener, who saw it all, cannot."
    if story.key_exchange is KeyExchangeAlgorithm.rsa:
        length = len(message.rsa().pre_master_secret)
        return (
            f'"A premaster secret of {PREMASTER_SECRET} bytes, encrypted to the key of your '
            f'certificate: {length} bytes." Whoever ever gets that key can open it.'
        )
    size = ""
    if story.key_exchange is KeyExchangeAlgorithm.dhe:
        message.dh()  # the secret has no leading zeros, so nobody outside knows its length
    else:
        public = message.ecdh().ecdh_Yc
        offered = story.first(ServerKeyExchange)
        found = _parameters(offered, story.key_exchange) if offered is not None else None
        if isinstance(found, SignedECDHParams):
            plain = found.params.named_curve in _ONE_COORDINATE
            size = f", {len(public) if plain else (len(public) - 1) // 2} bytes"
    return f'"And here is my half." {shared.format(size)}'


def _derived(story: Story) -> str:
    """From the premaster secret to the keys, with the sizes of this suite."""
    hello = story.first(ServerHello)
    bound = hello is not None and hello.extensions.has(ExtensionType.extended_main_secret)
    source = "all messages so far" if bound else "both randoms"
    text = (
        f"From it and {source} comes the main secret (the textbooks' master secret), "
        f"{MAIN_SECRET} bytes; from that and both randoms the key block"
    )
    suite = story.suite12
    return f"{text}{_key_block(suite)}." if suite is not None else f"{text}."


def _key_block(suite: Suite12) -> str:
    cipher, key = suite.cipher, suite.cipher.key_length
    if isinstance(cipher, AeadCipher):
        last, kind = cipher.iv_length, "IV"
    else:
        last, kind = cipher.mac_length, "MAC key"
    total = 2 * (key + last)
    return f", {total}: for each side a write key of {key} and {kind} of {last}"


def change_cipher_spec(step: Step, story: Story) -> str:
    """No message, a record of its own: the sender's keys change behind it."""
    if any(s.kind is Kind.CHANGE for s in story.steps[: step.number - 1]):
        return ""  # what it means was said
    return '"What I send from here on is encrypted." A record of its own, no message.'


def _hello_request(_step: Step, _story: Story, _heard: Story | None) -> str:
    return '"I would like to negotiate again." The client would not: it says no_renegotiation.'


def _raw_key(step: Step, _story: Story, _heard: Story | None) -> str:
    message: RawPublicKeyCertificate = step.message
    return keyed(message.subject_public_key_info)


def _certificate_status(_step: Step, _story: Story, _heard: Story | None) -> str:
    return '"This is what my authority says of my certificate, freshly signed."'


SPEAKERS: dict[type[Any], Callable[[Step, Story, Story | None], str]] = {
    HelloRequest: _hello_request,
    Certificate: _certificate,
    RawPublicKeyCertificate: _raw_key,
    CertificateStatus: _certificate_status,
    ServerKeyExchange: _server_key_exchange,
    CertificateRequest: _certificate_request,
    ServerHelloDone: _server_hello_done,
    ClientKeyExchange: _client_key_exchange,
    CertificateVerify: signed,
    NewSessionTicket: sentences_sessions.new_session_ticket12,
    Finished: finished,
}
