"""What messages are made to say: read from their bytes, escaped, within 80 columns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.command import looks_good
from tlsee.cli.demo import Cast, Performance
from tlsee.codes import (
    AlertDescription,
    CipherSuite,
    ExtensionType,
    KeyUpdateRequest,
    NamedGroup,
    NameType,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.explain import alerts, summary
from tlsee.explain.certificates import chain_lines, validity
from tlsee.explain.narrate import narrate
from tlsee.explain.story import STRUCTS, Story
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import read_certificate
from tlsee.identity.path.judge import judge
from tlsee.identity.path.verdict import Purpose
from tlsee.trace import Choice, Epoch, MessageSent, Role
from tlsee.values import replace
from tlsee.wire import messages12
from tlsee.wire.codec import encode, write
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.early_data import EarlyDataIndication, EarlyDataTicket
from tlsee.wire.extensions.key_share import KeyShareHelloRetryRequest
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PskIdentity
from tlsee.wire.extensions.server_name import ServerName, ServerNameList
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.extensions.supported_versions import (
    SupportedVersionsClientHello,
    SupportedVersionsServerHello,
)
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateEntry,
    EncryptedExtensions,
    EndOfEarlyData,
    KeyUpdate,
    NewSessionTicket,
)

SUITE = CipherSuite.TLS_AES_128_GCM_SHA256


def _hello(*items: Any) -> ClientHello:
    extensions = Extensions.of(*items)
    return ClientHello(ProtocolVersion.TLS12, b"r" * 32, b"", (SUITE,), (0,), extensions)


def _told(*messages: Any, role: Role = Role.CLIENT) -> str:
    events = [(float(n), MessageSent(Epoch.INITIAL, encode(m))) for n, m in enumerate(messages)]
    blocks = list(narrate(Story(role, events), detail=True))
    text = "\n".join(line.text for block in blocks for line in block.lines)
    looks_good(text)
    return " ".join(text.split())


def _retry(*items: Any) -> HelloRetryRequest:
    version = SupportedVersionsServerHello(ProtocolVersion.TLS13)
    extensions = Extensions.of(version, *items)
    return HelloRetryRequest(ProtocolVersion.TLS12, b"", SUITE, 0, extensions)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (_hello(), "I speak TLS 1.2; here is 1 cipher suite, and no half"),
        (_hello(), "I do not say whom I look for."),
        (_retry(KeyShareHelloRetryRequest(NamedGroup.x448)), "send me your half for x448"),
        (_retry(Cookie(b"c")), "so that I need not remember you"),
        (EncryptedExtensions(Extensions.of()), "none this time."),
        (Certificate(b"", ()), "I have none to show."),
        (
            Certificate(b"", (CertificateEntry(b"\x30", Extensions.of()),)),
            "cannot be read here",
        ),
        (NewSessionTicket(7200, 0, b"", b"t", Extensions.of()), "within 2 hours"),
        (NewSessionTicket(10, 0, b"", b"t", Extensions.of()), "within 10 seconds"),
        (KeyUpdate(KeyUpdateRequest.update_requested), "do the same"),
        (NewSessionTicket(60, 0, b"", b"t", Extensions.of(EarlyDataTicket(9))), "up to 9 bytes at"),
        (EndOfEarlyData(), "That was all I said early."),
    ],
)
def test_what_they_say(message: Any, says: str) -> None:
    """Each kind of message has a sentence that its own bytes fill."""
    assert says in _told(message)


def _hello12(suite: CipherSuite, random: bytes = b"s" * 32) -> ServerHello:
    return ServerHello(ProtocolVersion.TLS12, random, b"", suite, 0, Extensions.of())


RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
DHE = CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
ECDHE = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
SIGNED = messages12.DigitallySigned(SignatureScheme.rsa_pkcs1_sha256, b"s")


@pytest.mark.parametrize(
    ("suite", "messages", "says"),
    [
        (RSA, [], "RSA encrypts the secret to the certificate's key, AES_128_GCM protects"),
        (
            RSA,
            [messages12.ClientKeyExchange(b"\1\0" + bytes(256))],
            "48 bytes, encrypted to the key of your certificate: 256 bytes.",
        ),
        (
            DHE,
            [
                messages12.ServerKeyExchange(
                    write(
                        messages12.SignedDHParams(
                            messages12.ServerDHParams(b"\xff" * 256, b"\2", b"\3"), SIGNED
                        )
                    )
                )
            ],
            "My half of a key exchange in a group of 2,048 bits",
        ),
        (ECDHE, [messages12.ServerKeyExchange(b"\1")], "cannot be read here"),
        (ECDHE, [messages12.ClientKeyExchange(b"\1\7")], "From it and both randoms comes"),
        (DHE, [messages12.ClientKeyExchange(b"\7")], "cannot be read here"),
        (ECDHE, [messages12.HelloRequest()], "it says no_renegotiation"),
        (ECDHE, [messages12.NewSessionTicket(300, b"t")], "within 300 seconds"),
        (ECDHE, [messages12.NewSessionTicket(0, b"t")], "Come back with this and we"),
        (ECDHE, [messages12.NewSessionTicket(0, b"")], "no ticket for you after all"),
        (ECDHE, [messages12.Certificate(())], "I have none to show."),
    ],
)
def test_what_they_say_in_1_2(suite: CipherSuite, messages: list[Any], says: str) -> None:
    """The suite tells how the key exchange messages are read; no bytes raise."""
    assert says in _told(_hello12(suite), *messages)


def test_rsa_key_exchange_has_no_forward_secrecy() -> None:
    """The summary says so, and that decrypting is what proved the server."""
    events = [(0.0, MessageSent(Epoch.INITIAL, encode(_hello12(RSA))))]
    story = Story(Role.SERVER, events)
    assert story.group is None
    assert summary.tomorrow(story).startswith("NO forward secrecy")


@pytest.mark.parametrize(
    ("end", "says"), [(b"\1", "could speak TLS 1.3."), (b"\0", "could speak TLS 1.2 or newer.")]
)
def test_a_sentinel_is_told(end: bytes, says: str) -> None:
    """A server that could have done better says so in its random."""
    assert says in _told(_hello12(ECDHE, b"r" * 24 + b"DOWNGRD" + end))


def test_a_second_hello_is_told_as_one() -> None:
    """After a HelloRetryRequest only what changed is said."""
    text = _told(_hello(), _retry(KeyShareHelloRetryRequest(NamedGroup.x448)), _hello())
    assert "Once more, with what you asked for. All else as before." in text


@pytest.mark.parametrize(
    ("items", "says"),
    [
        (
            [PreSharedKeyClientHello((PskIdentity(b"t" * 99, 7),), (bytes(32),))],
            "this ticket (99 bytes) is of your making. A checksum over this hello, the binder, s",
        ),
        (
            [PreSharedKeyClientHello((PskIdentity(b"me\x1bsh", 0),), (bytes(32),))],
            r"I hold the key 'me\x1bsh'.",
        ),
        (
            [
                EarlyDataIndication(),
                PreSharedKeyClientHello(
                    (PskIdentity(b"t" * 9, 1), PskIdentity(b"k", 0)), (bytes(32), bytes(32))
                ),
            ],
            "shows that I have their keys. And I say something at once.",
        ),
        ([SessionTicket12(b"t" * 80)], "We have met: this ticket (80 bytes) is of your making."),
    ],
)
def test_a_hello_that_shows_a_session(items: list[Any], says: str) -> None:
    """Tickets by their size, external keys by their names, escaped; a second hello says less."""
    assert says in _told(_hello(*items))
    if items[-1].extension_type == ExtensionType.pre_shared_key:
        retry = _retry(KeyShareHelloRetryRequest(NamedGroup.x448))
        assert "The binder is another" in _told(_hello(), retry, _hello(*items))


def test_a_session_id_tells_something_in_1_2_alone() -> None:
    """There it names a session; a client that speaks 1.3 has drawn it."""
    hello = replace(_hello(), legacy_session_id=b"i" * 32)
    assert "We have met: our session was 69696969..69696969." in _told(hello)
    both = SupportedVersionsClientHello((ProtocolVersion.TLS13, ProtocolVersion.TLS12))
    newer = replace(_hello(both), legacy_session_id=b"i" * 32)
    assert "We have met" not in _told(newer)


def test_a_peers_names_are_escaped() -> None:
    """A server name and a protocol name with control characters reach no terminal."""
    name = ServerNameList((ServerName(NameType.host_name, b"a\x1b[31m\xe2\x80\xae"),))
    text = _told(_hello(name, ProtocolNameList((b"h2\x07",))))
    assert r"I look for a\x1b[31m\xe2\x80\xae." in text
    assert r"I would speak h2\x07." in text


def test_every_message_has_a_sentence() -> None:
    """A message that is read is also told: no kind is left without words."""
    from tlsee.explain.sentences import _SPEAKERS

    raw = {messages12.RawPublicKeyCertificate}  # the same message, worded otherwise
    assert set(STRUCTS.values()) | set(messages12.MESSAGES.values()) | raw == set(_SPEAKERS)


def test_a_full_story_of_the_server() -> None:
    """The server's side of a mutual handshake is told from its own observer alone."""
    performance = Performance(Cast(mutual=True))
    blocks = list(narrate(performance.server, detail=True))
    text = "\n".join(line.text for block in blocks for line in block.lines)
    looks_good(text)
    assert "The server checks authority, signature, dates and use: accepted." in " ".join(
        text.split()
    )


