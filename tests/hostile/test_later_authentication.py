"""Authentication after the handshake, abused: by those who are asked and by those who ask (4.7.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.machine.test_questions import later
from tests.support.endpoints import client_credential, events_of, server_credential
from tests.support.hostile import CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Puppet
from tests.support.later import AskedClient, AskingServer
from tests.support.refusals import Misdeed, names
from tlsee import defaults
from tlsee.codes import ExtensionType, KeyUpdateRequest, SignatureScheme
from tlsee.connection.events import NEED_DATA, DataReceived, PeerClosed
from tlsee.errors import CertificateRejected, Reasons, TLSError
from tlsee.handshake.authenticate import SERVER_CONTEXT
from tlsee.handshake.outcome import CertificateShown, ClientAuthenticated, ClientDeclined
from tlsee.identity.authority import Authority
from tlsee.identity.proof import Anonymous
from tlsee.wire.codec import encode
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.block import UnknownExtension
from tlsee.wire.messages13 import (
    Certificate,
    CertificateEntry,
    CertificateVerify,
    Finished,
    KeyUpdate,
)

ME = client_credential()
ELSEWHERE = Authority.create("elsewhere").issue("client.test", client=True, server=False)
UNASKED = encode(KeyUpdate(KeyUpdateRequest.update_not_requested))

Act = Callable[[AskedClient], Any]


def asked(*acts: Act, requests: int = 1, **config: Any) -> Callable[[], Puppet]:
    """A client that was asked, and then does this."""

    def attack() -> Puppet:
        peer = AskedClient(requests, **config)
        for act in acts:
            act(peer)
        return peer

    return attack


def show(peer: AskedClient) -> None:
    peer.show(ME)


def sign(peer: AskedClient) -> None:
    peer.sign(ME)


def end(peer: AskedClient) -> None:
    peer.end()


def show_nothing(peer: AskedClient) -> None:
    peer.show()


def say(*messages: Any) -> Act:
    """These messages, which the transcript takes."""
    return lambda peer: [peer.tell(message) for message in messages]


def data(peer: AskedClient) -> None:
    peer.record(DATA, b"in between")


def update(peer: AskedClient) -> None:
    peer.update(UNASKED)


def answer_again(peer: AskedClient) -> None:
    """The same messages once more, whose keys and context fit."""
    peer.about(peer.contexts[0])
    peer.answer(ME)
    peer.about(peer.contexts[0])
    peer.show(ME, peer.contexts[0])


def answer_the_first_twice(peer: AskedClient) -> None:
    first = peer.contexts[0]
    for _ in range(2):
        if not peer.stopped:
            peer.about(first).answer(ME, first)


def sign_of_the_first_for_the_second(peer: AskedClient) -> None:
    """A signature serves the request that it was made for."""
    first, second = peer.contexts
    peer.about(first)
    peer.show(ME, first)
    old = peer.sign(ME)
    peer.end()
    peer.about(second)
    peer.show(ME, second)
    peer.tell(old)


def mix_two_answers(peer: AskedClient) -> None:
    """One context's certificate between the other's messages."""
    first, second = peer.contexts
    peer.about(first).show(ME, first)
    peer.about(second).show(ME, second)


def sign_without_the_request(peer: AskedClient) -> None:
    certificate = Certificate(peer.contexts[0], (CertificateEntry(ME.chain[0], Extensions.of()),))
    peer.sign(ME, transcript=peer.shaken.add(encode(certificate)))


def sign_as_a_server(peer: AskedClient) -> None:
    peer.sign(ME, prefix=SERVER_CONTEXT)


def sign_with_another_key(peer: AskedClient) -> None:
    peer.sign(server_credential())


def sign_by(scheme: SignatureScheme) -> Act:
    return lambda peer: peer.tell(CertificateVerify(scheme, bytes(64)))


def end_with_handshake_keys(peer: AskedClient) -> None:
    """The base key of the handshake's own Finished."""
    stale = peer.main.application(peer.shaken.digest())[0]
    peer.tell(Finished(stale.finished(peer.transcript.digest())))


def end_with_older_keys(peer: AskedClient) -> None:
    """Finished by the secret from before a KeyUpdate."""
    old = peer.writing
    peer.update(UNASKED)
    peer.show(ME)
    peer.sign(ME)
    peer.tell(Finished(old.finished(peer.transcript.digest())))


def show_with_extension(peer: AskedClient) -> None:
    unasked = UnknownExtension(ExtensionType.of(0x1234), b"")
    entry = CertificateEntry(ME.chain[0], Extensions.of(unasked))
    peer.tell(Certificate(peer.contexts[0], (entry,)))


def show_rubbish(peer: AskedClient) -> None:
    entry = CertificateEntry(b"no certificate", Extensions.of())
    peer.tell(Certificate(peer.contexts[0], (entry,)))


