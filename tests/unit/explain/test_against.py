"""Past connections under another configuration: what is foretold comes true when it is tried."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tests.support.recordings import SCENARIOS, record
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import Connection
from tlsee.crypto.groups import EXPLICIT_GROUP
from tlsee.errors import ApiMisuse, TLSError
from tlsee.explain.against import Fit, Outlook, judge_against
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import Choice
from tlsee.values import replace as with_values

TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13
DAY = 86_400


def recorded(client: ClientConfig, server: ServerConfig) -> dict[str, Recording]:
    """Both sides' redacted recordings of a connection, read again from bytes."""
    ours, theirs = Recorder(), Recorder()
    pair = Pair(
        client,
        server,
        client_options={"observers": [ours]},
        server_options={"observers": [theirs]},
    )
    _to_the_end(pair)
    made = {"client": ours, "server": theirs}
    return {who: Recording.from_bytes(r.recording.to_bytes()) for who, r in made.items()}


def _to_the_end(pair: Pair) -> TLSError | None:
    """Run a pair; what ended it, if it was not the end."""
    error = None
    for _ in range(20):
        for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
            Pair.carry(one, other)
            error = error or _drain(other)
    return error


def _drain(side: Connection) -> TLSError | None:
    try:
        events_of(side)
    except TLSError as error:
        return error
    return None


CLIENTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "only 1.3": {"versions": [TLS13]},
    "only 1.2": {"versions": [TLS12]},
    "only P-256": {"groups": [NamedGroup.secp256r1]},
    "only P-384": {"groups": [NamedGroup.secp384r1]},
    "only ChaCha": {"suites": [CipherSuite.TLS_CHACHA20_POLY1305_SHA256]},
    "h2": {"alpn": ["h2"]},
    "http/1.1": {"alpn": ["http/1.1"]},
    "with a certificate": {"credentials": ["mine"]},
}
SERVERS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "only 1.3": {"versions": [TLS13]},
    "only 1.2": {"versions": [TLS12]},
    "only P-256": {"groups": [NamedGroup.secp256r1]},
    "only x25519": {"groups": [NamedGroup.x25519]},
    "only ChaCha": {"suites": [CipherSuite.TLS_CHACHA20_POLY1305_SHA256]},
    "h2": {"alpn": ["h2"]},
    "asks for certificates": {"client_auth": "optional", "client_trust": "the authority"},
    "wants certificates": {"client_auth": "required", "client_trust": "the authority"},
    "wants other certificates": {"client_auth": "required", "client_trust": "nobody"},
    "RSA": {"credentials": ["rsa2048"]},
}


@cache
def stranger() -> Authority:
    """Another authority than everybody's."""
    return Authority.create("somebody else")


def client(name: str) -> ClientConfig:
    changes = dict(CLIENTS[name])
    if "credentials" in changes:
        changes["credentials"] = [client_credential()]
    return client_config(**changes)


def server(name: str) -> ServerConfig:
    changes = dict(SERVERS[name])
    if "client_trust" in changes:
        known = changes["client_trust"] == "the authority"
        changes["client_trust"] = trust() if known else Trust.from_pem(stranger().pem)
    if "credentials" in changes:
        changes["credentials"] = [server_credential(key) for key in changes["credentials"]]
    return server_config(**changes)


@cache
def usual(visitor: str) -> Recording:
    """What our usual server saw of a client."""
    return recorded(client(visitor), server("asks for certificates"))["server"]


def tried(visitor: str, host: str) -> tuple[TLSError | None, Pair]:
    """The connection itself."""
    pair = Pair(client(visitor), server(host))
    return _to_the_end(pair), pair


@pytest.mark.parametrize("host", SERVERS)
@pytest.mark.parametrize("visitor", CLIENTS)
def test_what_is_foretold_of_a_server_comes_true(visitor: str, host: str) -> None:
    """Each client's recorded hello before each server: breaks where the real thing breaks."""
    outlook = judge_against(usual(visitor), server(host))
    error, pair = tried(visitor, host)
    if outlook.fit is Fit.BREAKS:
        assert error is not None, outlook
        named = [finding for finding in outlook.findings if finding.fit is Fit.BREAKS]
        assert any(finding.name for finding in named)
        return
    if outlook.fit is not Fit.MAY_BREAK:
        assert error is None, outlook
        chosen = {choice.what: choice.chosen for choice in pair.server.evidence.choices}
        for finding in outlook.findings:
            if finding.fit is Fit.CHANGES and finding.what in chosen:
                assert finding.after in (str(chosen[finding.what]), _said(chosen[finding.what]))


