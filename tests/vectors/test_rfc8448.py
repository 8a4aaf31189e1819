"""RFC 8448, sections 3 to 7, by both endpoints: each byte, secret and key is the trace's."""

from __future__ import annotations

import pytest

from tests.support.replays import Replayed, replayed, resumes
from tests.support.traces import SECTIONS, Step, Trace, load
from tlsee.codes import CipherSuite
from tlsee.connection.events import (
    DataReceived,
    EarlyDataReceived,
    HandshakeDone,
    PeerClosed,
    TicketReceived,
)
from tlsee.crypto.pyca import PROVIDER
from tlsee.handshake.outcome import ByPsk, EarlyData
from tlsee.identity.proof import Anonymous, Unverified
from tlsee.keys.schedule13 import (
    EarlyStage,
    HandshakeStage,
    MainStage,
    TrafficSecret,
    derive_secret,
    expand_label,
)
from tlsee.trace import (
    Direction,
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
    SignatureChecked,
)
from tlsee.wire.messages13 import NewSessionTicket

SUITE = PROVIDER.suites[CipherSuite.TLS_AES_128_GCM_SHA256]  # of all the traces
# RFC 9850's labels, by RFC 9846's.
LABELS = {
    "c e traffic": "CLIENT_EARLY_TRAFFIC_SECRET",
    "e exp master": "EARLY_EXPORTER_SECRET",
    "c hs traffic": "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "s hs traffic": "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "c ap traffic": "CLIENT_TRAFFIC_SECRET_0",
    "s ap traffic": "SERVER_TRAFFIC_SECRET_0",
    "exp master": "EXPORTER_SECRET",
}

sections = pytest.mark.parametrize("section", SECTIONS)
roles = pytest.mark.parametrize("role", Role, ids=lambda role: role.value)


def output(trace: Trace, label: str) -> bytes:
    """A derived secret by its label."""
    found = {step["output"] for step in trace.all("derive", None, label)}
    assert len(found) == 1
    return found.pop()


def stages(trace: Trace) -> tuple[EarlyStage, HandshakeStage, MainStage]:
    """The stages from the trace's (EC)DHE secret on."""
    keys = [step["input"] for step in trace.all("extract", None, "early")]
    early = EarlyStage.start(SUITE, *(keys if resumes(trace) else []))
    (exchange,) = trace.all("extract", None, "handshake")
    handshake = early.handshake(exchange["input"])
    return early, handshake, handshake.main()


@sections
@roles
def test_messages(section: str, role: Role) -> None:
    """Our messages are the trace's, the peer's are taken; each ended the run with nothing over."""
    run = replayed(section, role)
    sent = [event.raw for event in run.told_of(MessageSent)]
    received = [event.raw for event in run.told_of(MessageReceived)]
    ours = [step["raw"] for step in run.trace.all("message", role)]
    theirs = [step["raw"] for step in run.trace.all("message", role.other)]
    if role is Role.SERVER:  # no ticket is our state's own
        tickets = [step["raw"] for step in run.trace.all("message", role, "NewSessionTicket")]
        ours = [raw for raw in ours if raw not in tickets]
    assert sent == ours
    assert received == theirs
    assert run.unused == 0


@sections
@roles
def test_records(section: str, role: Role) -> None:
    """Our records are the trace's, header to tag, in number, order and grouping."""
    run = replayed(section, role)
    wanted = run.trace.all("record", role)
    sent = run.told_of(RecordSent)
    assert [event.raw for event in sent] == [step["raw"] for step in wanted]
    assert run.wire == b"".join(step["raw"] for step in wanted)
    assert [contents(event) for event in sent] == [facts(step) for step in wanted]


@sections
@roles
def test_records_of_the_peer(section: str, role: Role) -> None:
    """Each of the peer's records was opened and told, the dummy ones too."""
    run = replayed(section, role)
    wanted = run.trace.all("record", role.other)
    received = run.told_of(RecordReceived)
    assert [event.raw for event in received] == [step["raw"] for step in wanted]
    assert [contents(event) for event in received] == [facts(step) for step in wanted]


