"""What goes wrong in TLS 1.2 between tlsee and a foreign peer, and what each side says about it.

A quarrel is played twice with each peer: once our side refuses, and the peer names our alert; once
the peer refuses, in words of its own, and our side names its alert.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.json_lines import Java
from tests.interop.peers.spec import Peer, Role, Spec
from tests.interop.pki import Pki
from tests.interop.quarrels import heard, quarrel, says, sent, told
from tlsee.errors import Reason, Reasons
from tlsee.identity.authority import Authority

pytestmark = pytest.mark.peers

_SUITES = [f"TLS_ECDHE_RSA_WITH_AES_{cipher}" for cipher in ("128_GCM_SHA256", "256_GCM_SHA384")]
_PEERS = (*FOREIGN, Java())

Specs = tuple[Spec, Spec]


@dataclass(frozen=True)
class Quarrel:
    """Two who do not fit together.

    ``refuser`` is the role that finds out, ``reason`` what we call it and ``alert`` what is sent.
    ``theirs``: what foreign ones send where that is another alert; ``words``: what they all say,
    one way or another.
    ``without``: peers that cannot be brought to it.
    """

    name: str
    refuser: Role
    reason: Reason
    alert: str
    words: str
    change: Callable[[Specs, Path, Pki], Specs]
    theirs: dict[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()


def _no_common_suite(specs: Specs, _strangers: Path, _pki: Pki) -> Specs:
    client, server = specs
    return replace(client, suites=(_SUITES[0],)), replace(server, suites=(_SUITES[1],))


def _no_common_group(specs: Specs, _strangers: Path, _pki: Pki) -> Specs:
    client, server = (replace(spec, suites=(_SUITES[0],)) for spec in specs)
    return replace(client, groups=("x25519",)), replace(server, groups=("secp384r1",))


def _wrong_name(specs: Specs, _strangers: Path, _pki: Pki) -> Specs:
    return replace(specs[0], server_name="other.test"), specs[1]


def _strange_server(specs: Specs, strangers: Path, _pki: Pki) -> Specs:
    return replace(specs[0], ca=strangers), specs[1]


def _no_client_certificate(specs: Specs, _strangers: Path, _pki: Pki) -> Specs:
    return specs[0], replace(specs[1], client_auth="required")


def _strange_client(specs: Specs, strangers: Path, pki: Pki) -> Specs:
    client = replace(specs[0], identity=pki.client("ecdsa_secp256r1"))
    return client, replace(specs[1], client_auth="required", ca=strangers)


def _only_newer_client(specs: Specs, _strangers: Path, _pki: Pki) -> Specs:
    return replace(specs[0], version="TLS13"), specs[1]


def _only_newer_server(specs: Specs, _strangers: Path, _pki: Pki) -> Specs:
    return specs[0], replace(specs[1], version="TLS13")


_NO_SUITE = r"no (shared )?cipher|NoCipherSuitesInCommon|No supported cipher suites|NoKxGroups"
_STRANGER = (
    r"verify failed|unknown authority|UnknownIssuer|path building|local issuer|in the certificate"
    r"|\[2\|49\]"  # gnutls-serv: access_denied
)

_QUARRELS = [
    Quarrel(
        "no-common-suite",
        "server",
        Reasons.no_common_suite,
        "handshake_failure",
        _NO_SUITE,
        _no_common_suite,
    ),
    Quarrel(
        *(
            "no-common-group",
            "server",
            Reasons.no_common_group,
            "handshake_failure",
            _NO_SUITE,
            _no_common_group,
        ),
        without=frozenset({"java"}),  # it cannot be told its groups
    ),
    Quarrel(
        *("wrong-name", "client", Reasons.name_mismatch, "bad_certificate"),
        r"hostname|verify failed|not valid for|not other\.test|does not match|DNS name matching",
        _wrong_name,
        theirs={"java": "certificate_unknown"},
        without=frozenset({"curl"}),  # it looks at the name when the handshake is over
    ),
    Quarrel(
        *("strange-server", "client", Reasons.unknown_ca, "unknown_ca", _STRANGER, _strange_server),
        theirs={
            "go": "bad_certificate",
            "gnutls": "bad_certificate",
            "java": "certificate_unknown",
        },
    ),
    Quarrel(
        *(
            "no-client-certificate",
            "server",
            Reasons.client_certificate_missing,
            "handshake_failure",
        ),
        r"not return a cert|didn't provide|no certificates|certificate chain|No certificate",
        _no_client_certificate,
        theirs={
            "rustls": "certificate_required",
            "java": "bad_certificate",
            "gnutls": "decode_error",  # also to OpenSSL's and to Go's client
        },
        without=frozenset({"nginx"}),  # it shakes hands, and answers in HTTP
    ),
    Quarrel(
        *("strange-client", "server", Reasons.unknown_ca, "unknown_ca", _STRANGER, _strange_client),
        theirs={"java": "certificate_unknown", "gnutls": "access_denied"},
        without=frozenset({"nginx"}),
    ),
    Quarrel(
        *("only-newer-client", "server", Reasons.version_too_old, "protocol_version"),
        r"unsupported (protocol|version)|Tls12NotOffered|not accepted|No supported cipher suites",
        _only_newer_client,
        theirs={"gnutls": "handshake_failure"},
    ),
    Quarrel(
        *("only-newer-server", "server", Reasons.version_too_old, "protocol_version"),
        r"unsupported (protocol|version)|Tls12NotOffered|not accepted|unsupported version",
        _only_newer_server,
    ),
]
# They show no certificate that none of the named authorities issued, not even their only one.
_CHOOSERS = {"go", "java"}


def _cells(*, ours_refuses: bool) -> list[ParameterSet]:
    """Each quarrel with each peer that has the role for it."""
    return [
        pytest.param(each, peer, id=f"{each.name}-{peer.name}")
        for each in _QUARRELS
        for peer in _PEERS
        if (_other(each.refuser) if ours_refuses else each.refuser) in peer.roles
        and peer.name not in each.without
    ]


def _other(role: Role) -> Role:
    return "server" if role == "client" else "client"


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that issued nothing."""
    path = tmp_path_factory.mktemp("strangers") / "root.pem"
    path.write_bytes(Authority.create("somebody else").pem)
    return path


