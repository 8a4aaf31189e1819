"""Sessions of TLS 1.2 and servers that lie about them; and what a session carries on.

Whatever a server does to a resumption, the client forgets the session, and its next handshake is a
full one. Clients that lie are in ``test_sessions12_shown``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.support.endpoints import (
    Pair,
    client_config,
    events_of,
    server_config,
)
from tests.support.hostile import CHANGE_CIPHER_SPEC, DATA, Puppet
from tests.support.hostile12_resuming import (
    ResumingServer12,
    kept,
    remembered,
    with_session,
)
from tests.support.hostile12_server import ECDSA, TLS12, HostileServer12
from tests.support.refusals import (
    Misdeed,
    also,
    bearing,
    carrying,
    changed,
    done,
    instead,
    names,
    refused,
    twice,
    without,
)
from tests.support.resuming import Edited
from tlsee import policies
from tlsee.codes import CipherSuite, ExtensionType, ProtocolVersion
from tlsee.errors import ApiMisuse, Reasons
from tlsee.sessions.bounds import CLIENT_TICKET_LIMIT
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.session_ticket import SessionTicket12, SessionTicketPromised12
from tlsee.wire.messages12 import Finished, NewSessionTicket, ServerHelloDone

GCM256 = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
CBC = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
EMS = ExtensionType.extended_main_secret
TICKET = ExtensionType.session_ticket


def flipped(message: Any) -> Any:
    """One bit of a Finished."""
    data = message.verify_data
    return Finished(data[:-1] + bytes((data[-1] ^ 1,)))


# --- A server that resumes, against a client ------------------------------------------------------


def server(*script: str, **settings: Any) -> ResumingServer12:
    """It resumes, and says its script, or what it should say."""
    visiting, _ = remembered()
    return ResumingServer12(visiting, **settings).flight(*script)


def other_suite(suite: CipherSuite) -> ResumingServer12:
    """The client offers it, and the session has another."""
    visiting, _ = remembered(client={"suites": [ECDSA, GCM256]})
    return ResumingServer12(visiting, server_hello=changed(cipher_suite=suite)).flight()


def without_its_hash(**policy: Any) -> ResumingServer12:
    """RFC 7627, 5.3: the session had extended_main_secret, the answer has not."""
    visiting, _ = remembered(client=policy)
    return ResumingServer12(visiting, server_hello=without(EMS)).flight()


def with_a_hash() -> ResumingServer12:
    """RFC 7627, 5.3: the session had no extended_main_secret, the answer has it."""
    visiting, _ = remembered()
    with_session(visiting, extended_main_secret=False)
    return ResumingServer12(visiting).flight()


def without_encrypt_then_mac() -> ResumingServer12:
    """RFC 7366: a session of CBC, resumed with MAC-then-encrypt."""
    visiting, _ = remembered(CBC)
    edit = without(ExtensionType.encrypt_then_mac)
    return ResumingServer12(visiting, server_hello=edit).flight()


def tampered(edit: Any, *script: str) -> ResumingServer12:
    """Its hello is changed."""
    return server(*script, server_hello=edit)


def early_change(*script: str) -> ResumingServer12:
    """CVE-2014-0224 in the short handshake: keys change before their time."""
    return server(*script, promises=True)


def reflecting() -> ResumingServer12:
    """A Finished with the client's label."""
    peer = server("server_hello", "change_cipher_spec")
    peer.say("finished", Finished(peer.main12.client_finished(peer.digest())))
    return peer


def forgetful() -> ResumingServer12:
    """RFC 5077, 3.3: the ticket's message is one of the handshake."""
    peer = server("server_hello", promises=True)
    before = peer.digest()
    peer.flight("new_session_ticket", "change_cipher_spec")
    peer.say("finished", Finished(peer.main12.server_finished(before)))
    return peer


def injected() -> ResumingServer12:
    """Keys that anybody can compute."""
    peer = server("server_hello")
    peer.agreed = None
    return peer.flight("change_cipher_spec", "finished")


