"""TLS 1.3 resumed with the newer OpenSSL and with Java, both roles; Chromium has its own file.

What is asserted is what the peer reports.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import pytest

from tests.interop.exchanges import ANSWER, HELLO, visit, welcome
from tests.interop.matrix import need
from tests.interop.peers.json_lines import Java, next_answer
from tests.interop.peers.pyopenssl import PyOpenSsl
from tests.interop.peers.spec import DEADLINE, PAYLOAD, Spec
from tests.interop.pki import Pki
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA, TicketReceived
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust

pytestmark = pytest.mark.peers

JAVA = Java()


def client_config(pki: Pki) -> ClientConfig:
    """A client that keeps sessions."""
    return ClientConfig(trust=Trust.from_file(str(pki.ca)))


def server_config(pki: Pki, **changes: Any) -> ServerConfig:
    """A server that gives tickets."""
    identity = pki.server("ecdsa_secp256r1")
    credential = Credential.from_pem(identity.chain.read_bytes(), identity.key.read_bytes())
    return ServerConfig(credentials=[credential], **changes)


# --- The newer OpenSSL, in memory -------------------------------------------------------------


def reused(theirs: Any) -> bool:
    """OpenSSL's own word."""
    from OpenSSL._util import lib

    return bool(lib.SSL_session_reused(theirs._ssl))


def carry(theirs: Any, ours: Connection) -> list[Any]:
    """Shake hands and hand everything over, until neither has more to say: our events."""
    from OpenSSL import SSL

    events, quiet = [], False
    while not quiet:
        data, quiet = ours.data_to_send(), True
        if data:
            theirs.bio_write(bytes(data))
            quiet = False
        with suppress(SSL.WantReadError):
            theirs.do_handshake()
        with suppress(SSL.WantReadError):
            ours.receive_data(theirs.bio_read(1 << 17))
            quiet = False
        while (event := ours.next_event()) is not NEED_DATA:
            events.append(event)
    return events


def test_the_newer_openssl_resumes_with_us(pki: Pki) -> None:
    """Its client goes by our tickets."""
    need(PyOpenSsl())
    from OpenSSL import SSL

    config = server_config(pki)
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(str(pki.ca))
    context.set_verify(SSL.VERIFY_PEER)
    kept: Any = None
    seen: list[tuple[bool, bool]] = []
    for _ in range(3):
        theirs = SSL.Connection(context, None)
        theirs.set_tlsext_host_name(b"server.test")
        if kept is not None:
            theirs.set_session(kept)
        theirs.set_connect_state()
        ours = ServerConnection(config)
        carry(theirs, ours)
        ours.write(ANSWER)
        carry(theirs, ours)
        assert theirs.recv(100) == ANSWER
        theirs.shutdown()  # OpenSSL forgets a session that ends in disorder
        kept = theirs.get_session()
        seen.append((reused(theirs), ours.info.resumed))
    assert seen == [(False, False), (True, True), (True, True)]


@pytest.mark.parametrize("tickets", [True, False], ids=["sealed", "stored"])
def test_we_resume_with_the_newer_openssl(pki: Pki, tickets: bool) -> None:
    """Its server goes by its own tickets, sealed or naming what it stored; each one counts once."""
    need(PyOpenSsl())
    from OpenSSL import SSL

    identity = pki.server("ecdsa_secp256r1")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.use_certificate_chain_file(str(identity.chain))
    context.use_privatekey_file(str(identity.key))
    context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    if not tickets:
        context.set_options(SSL.OP_NO_TICKET)
    config, seen = client_config(pki), []
    for _ in range(3):
        theirs = SSL.Connection(context, None)
        theirs.set_accept_state()
        ours = ClientConnection(config, "server.test")
        events = carry(theirs, ours)
        assert any(isinstance(event, TicketReceived) for event in events)
        ours.write(HELLO)
        carry(theirs, ours)
        assert theirs.recv(100) == HELLO
        theirs.shutdown()  # OpenSSL forgets a session that ends in disorder
        seen.append((reused(theirs), ours.info.resumed))
    assert seen == [(False, False), (True, True), (True, True)]


# --- Java -------------------------------------------------------------------------------------


def test_java_resumes_with_us(pki: Pki) -> None:
    """JSSE does not say it in a word: a session that was resumed keeps when it was made.

    The last request shares no sessions with the others, so what JSSE tells does change.
    """
    need(JAVA)
    config, told, ours = server_config(pki), [], []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        for sessions in ("java to us", "java to us", "java to us", "another"):
            port = listener.getsockname()[1]
            answers = JAVA.resume(Spec(pki.ca), role="client", port=port, sessions=sessions)
            sock, _ = listener.accept()
            sock.settimeout(DEADLINE)
            talk = welcome(sock, config)
            talk.data(PAYLOAD)
            talk.say(PAYLOAD)
            talk.close()
            told.append(next_answer(answers)["report"])
            ours.append(talk.connection.info.resumed)
    assert ours == came_back(told) == [False, True, True, False]


def test_we_resume_with_java(pki: Pki) -> None:
    """The same at its server, which seals its tickets."""
    need(JAVA)
    spec = Spec(pki.ca, pki.server("ecdsa_secp256r1"))
    config, told, ours = client_config(pki), [], []
    for sessions in ("us to java", "us to java", "us to java", "another of us"):
        answers = JAVA.resume(spec, role="server", sessions=sessions)
        talk = visit(next_answer(answers)["port"], config)
        talk.say(PAYLOAD)
        talk.data(PAYLOAD)
        talk.close()
        told.append(next_answer(answers)["report"])
        ours.append(talk.connection.info.resumed)
    assert ours == came_back(told) == [False, True, True, False]


def came_back(told: list[dict[str, Any]]) -> list[bool]:
    """Whether each of JSSE's sessions is as old as the first, but for the first itself."""
    assert {each["version"] for each in told} == {ProtocolVersion.TLS13}
    return [
        number > 0 and each["created"] == told[0]["created"] for number, each in enumerate(told)
    ]