def answer_as_stranger(peer: AskedClient) -> None:
    peer.answer(ELSEWHERE)


def half_and_data(peer: AskedClient) -> None:
    raw = encode(Certificate(peer.contexts[0], ()))
    peer.record(HANDSHAKE, raw[:7])
    peer.record(DATA, b"in the middle of a message")


def dummy(peer: AskedClient) -> None:
    peer.deliver(CHANGE_CIPHER_SPEC)


def required() -> Puppet:
    """A client that showed one in the handshake, to a server that does not do without."""
    peer = AskedClient(1, credential=ME, client_auth="required")
    peer.show()
    return peer


UNEXPECTED = Reasons.unexpected_message
BETWEEN = Reasons.interleaved_authentication
CONTEXT = Reasons.request_context_wrong

AGAINST_SERVERS = [
    Misdeed("of no request", CONTEXT, asked(lambda peer: peer.show(ME, b"another"))),
    Misdeed("without context", CONTEXT, asked(lambda peer: peer.show(ME, b""))),
    Misdeed("unasked", UNEXPECTED, asked(lambda peer: peer.show(ME, b"nobody asked"), requests=0)),
    Misdeed("the whole answer again", UNEXPECTED, asked(answer_again), words="key_update"),
    Misdeed("the first answered twice", CONTEXT, asked(answer_the_first_twice, requests=2)),
    Misdeed("two answers mixed", UNEXPECTED, asked(mix_two_answers, requests=2), words="expected certificate_verify"),
    Misdeed("an old signature", Reasons.bad_signature, asked(sign_of_the_first_for_the_second, requests=2)),
    Misdeed("data behind the certificate", BETWEEN, asked(show, data)),
    Misdeed("data behind the signature", BETWEEN, asked(show, sign, data)),
    Misdeed("data behind an empty certificate", BETWEEN, asked(show_nothing, data)),
    Misdeed("data in the middle of the certificate", Reasons.interleaved_handshake, asked(half_and_data)),
    Misdeed("KeyUpdate behind the certificate", UNEXPECTED, asked(show, update)),
    Misdeed("KeyUpdate behind the signature", UNEXPECTED, asked(show, sign, update)),
    Misdeed("change_cipher_spec behind the certificate", Reasons.bad_change_cipher_spec, asked(show, dummy)),
    Misdeed("no signature", UNEXPECTED, asked(show, end), words="expected certificate_verify"),
    Misdeed("no certificate", UNEXPECTED, asked(sign)),
    Misdeed("Finished alone", UNEXPECTED, asked(end)),
    Misdeed("a signature under nothing", UNEXPECTED, asked(show_nothing, sign), words="expected finished"),
    Misdeed("the certificate twice", UNEXPECTED, asked(show, show)),
    Misdeed("the signature twice", UNEXPECTED, asked(show, sign, sign)),
    Misdeed("Finished twice", UNEXPECTED, asked(show, sign, end, end)),
    Misdeed("signed without the request", Reasons.bad_signature, asked(show, sign_without_the_request)),
    Misdeed("signed as a server", Reasons.bad_signature, asked(show, sign_as_a_server)),
    Misdeed("signed by another key", Reasons.bad_signature, asked(show, sign_with_another_key)),
    Misdeed("signed by PKCS#1", Reasons.scheme_not_offered, asked(show, sign_by(SignatureScheme.rsa_pkcs1_sha256))),
    Misdeed("signed by another kind", Reasons.scheme_not_for_key, asked(show, sign_by(SignatureScheme.ed25519))),
    Misdeed("Finished of zeros", Reasons.bad_finished, asked(show, sign, say(Finished(bytes(32))))),
    Misdeed("Finished of nothing", Reasons.bad_finished, asked(show, sign, say(Finished(b"")))),
    Misdeed("Finished of zeros under nothing", Reasons.bad_finished, asked(show_nothing, say(Finished(bytes(32))))),
    Misdeed("Finished under other keys", Reasons.bad_finished, asked(show, sign, end_with_handshake_keys)),
    Misdeed("Finished under older keys", Reasons.bad_finished, asked(end_with_older_keys)),
    Misdeed("an extension unasked", Reasons.unsolicited_extension, asked(show_with_extension)),
    Misdeed("no certificate at all in it", Reasons.unusable_certificate, asked(show_rubbish)),
    Misdeed("a stranger", Reasons.unknown_ca, asked(answer_as_stranger), CertificateRejected),
    Misdeed("another purpose", Reasons.wrong_purpose, asked(lambda peer: peer.answer(server_credential())), CertificateRejected),
    Misdeed("nothing where it must", Reasons.certificate_required, required, CertificateRejected),
]  # fmt: skip