def contents(event: RecordSent | RecordReceived) -> tuple[str, int]:
    """What a record is told to hold."""
    return str(event.content_type), event.content_length


def facts(step: Step) -> tuple[str, int]:
    """What a trace's record holds."""
    return step.name, len(step["content"])


@sections
@roles
def test_secrets(section: str, role: Role) -> None:
    """What a key log would hold, the main secret and the resumption secret are the trace's."""
    run = replayed(section, role)
    told = run.told_of(SecretDerived)
    labels = [label for label in LABELS if run.trace.all("derive", None, label)]
    assert len(labels) == len(LABELS) - (0 if resumes(run.trace) else 2)
    wanted = {LABELS[label]: output(run.trace, label) for label in labels}
    assert {event.label: event.secret for event in told} == wanted
    assert len(told) == len(wanted)
    hello = run.trace.all("message", Role.CLIENT, "ClientHello")[0]["raw"]
    assert {event.client_random for event in told} == {hello[6:38]}
    end = run.end
    assert end.main.secret == run.trace.all("extract", None, "main")[0]["output"]
    assert end.main.resumption(end.transcript.digest()) == output(run.trace, "res master")


@sections
@roles
def test_keys(section: str, role: Role) -> None:
    """The keys and IVs that protect both directions in both epochs are the trace's."""
    run = replayed(section, role)
    wanted = {}
    for step in run.trace.all("keys"):
        epoch, direction = step.name.split()
        writer = step.by if direction == "write" else step.by.other
        ours = Direction.WRITE if writer is role else Direction.READ
        wanted[ours, Epoch[epoch.upper()]] = step["key"], step["iv"]
    installed = {(where, epoch): (key, iv) for where, epoch, key, iv in run.connection.installed}
    assert installed == wanted
    assert len(wanted) == len(run.connection.installed) == 4 + resumes(run.trace)


@sections
@roles
def test_what_the_user_sees(section: str, role: Role) -> None:
    """Done, the data, the ticket and the close in this order, and a proof that claims nothing."""
    run = replayed(section, role)
    (place,) = [n for n, event in enumerate(run.events) if isinstance(event, HandshakeDone)]
    early = run.trace.all("record", Role.CLIENT, "application_data")[: resumes(run.trace)]
    came_early = [EarlyDataReceived(step["content"]) for step in early if role is Role.SERVER]
    assert run.events[:place] == came_early
    assert run.events[place + 1 :] == [*expected_events(run), PeerClosed()]
    info = run.events[place].info
    shows_certificate = bool(run.trace.all("message", role.other, "Certificate"))
    proof = Unverified if shows_certificate else ByPsk if resumes(run.trace) else Anonymous
    assert isinstance(info.peer, proof)
    assert info.resumed is resumes(run.trace)
    taken = EarlyData.ACCEPTED if resumes(run.trace) else EarlyData.NOT_OFFERED
    assert info.early_data is taken
    assert len(run.told_of(SignatureChecked)) == shows_certificate
    assert len(run.told_of(FinishedChecked)) == len(run.told_of(HandshakeCompleted)) == 1
    assert info.suite == SUITE.code
    assert info.group == run.trace.group
    if not resumes(run.trace):
        assert info.scheme == run.trace.signature(Role.SERVER)[0]
    assert info.server_name == "server"
    assert info.retried is run.trace.has("HelloRetryRequest")
    assert info.asked_for_certificate is run.trace.has("CertificateRequest")


def expected_events(run: Replayed) -> list[object]:
    """What comes between the handshake and the close."""
    expected: list[object] = []
    if run.role is Role.CLIENT and run.trace.has("NewSessionTicket"):
        expected.append(
            TicketReceived(run.trace.message(Role.SERVER, NewSessionTicket).ticket_lifetime)
        )
    data = run.trace.all("record", run.role.other, "application_data")
    if resumes(run.trace) and run.role is Role.SERVER:
        data = data[1:]  # the first came early
    return expected + [DataReceived(step["content"]) for step in data]


