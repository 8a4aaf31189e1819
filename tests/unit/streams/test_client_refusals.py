"""Each way to refuse a client's certificate, in both versions, as the client meets it everywhere.

In 1.3 the client's handshake is done by then: blocking and asyncio streams tell it in the first
read, a connection without I/O in the next event; never as a broken pipe or an end of data.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    authority,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.revocation import HOUR, revocation_list
from tests.support.streams import PATIENCE, streams, threads
from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import HandshakeDone
from tlsee.crypto.private_keys import LocalSigner, generate
from tlsee.errors import AlertReceived, CertificateRejected, PeerMisbehaved, TLSError
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.streams import asyncio as tls

TLS13, TLS12 = ProtocolVersion.TLS13, ProtocolVersion.TLS12
Alert = AlertDescription
DAY = 24 * HOUR


def _issued(**options: Any) -> Credential:
    return authority().issue("pay.test", client=True, **options).despite_flaws()


def _damaged() -> Credential:
    """The certificate of one name with the signature of another's."""
    key = generate("ed25519")
    root = Authority(authority()._x509, authority()._key)
    good, other = (
        root.issue("pay.test", private_key=key, client=True, common_name=name) for name in "ab"
    )
    cut = len(good.certificate.signature)
    if cut != len(other.certificate.signature):
        return _damaged()  # two ECDSA signatures may differ in length
    leaf = good.chain[0][:-cut] + other.certificate.signature
    return Credential((leaf,), LocalSigner(key)).despite_flaws()


def _mixed_up() -> Credential:
    """Signs with another key than the certificate's."""
    good = client_credential()
    key = LocalSigner(generate("ecdsa_secp256r1"))

    class Signer:
        schemes = good.schemes

        def sign(self, scheme: Any, content: bytes) -> Any:
            return key.sign(scheme, content)

    return Credential(good.chain, Signer())


@cache
def _revoked() -> Credential:
    return authority().issue("pay.test", client=True)


def _list() -> bytes:
    now = time.time()
    return revocation_list(authority(), [_revoked().chain[0]], since=now - HOUR, until=now + DAY)


_REVOCATION = {"revocation": "soft"}
# What is shown, what the server is told besides, its alert in 1.3 and in 1.2, and whose text.
FLAWS: dict[str, tuple[Callable[[], Credential | None], dict[str, Any], Alert, Alert]] = {
    "none": (lambda: None, {}, Alert.certificate_required, Alert.handshake_failure),
    "expired": (
        lambda: _issued(not_before=9e8, not_after=1e9),
        *({}, Alert.certificate_expired, Alert.certificate_expired),
    ),
    "early": (
        lambda: _issued(not_before=4e9, not_after=4.1e9),
        *({}, Alert.certificate_expired, Alert.certificate_expired),
    ),
    "stranger": (
        lambda: Authority.create("Other CA").issue("pay.test", client=True),
        *({}, Alert.unknown_ca, Alert.unknown_ca),
    ),
    "of a server": (
        lambda: authority().issue("pay.test"),
        *({}, Alert.unsupported_certificate, Alert.unsupported_certificate),
    ),
    "damaged": (_damaged, {}, Alert.bad_certificate, Alert.bad_certificate),
    "mixed up": (_mixed_up, {}, Alert.decrypt_error, Alert.decrypt_error),
    "revoked": (
        _revoked,
        {**_REVOCATION, "crls": _list},
        *(Alert.certificate_revoked, Alert.certificate_revoked),
    ),
    "badly stapled": (
        lambda: client_credential().with_staples([b"\x30\x00"]),
        *(_REVOCATION, Alert.bad_certificate_status_response, Alert.close_notify),
    ),
}
CASES = [
    pytest.param(flaw, version, id=f"{flaw}-{version.name}")
    for flaw in FLAWS
    for version in (TLS13, TLS12)
    if not (flaw == "badly stapled" and version is TLS12)  # where a client has no place for it
]