def asks(*contexts: bytes, data_between: bool = False, **config: Any) -> Callable[[], Puppet]:
    """A server that asks with these contexts."""

    def attack() -> Puppet:
        peer = AskingServer(**config)
        for context in contexts:
            if peer.stopped:
                break
            peer.ask(context)
            if data_between and not peer.stopped:
                peer.record(DATA, b"x")
        return peer

    return attack


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


AGAINST_CLIENTS = [
    Misdeed("unasked for", UNEXPECTED, asks(b"who?", post_handshake_auth=False), words="certificate_request"),
    Misdeed("without a context", CONTEXT, asks(b""), words="empty"),
    Misdeed("a context again", CONTEXT, asks(b"who?", b"who?"), words="before"),
    Misdeed("a context of an open request", CONTEXT, asks(b"who?", b"who?", choose_credential=later), words="before"),
    Misdeed("a context again later", CONTEXT, asks(*numbers(20), b"3"), words="before"),
    Misdeed("without schemes", Reasons.missing_extension, lambda: AskingServer().ask(b"who?", Extensions.of())),
    Misdeed("too many open", Reasons.too_many_requests, asks(*numbers(defaults.OPEN_REQUESTS_LIMIT + 1), choose_credential=later), words="8 are open"),
    Misdeed("too many in a row", Reasons.too_many_key_updates, asks(*numbers(defaults.KEY_UPDATE_LIMIT + 1))),
    Misdeed("too many", Reasons.too_many_requests, asks(*numbers(defaults.REQUESTS_LIMIT + 1), data_between=True), words="after 1024"),
]  # fmt: skip

AFTER_AN_ANSWER = {
    *("the whole answer again", "the first answered twice", "an old signature", "Finished twice"),
    "nothing where it must",
}

MISDEEDS = AGAINST_SERVERS + AGAINST_CLIENTS


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_misdeeds_are_refused(misdeed: Misdeed) -> None:
    """RFC 9846, 4.7.2; and nobody was authenticated by what was wrong."""
    error = misdeed.check()

    assert error.evidence.phase == "after the handshake"


@pytest.mark.parametrize(
    "misdeed",
    [one for one in AGAINST_SERVERS if one.name not in AFTER_AN_ANSWER],
    ids=names,
)
def test_nobody_is_authenticated_by_half_an_answer(misdeed: Misdeed) -> None:
    """Neither an event nor a proof comes of an answer that is refused."""
    peer = misdeed.attack()
    events: list[Any] = []
    with pytest.raises(TLSError):
        events.extend(iter(peer.victim.next_event, NEED_DATA))

    assert not [
        event for event in events if isinstance(event, ClientAuthenticated | ClientDeclined)
    ]
    assert isinstance(peer.victim.info.peer, Anonymous)


def test_the_right_answer_is_taken_from_the_same_hands() -> None:
    """What the attacks above have wrong is all that is wrong with them."""
    peer = AskedClient(2)
    first, second = peer.contexts
    peer.record(DATA, b"wait")
    peer.update(UNASKED)
    peer.about(second).answer(ME, second)
    peer.record(DATA, b" a moment")
    peer.update(UNASKED)
    peer.about(first)
    peer.show(None, first)
    peer.end()
    peer.record(DATA, b", done")

    events = events_of(peer.victim)
    spoken = b"".join(bytes(one.data) for one in events if isinstance(one, DataReceived))
    assert spoken == b"wait a moment, done"
    answers = [one for one in events if isinstance(one, ClientAuthenticated | ClientDeclined)]
    assert [(type(one), one.context) for one in answers] == [
        (ClientAuthenticated, second),
        (ClientDeclined, first),
    ]


@pytest.mark.parametrize("fragment", [1, 100])
def test_an_answer_in_pieces(fragment: int) -> None:
    """However it is cut into records."""
    peer = AskedClient()
    peer.fragment = fragment
    peer.answer(ME)

    assert [one for one in events_of(peer.victim) if isinstance(one, ClientAuthenticated)]


def test_a_client_may_leave_in_the_middle_of_its_answer() -> None:
    """close_notify ends what it says: nobody was authenticated, and nothing was cut off."""
    peer = AskedClient()
    peer.show(ME)
    peer.record(21, b"\1\0")

    assert isinstance(events_of(peer.victim)[-1], PeerClosed)
    assert isinstance(peer.victim.info.peer, Anonymous)


def test_requests_that_are_answered_and_spoken_between_have_no_other_bound() -> None:
    """A chatty server is no flood."""
    peer = AskingServer(credentials=[ME])
    for number in numbers(3 * defaults.KEY_UPDATE_LIMIT):
        peer.ask(number)
        peer.record(DATA, b"x")

    shown = [one for one in events_of(peer.victim) if isinstance(one, CertificateShown)]
    assert len(shown) == 3 * defaults.KEY_UPDATE_LIMIT