def _specs(peer: Peer, pki: Pki) -> Specs:
    client = Spec(
        ca=pki.ca, version="TLS12", application="http" if peer.application == "http" else "echo"
    )
    return client, replace(client, identity=pki.server("rsa2048"))


@pytest.mark.parametrize(("each", "peer"), _cells(ours_refuses=True))
def test_we_refuse(each: Quarrel, peer: Peer, pki: Pki, strangers: Path) -> None:
    """Our side knows the reason, sends its alert, and the peer names that alert."""
    need(peer)
    specs = each.change(_specs(peer, pki), strangers, pki)
    reason, alert = each.reason, each.alert
    if each.name == "strange-client" and peer.name in _CHOOSERS:
        reason, alert = Reasons.client_certificate_missing, "handshake_failure"
    if each.refuser == "server":
        theirs, ours = quarrel(peer, OURS, *specs)
    else:
        ours, theirs = quarrel(OURS, peer, *specs)
    error = sent(ours, alert, reason)
    told(theirs, alert)
    if reason == Reasons.version_too_old:
        newest, ours_only = ("1.3", "1.2") if each.name == "only-newer-client" else ("1.2", "1.3")
        says(ours, f"the client speaks TLS {newest} at most, this server TLS {ours_only}")
        assert error.fix


@pytest.mark.parametrize(("each", "peer"), _cells(ours_refuses=False))
def test_they_refuse(each: Quarrel, peer: Peer, pki: Pki, strangers: Path) -> None:
    """The peer says in its own words what is wrong, and our side names the alert that came."""
    need(peer)
    specs = each.change(_specs(peer, pki), strangers, pki)
    if each.refuser == "server":
        ours, theirs = quarrel(OURS, peer, *specs)
    else:
        theirs, ours = quarrel(peer, OURS, *specs)
    heard(ours, each.theirs.get(peer.name, each.alert))
    says(theirs, each.words)