def test_the_summary_claims_only_what_was_checked() -> None:
    """Without a verdict and a signature nothing is proved; without keys nothing is hidden."""
    story = Story(Role.CLIENT, [])
    assert summary.proved(story) == "nothing about who the other side is"
    assert summary.hidden(story) == "nothing"
    assert "is not post-quantum" in summary.tomorrow(story)


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (
            Choice("alpn", (b"h2", b"x\x1b"), (), b"x\x1b", "it says so", Role.SERVER),
            r"x\x1b, over h2: it says so",
        ),
        (
            Choice("group", (NamedGroup(0x0A0A), NamedGroup.x25519), (), None, "no", Role.SERVER),
            "none, over x25519: no",
        ),
        (
            Choice("suite", (SUITE,), (), SUITE, "why", Role.SERVER),
            "TLS_AES_128_GCM_SHA256, the only one offered: why",
        ),
    ],
)
def test_a_choice_in_a_sentence(choice: Choice, says: str) -> None:
    """Winner, losers, rule; GREASE is nobody's loser."""
    assert summary.why(choice) == says


def test_whoever_decided_knows_why() -> None:
    """Of two tellings of a decision the one with what could be taken is used."""
    heard = Choice("suite", (SUITE,), (), SUITE, "does not say", Role.SERVER)
    known = Choice("suite", (SUITE,), (SUITE,), SUITE, "knows", Role.SERVER)
    client, server = Story(Role.CLIENT, [(0.0, heard)]), Story(Role.SERVER, [(0.0, known)])
    assert summary.decision("suite", client, server) is known
    assert summary.decision("suite", server, client) is known
    assert summary.decision("suite", client) is heard