AGAINST_CLIENTS: list[Misdeed] = [
    Misdeed("another suite", Reasons.session_changed, partial(other_suite, GCM256)),
    Misdeed("without extended_main_secret", Reasons.session_changed, without_its_hash),
    Misdeed("without it where it is required", Reasons.extended_main_secret_missing, partial(without_its_hash, policy=policies.default)),
    Misdeed("with extended_main_secret", Reasons.session_changed, with_a_hash),
    Misdeed("without encrypt_then_mac", Reasons.mac_then_encrypt, without_encrypt_then_mac),
    Misdeed("without renegotiation_info", Reasons.insecure_renegotiation, partial(tampered, without(ExtensionType.renegotiation_info))),
    Misdeed("a renegotiation_info that is not empty", Reasons.renegotiation_info_wrong, partial(tampered, carrying(RenegotiationInfo(bytes(12))))),
    Misdeed("compression", Reasons.illegal_compression, partial(tampered, changed(legacy_compression_method=1))),
    Misdeed("another id", Reasons.bad_change_cipher_spec, partial(tampered, changed(legacy_session_id_echo=b"another"))),
    Misdeed("no id", Reasons.bad_change_cipher_spec, partial(tampered, changed(legacy_session_id_echo=b""))),
    Misdeed("a promise with something in it", Reasons.trailing_bytes, partial(tampered, bearing(TICKET, b"ticket"))),
    Misdeed("a ticket that was promised and does not come", Reasons.bad_change_cipher_spec, partial(server, promises=True, tickets=0)),
    Misdeed("a Finished in its place", Reasons.unexpected_message, partial(server, "server_hello", "finished", promises=True)),
    Misdeed("a ticket that was not promised", Reasons.unexpected_message, partial(server, tickets=1)),
    Misdeed("two tickets", Reasons.unexpected_message, partial(server, promises=True, tickets=2)),
    Misdeed("the same ticket twice", Reasons.unexpected_message, partial(server, promises=True, new_session_ticket=twice)),
    Misdeed("a ticket under the new keys", Reasons.unexpected_message, partial(server, "server_hello", "change_cipher_spec", "new_session_ticket")),
    Misdeed("a change of keys before the ticket", Reasons.bad_change_cipher_spec, partial(early_change, "server_hello", "change_cipher_spec", "new_session_ticket")),
    Misdeed("a change of keys before the hello", Reasons.bad_change_cipher_spec, partial(early_change, "change_cipher_spec")),
    Misdeed("two changes of keys", Reasons.bad_record_mac, partial(server, "server_hello", "change_cipher_spec", change_cipher_spec=also(CHANGE_CIPHER_SPEC))),
    Misdeed("no change of keys", Reasons.unexpected_message, partial(server, "server_hello", "finished")),
    Misdeed("a wrong Finished", Reasons.bad_finished, partial(server, finished=flipped)),
    Misdeed("the client's Finished", Reasons.bad_finished, reflecting),
    Misdeed("a Finished that leaves the ticket out", Reasons.bad_finished, forgetful),
    Misdeed("another secret", Reasons.bad_record_mac, partial(server, secret=bytes(48))),
    Misdeed("the empty main secret", Reasons.bad_record_mac, injected),
    Misdeed("a certificate", Reasons.unexpected_message, partial(server, "server_hello", "certificate")),
    Misdeed("an end without anything", Reasons.unexpected_message, partial(server, server_hello=also(ServerHelloDone()))),
    Misdeed("two hellos", Reasons.unexpected_message, partial(server, server_hello=twice)),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", AGAINST_CLIENTS, ids=names)
def test_a_server_that_misbehaves_is_refused_and_its_session_forgotten(misdeed: Misdeed) -> None:
    """RFC 5246, 7.2.2: the next handshake is a full one, and goes well."""
    seen: list[Puppet] = []

    def attack() -> Puppet:
        seen.append(misdeed.attack())
        return seen[0]

    misdeed._replace(attack=attack).check()
    config = seen[0].victim.config
    assert config.sessions is not None
    assert kept(config) == []  # type: ignore[arg-type]  # a client's
    shown = server_config(versions=[TLS12], policy=policies.legacy, sessions=True)
    again = Pair(config, shown).run()  # type: ignore[arg-type]  # as above
    assert again.done
    assert not again.client.info.resumed


@pytest.mark.parametrize("suite", [ECDSA, CBC, RSA, GCM256], ids=str)
@pytest.mark.parametrize("promises", [False, True])
def test_an_honest_server_resumes(suite: CipherSuite, promises: bool) -> None:
    """The control; a renewed ticket is the next one offered."""
    visiting, _ = remembered(suite)
    peer = ResumingServer12(visiting, promises=promises).flight()
    assert done(peer)
    peer.record(DATA, b"after")
    assert [bytes(event.data) for event in events_of(peer.victim)] == [b"after"]
    assert peer.names() == ["client_hello", "finished"]
    offered = HostileServer12(visiting, suite=suite).hello.extensions.require(SessionTicket12)
    assert (offered.ticket == b"renewed ticket") is promises


def test_a_server_cannot_resume_what_was_never_offered() -> None:
    """A client of both versions draws a session id for middleboxes; it names nothing."""
    suites = [CipherSuite.TLS_AES_128_GCM_SHA256, ECDSA]
    config = client_config(versions=[ProtocolVersion.TLS13, TLS12], suites=suites)
    peer = HostileServer12(config)
    name = peer.hello.legacy_session_id
    assert len(name) == 32
    peer.edits["server_hello"] = changed(legacy_session_id_echo=name)
    refused(peer.flight("server_hello"), Reasons.session_not_offered)


def test_a_ticket_nobody_asked_for_cannot_be_promised() -> None:
    """A client that keeps no sessions sends no session_ticket."""
    config = client_config(versions=[TLS12], policy=policies.legacy, suites=[ECDSA])
    peer = HostileServer12(config, server_hello=carrying(SessionTicketPromised12()))
    refused(peer.flight("server_hello"), Reasons.unsolicited_extension)


@pytest.mark.parametrize("length", [CLIENT_TICKET_LIMIT, CLIENT_TICKET_LIMIT + 1, 0xFFFF])
def test_a_ticket_that_leaves_no_room_in_a_hello_is_not_kept(length: int) -> None:
    """A server could else end every later connection to itself."""
    visiting, _ = remembered()
    (before,) = kept(visiting)
    huge = instead(NewSessionTicket(3600, bytes(length)))
    peer = ResumingServer12(visiting, promises=True, new_session_ticket=huge).flight()
    assert done(peer)
    fits = length <= CLIENT_TICKET_LIMIT
    assert [len(session.ticket) for session in kept(visiting)] == [
        len(before.ticket),
        *[length] * fits,
    ]
    assert Pair(visiting, server_config(versions=[TLS12])).run().done


@pytest.mark.parametrize("hint", [0, 1, 0xFFFFFFFF])
def test_a_servers_hint_is_bounded(hint: int) -> None:
    """RFC 5077, 3.3: it is a hint; nothing lives longer than a week."""
    visiting, _ = remembered()
    renewed = instead(NewSessionTicket(hint, b"t"))
    assert done(ResumingServer12(visiting, promises=True, new_session_ticket=renewed).flight())
    lifetime = kept(visiting)[-1].lifetime
    assert lifetime == {0: 86_400, 1: 1}.get(hint, 604_800)


def test_an_empty_ticket_takes_the_promise_back() -> None:
    """RFC 5077, 3.3: the session that was resumed stays as it was."""
    visiting, _ = remembered()
    before = kept(visiting)
    empty = instead(NewSessionTicket(0, b""))
    assert done(ResumingServer12(visiting, promises=True, new_session_ticket=empty).flight())
    assert kept(visiting) == before


@pytest.mark.parametrize("length", [1, 2, 31, 32])
def test_a_session_id_of_any_length_is_kept_and_offered(length: int) -> None:
    """RFC 5246, 7.4.1.2: up to 32 bytes, and opaque."""
    config = client_config(versions=[TLS12], policy=policies.legacy, suites=[ECDSA], sessions=True)
    name = bytes(range(length))
    peer = HostileServer12(config, server_hello=changed(legacy_session_id_echo=name)).flight()
    assert done(peer)
    again = ResumingServer12(config)
    assert again.hello.legacy_session_id == name
    assert again.hello.extensions.require(SessionTicket12).ticket == b""
    assert done(again.flight())


# --- What a session carries on --------------------------------------------------------------------


def test_a_session_of_rsa_key_exchange_is_judged_for_decrypting() -> None:
    """RFC 5246, 7.4.2: the certificate may allow nothing else; judged again, it still serves."""
    visiting, serving = remembered(RSA)
    pair = Pair(visiting, serving).run()
    assert pair.client.info.resumed
    again = [event for event in pair.client._choices if event.what == "session"]
    assert [choice.chosen is not None for choice in again] == [True]


@pytest.mark.parametrize("resumed", [False, True])
def test_triple_handshake_leaves_nothing_to_export(resumed: bool) -> None:
    """RFC 7627, 1: without extended_main_secret two connections can share a main secret.

    Then neither an exporter nor tls-unique names one connection, least of all a resumed one.
    """
    composer = Edited(client_hello=without(EMS))
    visiting, serving = remembered(composer=composer)
    if resumed:
        pair = Pair(visiting, serving, client_options={"composer": composer}).run()
        assert pair.client.info.resumed
    else:
        visiting.sessions.clear()  # type: ignore[union-attr]  # a client's, with a store
        pair = Pair(visiting, serving, client_options={"composer": composer}).run()
    for side in (pair.client, pair.server):
        with pytest.raises(ApiMisuse):
            side.export_keying_material("EXPORTER-test", b"", 32)
        with pytest.raises(ApiMisuse):
            side.channel_binding("tls-unique")


def test_a_session_of_cbc_keeps_encrypt_then_mac() -> None:
    """RFC 7366: asked for again in each hello, and protecting the data of the resumed connection."""
    visiting, serving = remembered(CBC)
    pair = Pair(visiting, serving).run()
    assert pair.client.info.resumed
    peer = ResumingServer12(visiting).flight()  # whose records put the MAC behind
    assert peer.encrypt_then_mac
    assert done(peer)


def test_nothing_of_a_session_is_in_what_is_shown() -> None:
    """Neither the secret nor the ticket stands in a repr."""
    visiting, _ = remembered()
    (session,) = kept(visiting)
    peer = ResumingServer12(visiting, promises=True).flight("server_hello")
    for shown in (repr(peer.victim._driver.state), repr(session), repr(visiting.sessions)):
        assert session.secret.hex() not in shown
        assert repr(session.secret) not in shown
        assert repr(session.ticket) not in shown
