"""Certificates beside an external pre-shared key, in both roles (RFC 9973)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, client_credential, server_config, trust
from tests.support.resuming import Bound, Edited, carrying_instead, refusal, resumable
from tlsee.codes import ExtensionType, NamedGroup
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import CertificateRejected, Reasons, TLSError
from tlsee.handshake.outcome import ByPsk, EarlyData
from tlsee.identity.authority import Authority
from tlsee.identity.proof import ByCertificate
from tlsee.identity.trust import Trust
from tlsee.sessions.psk import ExternalPsk
from tlsee.values import replace
from tlsee.wire.codec import decode
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.tls_cert_with_extern_psk import TLSCertWithExternPSK
from tlsee.wire.hellos import ClientHello, ServerHello

MESH = ExternalPsk(b"mesh", bytes(range(32)))
BESIDE = TLSCertWithExternPSK()


def serving(**changes: Any) -> ServerConfig:
    """A server with a certificate and the key."""
    return server_config(psks=[MESH], insecure_accept_own_hellos=True, **changes)


def visiting(**changes: Any) -> ClientConfig:
    """A client that believes an authority, and has the key."""
    return client_config(psks=[MESH], **changes)


@pytest.mark.parametrize("groups", [None, [NamedGroup.secp384r1]])
def test_both_count(groups: Any) -> None:
    """The server proves itself with its certificate, and the key is in the secrets."""
    pair = Pair(visiting(), serving(groups=groups)).run()
    assert isinstance(pair.client.info.peer, ByCertificate)
    assert isinstance(pair.server.info.peer, ByPsk)
    assert pair.client.info.psk_identity == pair.server.info.psk_identity == b"mesh"
    assert pair.client.info.scheme is not None
    assert pair.client.info.retried is (groups is not None)
    assert not pair.client.info.resumed


@pytest.mark.parametrize("auth", ["required", "optional"])
@pytest.mark.parametrize("shows", [True, False])
def test_a_client_proves_itself_beside_the_key(auth: str, shows: bool) -> None:
    """RFC 9973 lifts the ban on CertificateRequest; what is required stays required."""
    credentials = [client_credential()] if shows else []
    pair = Pair(visiting(credentials=credentials), serving(client_trust=trust(), client_auth=auth))
    if auth == "required" and not shows:
        refusal(pair, Reasons.certificate_required, by_server=True)
        return
    pair.run()
    assert isinstance(pair.server.info.peer, ByCertificate if shows else ByPsk)
    assert pair.server.info.psk_identity == b"mesh"


def test_the_certificate_is_judged_as_ever() -> None:
    """The key does not make up for it."""
    stranger = Trust.from_pem(Authority.create("a stranger").pem)
    pair = Pair(ClientConfig(psks=[MESH], trust=stranger), serving())
    with pytest.raises(TLSError):
        pair.run()
    assert isinstance(pair.client.failure, CertificateRejected)


@pytest.mark.parametrize("who", ["the client believes nobody", "the server has none"])
def test_the_key_alone_where_one_side_has_no_certificates(who: str) -> None:
    """As without the extension."""
    client = ClientConfig(psks=[MESH]) if "client" in who else visiting()
    server = serving() if "client" in who else serving(credentials=[])
    pair = Pair(client, server).run()
    assert isinstance(pair.client.info.peer, ByPsk)
    offered = TLSCertWithExternPSK in [type(item) for item in hello_of(pair).extensions]
    assert offered is ("server" in who)


def hello_of(pair: Pair) -> Any:
    """The client's hello as the server heard it."""
    return decode(ClientHello, pair.server.evidence.client_hello)


def test_the_certificate_alone_where_the_key_is_not_known() -> None:
    """A full handshake like any other; the extension is not answered."""
    pair = Pair(visiting(), server_config()).run()
    assert isinstance(pair.client.info.peer, ByCertificate)
    assert pair.client.info.psk_identity is None


def test_what_follows_from_both_needs_both() -> None:
    """A session of such a connection: its chain is judged, its key must still be configured."""
    client, server = visiting(sessions=True), serving(sessions=True)
    Pair(client, server).run()
    assert client.sessions is not None
    assert len(client.sessions) == 2
    second = Pair(client, server).run()
    assert second.client.info.resumed
    assert second.client.info.psk_identity == second.server.info.psk_identity == b"mesh"
    proof = second.client.info.peer
    assert isinstance(proof, ByPsk)
    assert proof.peer is not None
    without = Pair(client_config(sessions=client.sessions), server).run()
    assert not without.client.info.resumed


def test_early_data_wins() -> None:
    """Both cannot be: early data would be out before any certificate is there."""
    early = ExternalPsk(b"mesh", bytes(range(32)), early_data=100)
    pair = Pair(client_config(psks=[early]), serving(), client_options={"early_data": True})
    pair.client.write_early_data(b"early")
    pair.run()
    assert isinstance(pair.client.info.peer, ByPsk)
    assert pair.client.info.early_data is EarlyData.REFUSED


# --- Peers that misuse it ----------------------------------------------------------------------


def test_a_session_beside_certificates_is_refused() -> None:
    """Only external keys may be offered with it."""
    client, server = resumable()
    composer = Bound(edit=lambda hello: carrying_instead(hello, BESIDE))
    pair = Pair(client, server, client_options={"composer": composer})
    refusal(pair, Reasons.extern_psk_misused, by_server=True)


def test_a_wish_for_certificates_and_no_key_is_refused() -> None:
    """The hello lacks what has to go with it."""
    composer = Edited(client_hello=lambda hello: carrying_instead(hello, BESIDE))
    pair = Pair(client_config(), serving(), client_options={"composer": composer})
    refusal(pair, Reasons.extern_psk_misused, by_server=True)


def without(kind: int) -> Any:
    """An edit of ServerHello."""

    def edit(message: ServerHello) -> ServerHello:
        kept = [item for item in message.extensions if item.extension_type != kind]
        return replace(message, extensions=Extensions.of(*kept))

    return edit


def test_a_client_refuses_certificates_beside_no_key() -> None:
    """ServerHello answers the one and takes none of the others."""
    edit = without(ExtensionType.pre_shared_key)
    pair = Pair(visiting(), serving(), server_options={"composer": Edited(server_hello=edit)})
    refusal(pair, Reasons.extern_psk_misused, by_server=False)


def test_a_client_refuses_what_it_did_not_ask() -> None:
    """The extension is answered, never volunteered."""
    edit = Edited(server_hello=lambda message: carrying_instead(message, BESIDE))
    pair = Pair(ClientConfig(psks=[MESH]), serving(), server_options={"composer": edit})
    refusal(pair, Reasons.unsolicited_extension, by_server=False)


def test_a_server_that_forgets_its_certificate_is_refused() -> None:
    """What was promised in ServerHello has to come: Finished is no Certificate."""
    pair = Pair(
        visiting(),
        serving(credentials=[]),
        server_options={
            "composer": Edited(server_hello=lambda message: carrying_instead(message, BESIDE))
        },
    )
    refusal(pair, Reasons.unexpected_message, by_server=False)
