"""What a refused client is told, and where: in TLS 1.3 after its handshake, in its first read."""

from __future__ import annotations

import pytest

from tests.support.endpoints import (
    authority,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.streams import PATIENCE, send_for_ever, streams, threads
from tlsee.codes import AlertDescription, NamedGroup
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import AlertReceived, TLSError
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.reasons import Reason


def _both(client: ClientConfig, server: ServerConfig) -> tuple[TLSError, TLSError]:
    """What client and server each end with; the client's may come in its first read."""
    with streams(client, server, shaken=False) as (ours, theirs), threads() as submit:
        serving = submit(theirs.recv)
        with pytest.raises(TLSError) as caught:
            ours.recv()
        error = serving.exception(PATIENCE)
        assert isinstance(error, TLSError)
        return caught.value, error


def _notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def test_no_certificate_where_one_is_required() -> None:
    """The text names the certificate and the fix, not the read; the notes say what was asked."""
    client, server = _both(client_config(), server_config(client_trust=trust()))
    assert str(client) == (
        "certificate_required (116): the server asked for a client certificate and got none; "
        "fix: ClientConfig(credentials=[...])"
    )
    assert _notes(client) == [
        'asked  CertificateRequest; it accepts: "tlsee test authority"',
        "sent  Certificate with 0 entries (no credential is configured)",
        "why here  in TLS 1.3 the server judges this after your handshake is done",
    ]
    assert isinstance(client, AlertReceived)
    assert client.evidence.phase == "after the handshake"
    assert client.evidence.alert_received is AlertDescription.certificate_required
    assert server.name == "certificate_required"


def test_a_certificate_of_somebody_else() -> None:
    """unknown_ca names our leaf and its issuer, escaped."""
    stranger = Authority.create("Other CA").issue("pay\x1b[31m.test", client=True)
    client, server = _both(
        client_config(credentials=[stranger]), server_config(client_trust=trust())
    )
    assert str(client) == (
        "unknown_ca (48): the server refused our certificate "
        r'("pay\x1b[31m.test", issued by "Other CA"): its authority is none that the server '
        "trusts; fix: send the intermediates as well, or have the server trust the authority"
    )
    assert _notes(client)[1:] == [
        "sent  Certificate with 1 entry",
        "why here  in TLS 1.3 the server judges this after your handshake is done",
    ]
    assert server.name == "unknown_ca"


def test_an_expired_certificate() -> None:
    """certificate_expired says by whose clock."""
    old = authority().issue("old.test", client=True, not_before=9e8, not_after=1e9)
    old = old.despite_flaws()
    client, _ = _both(client_config(credentials=[old]), server_config(client_trust=trust()))
    assert client.alert is AlertDescription.certificate_expired
    assert "expired or is not valid yet, by the server's clock" in str(client)


def test_a_server_learns_that_its_certificate_was_refused() -> None:
    """The same words in the other role; there the handshake was not done yet."""
    believing = client_config(trust=Trust.from_pem(Authority.create("Another").pem))
    client, server = _both(believing, server_config())
    assert client.name == "unknown_ca"
    assert "the client refused our certificate" in str(server)
    assert '"server.test", issued by "tlsee test authority"' in str(server)
    assert not any(note.startswith("why here") for note in _notes(server))


@pytest.mark.parametrize(
    ("client", "server", "begin", "part"),
    [
        (
            {"groups": [NamedGroup.x25519]},
            {"groups": [NamedGroup.secp256r1]},
            "handshake_failure (40): the server takes nothing of what we offered",
            "x25519",
        ),
        (
            {"alpn": ["h2"]},
            {"alpn": ["http/1.1"]},
            "no_application_protocol (120): the server speaks none of the protocols",
            "(h2)",
        ),
    ],
    ids=["group", "alpn"],
)
def test_nothing_in_common(
    client: dict[str, object], server: dict[str, object], begin: str, part: str
) -> None:
    """A refused hello is told with what it offered."""
    error, _ = _both(client_config(**client), server_config(**server))
    assert str(error).startswith(begin)
    assert part in str(error)


def test_an_alert_without_a_story() -> None:
    """Any other alert is told as what it is, on one line."""
    with streams() as (client, server):
        server.connection._fail(TLSError(Reason("test", AlertDescription.access_denied, "", "")))
        server._transport.push()
        with pytest.raises(AlertReceived) as caught:
            client.recv()
        assert str(caught.value) == (
            "access_denied (49): the server refused; fix: look at the server's log"
        )
        with pytest.raises(AlertReceived):
            client.recv()


def test_a_write_after_the_refusal_tells_the_refusal() -> None:
    """Who only writes learns why the peer hung up, not that a pipe is broken."""
    with (
        streams(client_config(), server_config(client_trust=trust()), shaken=False) as (
            client,
            server,
        ),
        threads() as submit,
    ):
        serving = submit(server.handshake)
        client.handshake()
        with pytest.raises(AlertReceived, match="got none"):
            send_for_ever(client)
        assert isinstance(serving.exception(PATIENCE), TLSError)


def test_the_right_certificate_is_taken() -> None:
    """The control: with a certificate that the server trusts nobody is refused."""
    client = client_config(credentials=[client_credential()])
    with streams(client, server_config(client_trust=trust())) as (ours, theirs):
        theirs.sendall(b"welcome")
        assert ours.recv() == b"welcome"
        assert ours.info.own_credential is not None