def test_an_alert_about_certificates_depends_on_ours() -> None:
    """Without a certificate of ours the peer can only have missed one."""
    alert = AlertDescription.bad_certificate
    assert "none was shown" in alerts.meaning(alert)[0]
    assert "did not like" in alerts.meaning(alert, showed_certificate=True)[0]
    assert all(alerts.meaning(AlertDescription.of(number)) for number in range(256))


def test_a_chain_in_lines() -> None:
    """Every certificate that was sent, and the anchor."""
    authority = Authority.create("root")
    middle = authority.issue_intermediate("middle")
    leaf = middle.issue("h.example", not_before=0.0, not_after=86_400.0)
    verdict = judge(
        leaf.chain, authority.trust, purpose=Purpose.SERVER, name="h.example", at=200_000.0
    )
    text = "\n".join(chain_lines(verdict))
    looks_good(text)
    assert "sent 1" in text
    assert "sent 2" in text
    assert "anchor, in throw-away authority" in text


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (-3 * 86_400.0, "begins in 3 days"),
        (1800.0, "23 hours left"),
        (86_400.0 - 60, "less than an hour left"),
        (86_400.0 * 4, "over for 3 days"),
    ],
)
def test_validity_in_words(at: float, says: str) -> None:
    """Before, within and after; days, then hours."""
    credential = Authority.create().issue("h.example", not_before=0.0, not_after=86_400.0)
    certificate = read_certificate(credential.chain[0])
    assert validity(certificate, at) == f"1970-01-01 to 1970-01-02, {says}"