def _said(item: Any) -> str:
    return item.decode() if isinstance(item, bytes) else getattr(item, "label", str(item))


@pytest.mark.parametrize("host", SERVERS)
@pytest.mark.parametrize("visitor", CLIENTS)
def test_what_is_foretold_of_a_client_comes_true(visitor: str, host: str) -> None:
    """Each client before each server that once answered the usual one."""
    past = recorded(client("as it is"), server(host))["client"]
    outlook = judge_against(past, client(visitor))
    error, _ = tried(visitor, host)
    if outlook.fit is Fit.BREAKS:
        assert error is not None, outlook
    elif outlook.fit in (Fit.SAME, Fit.CHANGES) and not outlook.failed_before:
        assert error is None, outlook


def test_the_same_configuration_finds_nothing() -> None:
    """Whoever changes nothing breaks nothing."""
    for name in (
        "1.3",
        "1.2",
        "1.3, client certificate",
        "1.3, retried",
        "1.2, client certificate",
    ):
        configs, made = SCENARIOS[name](), record(name)
        for recording in (made.client.recording, made.server.recording):
            outlook = judge_against(recording, configs[0])
            assert outlook.fit in (Fit.SAME, Fit.UNKNOWN), (name, outlook)
            assert judge_against(recording, configs[1]).fit is Fit.SAME, name


def test_a_group_of_the_servers_own() -> None:
    """Its numbers stand in ServerKeyExchange, so nobody has it in a list: DHE itself takes it."""
    older = client_config(policy=policies.legacy, versions=[TLS12])
    made = recorded(older, server_config(policy=policies.legacy, versions=[TLS12]))["client"]
    moments = [
        with_values(moment, item=with_values(moment.item, chosen=EXPLICIT_GROUP))
        if isinstance(moment.item, Choice) and moment.item.what == "group"
        else moment
        for moment in made.moments
    ]
    own = Recording(made.header, moments)
    assert judge_against(own, older).fit is Fit.SAME


def test_certificates_age() -> None:
    """The same trust, judged at a later moment."""
    past = recorded(client_config(), server_config())["client"]
    began = past.header.began / 1e9
    assert judge_against(past, client_config(), began + 1).fit is Fit.SAME
    later = judge_against(past, client_config(), began + 50_000 * DAY)
    assert later.fit is Fit.BREAKS
    assert later.findings[0].name == "certificate_expired"


def test_other_anchors_refuse_the_server() -> None:
    """A client that believes nobody."""
    past = recorded(client_config(), server_config())["client"]
    outlook = judge_against(past, client_config(trust=Trust.nobody()))
    assert outlook.fit is Fit.BREAKS
    assert outlook.findings[0].what == "certificate"


def test_pseudonyms_are_not_judged() -> None:
    """Signatures over pseudonyms do not hold: nothing is said of certificates."""
    past = with_pseudonyms(recorded(client_config(), server_config())["client"])
    outlook = judge_against(past, client_config())
    assert outlook.fit is Fit.UNKNOWN
    assert "pseudonyms" in outlook.findings[0].sentence


def test_a_recording_without_a_hello() -> None:
    """There is nothing to judge."""
    empty = Recorder().recording
    outlook = judge_against(empty, client_config())
    assert outlook.fit is Fit.UNKNOWN
    with pytest.raises(ApiMisuse):
        judge_against(empty, None)  # type: ignore[arg-type]


def test_policies_are_compared_as_well() -> None:
    """A client of yesterday before a server that allows RSA key exchange: nothing changes."""
    past = recorded(client_config(), server_config())["server"]
    lax = server_config(policy=policies.legacy, credentials=[server_credential("rsa2048")])
    assert judge_against(past, lax).fit is Fit.CHANGES  # another kind of signature
    assert isinstance(judge_against(past, lax), Outlook)
    assert NAME