def _configured(flaw: str, version: ProtocolVersion) -> tuple[ClientConfig, ServerConfig, Alert]:
    make, extra, newer, older = FLAWS[flaw]
    shown = make()
    settings = {name: [item()] if callable(item) else item for name, item in extra.items()}
    client = client_config(credentials=[shown] if shown is not None else [], versions=[version])
    server = server_config(client_trust=trust(), versions=[version], **settings)
    return client, server, newer if version is TLS13 else older


def _told(error: BaseException | None, alert: Alert, flaw: str, version: ProtocolVersion) -> None:
    """The client's error names the alert, the certificate or its lack, and why it comes here."""
    assert isinstance(error, AlertReceived), error
    assert error.alert is alert
    words = "got none" if flaw == "none" else "the server refused our certificate"
    assert words in str(error)
    later = any(note.startswith("why here") for note in getattr(error, "__notes__", []))
    assert later == (version is TLS13)
    assert error.evidence.alert_received is alert


def _refused(error: BaseException | None, alert: Alert, flaw: str) -> None:
    kind = PeerMisbehaved if flaw == "mixed up" else CertificateRejected
    assert type(error) is kind
    assert isinstance(error, TLSError)
    assert error.evidence.alert_sent is alert


@pytest.mark.parametrize(("flaw", "version"), CASES)
def test_without_io(flaw: str, version: ProtocolVersion) -> None:
    """In 1.3 HandshakeDone comes first, then the refusal; in 1.2 there is no HandshakeDone."""
    client, server, alert = _configured(flaw, version)
    pair = Pair(client, server)
    with pytest.raises(TLSError):
        pair.run()
    Pair.carry(pair.server, pair.client)
    _refused(pair.server.failure, alert, flaw)
    done = any(isinstance(event, HandshakeDone) for event in pair.client_events)
    try:
        while True:
            done |= isinstance(pair.client.next_event(), HandshakeDone)
    except AlertReceived as told:
        _told(told, alert, flaw, version)
    assert done == (version is TLS13)
    with pytest.raises(AlertReceived):
        pair.client.next_event()


@pytest.mark.parametrize(("flaw", "version"), CASES)
def test_blocking(flaw: str, version: ProtocolVersion) -> None:
    """In 1.3 ``handshake`` passes and the first read raises; in 1.2 ``handshake`` does."""
    client, server, alert = _configured(flaw, version)
    with streams(client, server, shaken=False) as (ours, theirs), threads() as submit:
        serving = submit(theirs.recv)
        if version is TLS13:
            ours.handshake()
        with pytest.raises(AlertReceived) as told:
            ours.recv()
        _refused(serving.exception(PATIENCE), alert, flaw)
        _told(told.value, alert, flaw, version)
        with pytest.raises(AlertReceived):
            ours.recv()


@pytest.mark.parametrize(("flaw", "version"), CASES)
def test_asyncio(flaw: str, version: ProtocolVersion) -> None:
    """The same awaited: ``connect`` gives a stream in 1.3, and ``read`` raises."""
    client, server, alert = _configured(flaw, version)
    failures: list[BaseException] = []

    async def handler(_reader: tls.Reader, _writer: tls.Writer) -> None:
        raise AssertionError("nobody may come in")

    async def talk() -> BaseException:
        failed = asyncio.Event()

        def on_failure(error: BaseException, _address: object) -> None:
            failures.append(error)
            failed.set()

        listening = await tls.serve(handler, "127.0.0.1", 0, server, on_failure=on_failure)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            try:
                reader, writer = await tls.connect("127.0.0.1", port, client, server_name=NAME)
            except AlertReceived as error:
                assert version is TLS12
                found: BaseException = error
            else:
                assert version is TLS13
                with pytest.raises(AlertReceived) as told:
                    await reader.read(1)
                found = told.value
                writer.abort()
            await failed.wait()
            return found

    _told(asyncio.run(asyncio.wait_for(talk(), PATIENCE)), alert, flaw, version)
    _refused(failures[0], alert, flaw)