@sections
def test_stages(section: str) -> None:
    """Early, handshake and main secret, what salts them, and every secret derived from them."""
    trace = load(section)
    by_secret = {stage.secret: stage for stage in stages(trace)}
    for name, stage in zip(("early", "handshake", "main"), stages(trace), strict=True):
        (step,) = trace.all("extract", None, name)
        assert stage.secret == step["output"]
    for step in trace.all("derive"):
        if step.name == "resumption":
            continue
        stage = by_secret[step["secret"]]
        label = step.name.encode()
        derived = derive_secret(SUITE.hash_name, stage.secret, label, step["context"])
        assert derived == step["output"]


@sections
def test_stages_by_transcript(section: str) -> None:
    """The stages' own methods give the secrets, from digests that were computed without them."""
    trace = load(section)
    _, handshake, main = stages(trace)
    client, server = handshake.traffic(trace.digest(Role.SERVER, "ServerHello"))
    assert client.secret == output(trace, "c hs traffic")
    assert server.secret == output(trace, "s hs traffic")
    client, server, exporter = main.application(trace.digest(Role.SERVER, "Finished"))
    assert client.secret == output(trace, "c ap traffic")
    assert server.secret == output(trace, "s ap traffic")
    assert exporter == output(trace, "exp master")
    assert main.resumption(trace.digest(Role.CLIENT, "Finished")) == output(trace, "res master")


@sections
def test_finished_and_keys(section: str) -> None:
    """Each traffic secret's Finished key, key and IV are the trace's."""
    trace = load(section)
    for step in trace.all("finished"):
        key = expand_label(SUITE.hash_name, step["secret"], b"finished", b"", SUITE.hash_length)
        assert key == step["key"]
    for step in trace.all("keys"):
        assert TrafficSecret(SUITE, step["secret"]).keys() == (step["key"], step["iv"])


@sections
def test_shares(section: str) -> None:
    """Each private key leads to its public key, and client's and server's to the same secret."""
    trace = load(section)
    shares = {}
    for step in trace.all("key_share"):
        group = next(row for row in PROVIDER.groups.values() if str(row.code) == step.name)
        shares[step.by] = group.from_private(step["private"])
        assert shares[step.by].public == step["public"]
    client, server = shares[Role.CLIENT], shares[Role.SERVER]
    public = client.public
    (exchange,) = trace.all("extract", None, "handshake")
    assert client.finish(server.public) == server.finish(public) == exchange["input"]


def test_the_ticket_of_section_3() -> None:
    """The pre-shared key of its ticket is the resumption secret's for the ticket's nonce."""
    trace = load("3")
    (step,) = trace.all("derive", None, "resumption")
    ticket = trace.message(Role.SERVER, NewSessionTicket)
    assert step["secret"] == output(trace, "res master")
    assert step["context"] == ticket.ticket_nonce
    psk = expand_label(
        SUITE.hash_name, step["secret"], b"resumption", ticket.ticket_nonce, SUITE.hash_length
    )
    assert psk == step["output"]


def test_what_the_sections_are_about() -> None:
    """Early data, retry with a cookie, client authentication, dummies: they are in the file."""
    assert [load(section).has("HelloRetryRequest") for section in SECTIONS] == [0, 0, 1, 0, 0]
    assert [load(section).has("CertificateRequest") for section in SECTIONS] == [0, 0, 0, 1, 0]
    assert [resumes(load(section)) for section in SECTIONS] == [0, 1, 0, 0, 0]
    dummies = [len(load(section).all("record", None, "change_cipher_spec")) for section in SECTIONS]
    assert dummies == [0, 0, 0, 0, 2]
    data = [len(load(section).all("record", None, "application_data")) for section in SECTIONS]
    assert data == [2, 3, 0, 0, 0]
