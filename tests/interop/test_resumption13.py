"""TLS 1.3 resumed with the newer OpenSSL and with Java, both roles; Chromium has its own file.

What is asserted is what the peer reports.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import pytest

from tests.interop.exchanges import ANSWER, EARLY, HELLO, visit, welcome
from tests.interop.matrix import need
from tests.interop.peers.json_lines import Java, next_answer
from tests.interop.peers.pyopenssl import PyOpenSsl
from tests.interop.peers.spec import DEADLINE, PAYLOAD, PeerFailed, Spec
from tests.interop.pki import Pki
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA, EarlyDataReceived, TicketReceived
from tlsee.handshake.outcome import EarlyData
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust

pytestmark = pytest.mark.peers

JAVA = Java()
_READ_EARLY_FINISH = 2  # SSL_READ_EARLY_DATA_FINISH of OpenSSL's header


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


def server_context(pki: Pki) -> Any:
    """OpenSSL as a server that remembers."""
    from OpenSSL import SSL

    identity = pki.server("ecdsa_secp256r1")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.use_certificate_chain_file(str(identity.chain))
    context.use_privatekey_file(str(identity.key))
    context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    return context


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

    context = server_context(pki)
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


@pytest.mark.parametrize("limit", [1000, 0])
def test_the_newer_openssl_says_early_what_we_take_or_not(pki: Pki, limit: int) -> None:
    """It writes before it shakes hands; what we refuse costs it nothing but another writing."""
    need(PyOpenSsl())
    from OpenSSL import SSL
    from OpenSSL._util import ffi, lib

    first = server_config(pki, early_data=1000)
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(str(pki.ca))
    context.set_verify(SSL.VERIFY_PEER)
    theirs = SSL.Connection(context, None)
    theirs.set_tlsext_host_name(b"server.test")
    theirs.set_connect_state()
    carry(theirs, ServerConnection(first))
    with suppress(SSL.WantReadError):
        theirs.recv(1)  # the tickets
    theirs.shutdown()  # OpenSSL forgets a session that ends in disorder
    again = SSL.Connection(context, None)
    again.set_tlsext_host_name(b"server.test")
    kept: Any = theirs.get_session()
    again.set_session(kept)
    again.set_connect_state()
    written = ffi.new("size_t *")
    assert lib.SSL_write_early_data(again._ssl, EARLY, len(EARLY), written) == 1
    ours = ServerConnection(server_config(pki, sessions=first.sessions, early_data=limit))
    events = carry(again, ours)
    assert reused(again)
    came = b"".join(bytes(event.data) for event in events if isinstance(event, EarlyDataReceived))
    assert came == (EARLY if limit else b"")
    assert ours.info.early_data is (EarlyData.ACCEPTED if limit else EarlyData.REFUSED)


def test_we_say_early_what_the_newer_openssl_takes(pki: Pki) -> None:
    """Its server reads it before the handshake is done, from a session that it resumed."""
    need(PyOpenSsl())
    from OpenSSL import SSL
    from OpenSSL._util import lib

    context = server_context(pki)
    assert lib.SSL_CTX_set_max_early_data(context._context, 1000) == 1
    config, seen = client_config(pki), []
    for early in (b"", EARLY):
        theirs = SSL.Connection(context, None)
        theirs.set_accept_state()
        ours = ClientConnection(config, "server.test", early_data=bool(early))
        if early:
            ours.write_early_data(early)
        said = read_early(theirs, ours)
        carry(theirs, ours)
        theirs.shutdown()  # OpenSSL forgets a session that ends in disorder
        seen.append((reused(theirs), said, ours.info.early_data))
    assert seen == [(False, b"", EarlyData.NOT_OFFERED), (True, EARLY, EarlyData.ACCEPTED)]


def read_early(theirs: Any, ours: Connection) -> bytes:
    """What OpenSSL's server reads until it knows that no more comes early."""
    from OpenSSL import SSL
    from OpenSSL._util import ffi, lib

    room, count, said = ffi.new("char[]", 1000), ffi.new("size_t *"), b""
    for _ in range(4):
        data = ours.data_to_send()
        if data:
            theirs.bio_write(bytes(data))
        status = lib.SSL_read_early_data(theirs._ssl, room, len(room), count)
        if status == _READ_EARLY_FINISH:
            return said
        said += bytes(ffi.buffer(room, count[0]))
        with suppress(SSL.WantReadError):
            ours.receive_data(theirs.bio_read(1 << 17))
        while ours.next_event() is not NEED_DATA:
            pass
    raise PeerFailed(f"OpenSSL still waits for early data after {said!r}")


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
