"""A recording with something changed: how far it comes alone, and what differs when both play."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tlsee
from tests.machine.test_replay import recorded
from tests.support.endpoints import NAME, events_of, server_config, trust
from tests.support.recordings import SAID, SCENARIOS
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.connection.connection import ServerConnection
from tlsee.connection.events import DataReceived
from tlsee.errors import ApiMisuse, CertificateRejected
from tlsee.identity.authority import Authority
from tlsee.recording.replay import Fork, ForkOutcome, Play, meet
from tlsee.recording.replaying.staging import Stage
from tlsee.trace import MessageReceived, Role
from tlsee.wire.codec import decode
from tlsee.wire.extensions import ServerNameList, SupportedGroups
from tlsee.wire.hellos import ClientHello


def fork(name: str, side: str, *changes: tuple[str, Any], seed: str = "tlsee") -> ForkOutcome:
    """A scenario's side with changes, against its one recording."""
    changed = Fork(recorded(name, side), seed=seed)
    for what, item in changes:
        changed.set(what, item)
    return changed.result()


def play(name: str, *changes: tuple[str, Any]) -> tuple[ForkOutcome, ForkOutcome]:
    """A scenario's two ends with changes, against each other; the client's outcome first."""
    played = Play(recorded(name, "full_client"), recorded(name, "full_server"))
    for what, item in changes:
        played.set(what, item)
    return played.result()


def differ(outcome: ForkOutcome) -> set[str]:
    """The messages that are others now, without those that it did not come to."""
    return {message.name for message in outcome.messages if message.now is not None}


def chosen(outcome: ForkOutcome, what: str) -> tuple[Any, Any]:
    """What was chosen then and now."""
    (choice,) = [choice for choice in outcome.choices if choice.what == what]
    return (
        choice.then.chosen if choice.then is not None else None,
        choice.now.chosen if choice.now is not None else None,
    )


# --- Against the one recording --------------------------------------------------------------------


@pytest.mark.parametrize("side", ["full_client", "full_server"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fork_without_a_change_is_a_replay(name: str, side: str) -> None:
    """Nothing differs, and nothing is made of the seed."""
    outcome = fork(name, side)
    assert (outcome.difference, outcome.misfit, outcome.made) == (None, None, ())
    assert (outcome.messages, outcome.choices) == ((), ())


FIRST = [  # what is changed, the first peer message that does not fit, why
    (("client_hello.extensions.server_name", "other.test"), "encrypted_extensions", "not open"),
    (("client_hello.legacy_session_id", "hex:0011"), "server_hello", "not what we sent"),
    (("groups", "x25519"), "server_hello", "did not offer"),
    (("versions", "1.2"), "server_hello", "did not offer"),
    (("suites", "TLS_CHACHA20_POLY1305_SHA256"), "server_hello", "did not offer"),
    (("policy.grease", "no"), "encrypted_extensions", "not open"),
    (("server_hello.cipher_suite", "0x1302"), "encrypted_extensions", "not open"),
    (("encrypted_extensions.extensions.server_name", "none"), "certificate_verify", "signature"),
    (("received.certificate_verify.signature", "hex:00"), "certificate_verify", "signature"),
    (("received.finished.verify_data", "hex:" + "00" * 32), "finished", ""),
]


@pytest.mark.parametrize(("change", "message", "why"), FIRST)
def test_it_ends_at_the_first_message_that_does_not_fit(
    change: tuple[str, str], message: str, why: str
) -> None:
    """Named, with its number among the recorded messages and the reason in words."""
    outcome = fork("1.3", "full_client", change)
    assert outcome.misfit is not None
    assert outcome.misfit.name == message
    assert why in outcome.misfit.reason.replace("does not open", "not open")
    names = ["client_hello", "server_hello", "encrypted_extensions", "certificate"]
    names += ["certificate_verify", "finished", "finished"]
    assert names[outcome.misfit.number - 1] == message
    assert outcome.error is not None
    assert outcome.before is None


def test_a_server_against_its_recording() -> None:
    """Another group asks the client again, and what the recorded client says next does not fit."""
    outcome = fork("1.3", "full_server", ("groups", "secp384r1"))
    assert chosen(outcome, "group") == (NamedGroup.X25519MLKEM768, NamedGroup.secp384r1)
    assert outcome.misfit is not None
    assert outcome.misfit.name == "finished"
    assert "hello_retry_request" in differ(outcome)


def test_what_this_side_alone_knows_may_change() -> None:
    """A change that sends nothing else goes through to the end."""
    outcome = fork("1.3", "full_server", ("tickets", "0"))
    assert outcome.misfit is None
    assert outcome.messages == ()


def test_stop_look_change_go_on() -> None:
    """At a state; what is behind it can be looked at, and what comes changed."""
    changed = Fork(recorded("1.3", "full_client"))
    assert changed.until("WaitServerHello")
    assert changed.state == "WaitServerHello"
    assert decode(ClientHello, changed.evidence.client_hello).legacy_session_id
    with pytest.raises(ApiMisuse, match="settled when a connection begins"):
        changed.set("groups", "x25519")
    changed.set("encrypted_extensions.extensions.application_layer_protocol_negotiation", "h2")
    outcome = changed.result()
    assert differ(outcome) == {"encrypted_extensions"}
    assert outcome.misfit is not None
    assert outcome.misfit.name == "encrypted_extensions"
    assert "an extension that we did not send" in outcome.misfit.reason


def test_both_send_it() -> None:
    """A message of both sides' is this side's own unless it says received."""
    name = "1.3, client certificate"
    outcome = fork(name, "full_client", ("certificate_verify.signature", "hex:00"))
    (changed,) = [m for m in outcome.messages if m.name == "certificate_verify"]
    assert changed.by is Role.CLIENT
    outcome = fork(name, "full_client", ("received.certificate_verify.signature", "hex:00"))
    (changed, *_) = [m for m in outcome.messages if m.name == "certificate_verify"]
    assert changed.by is Role.SERVER


MISTAKES = [
    ("nothing", "1", "neither a message's field nor a setting"),
    ("client_hello.nothing", "1", "no such field"),
    ("client_hello.extensions", "none", "name one of the extensions"),
    ("client_hello.extensions.nothing", "none", "no ExtensionType"),
    ("client_hello.cipher_suites.99", "0x1301", "counted from 0"),
    ("client_hello.random.0", "1", "nothing below"),
    ("client_hello.random", "hex:0", "hexadecimal"),
    ("client_hello.random", "hex:00", "random"),
    ("client_hello.cipher_suites", "TLS_NOTHING", "no CipherSuite"),
    ("server_hello.legacy_compression_method", "many", "no number"),
    ("groups", "nothing", "no NamedGroup"),
    ("policy", "nothing", "no policy"),
    ("policy.suites", "1", "cannot be set"),
    ("policy.grease", "perhaps", "neither true nor false"),
    ("policy.padding_block", "-5", "from 0 on"),
    ("policy.padding_block", "none", "from 0 on"),
    ("client_hello", "1", "name a field of it"),
    ("client_hello.cipher_suites.first", "1", "cipher_suites.0"),
    ("client_hello.extensions.65536", "hex:00", "16 bits"),
    ("server.groups", "x25519", "--with and its recording"),
    ("tickets", "1", "neither a message's field nor a setting of a client"),
    ("alpn", "x" * 300, "1 to 255"),
]


@pytest.mark.parametrize(("name", "item", "sentence"), MISTAKES)
def test_what_cannot_be_set(name: str, item: str, sentence: str) -> None:
    """A name that there is not, an item that does not fit: ApiMisuse that says so."""
    with pytest.raises(ApiMisuse) as refused:
        fork("1.3", "full_client", (name, item))
    assert sentence in str(refused.value)


VALUES: list[tuple[str, Any, str]] = [
    ("server_name", 5, "a text or None"),
    ("client_hello.extensions.server_name", 5, "int is no server_name"),
    ("client_hello.random", 5, "where bytes belong"),
]


@pytest.mark.parametrize(("name", "item", "sentence"), VALUES)
def test_values_of_another_kind(name: str, item: Any, sentence: str) -> None:
    """In Python as well: ApiMisuse, and nothing else."""
    with pytest.raises(ApiMisuse, match=sentence):
        fork("1.3", "full_client", (name, item))


TYPED = [
    ("grups", "x25519", "did you mean groups?"),
    ("groups", "x25518", "did you mean x25519?"),
    ("Groups", "x25519", "did you mean groups?"),
    ("client_helo.random", "1", "did you mean client_hello.random?"),
    ("client_hello.legacy_session_idd", "1", "did you mean legacy_session_id?"),
    ("client_hello.extensions.server_nam", "x", "did you mean server_name?"),
    ("polcy.grease", "no", "did you mean policy.grease?"),
    ("policy.greese", "no", "did you mean policy.grease?"),
]


@pytest.mark.parametrize(("name", "item", "sentence"), TYPED)
def test_what_was_meant(name: str, item: str, sentence: str) -> None:
    """A name that is like one that there is: that one is named."""
    with pytest.raises(ApiMisuse) as refused:
        fork("1.3", "full_client", (name, item))
    assert sentence in str(refused.value)


UNUSED = [
    ("certificate.certificate_list.0.cert_data", "hex:3000", "the peer's is received.certificate"),
    ("certificate_status.nothing", "1", "was sent no certificate_status"),
    ("received.client_hello.random", "hex:00", "was sent no client_hello"),
]


@pytest.mark.parametrize(("name", "item", "sentence"), UNUSED)
def test_a_field_of_a_message_that_never_was(name: str, item: str, sentence: str) -> None:
    """A change that took hold of nothing is no change that made no difference: it is said."""
    with pytest.raises(ApiMisuse, match="changed nothing") as refused:
        fork("1.3", "full_client", (name, item))
    assert sentence in str(refused.value)
    with pytest.raises(ApiMisuse, match="changed nothing"):
        play("1.3", (f"client.{name}", item))


def test_a_field_that_is_set_too_late() -> None:
    """Behind its only message there is nothing to change."""
    late = Fork(recorded("1.3", "full_client"))
    assert late.until("server_hello")
    late.set("client_hello.legacy_version", "0x0301")
    with pytest.raises(ApiMisuse, match="no client_hello after that"):
        late.result()


def test_this_end_may_be_named() -> None:
    """client. before a setting of a client's is as without it."""
    named = fork("1.3", "full_client", ("client.groups", "x25519"))
    assert named.messages == fork("1.3", "full_client", ("groups", "x25519")).messages


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(st.sampled_from("client_hello.extensions.server_name0123 \x00é"), max_size=40),
    item=st.text(max_size=20),
)
def test_any_text_is_set_or_refused(name: str, item: str) -> None:
    """Whatever is typed behind --set is done, or ApiMisuse."""
    try:
        fork("1.3", "full_client", (name, item), (f"client_hello.extensions.{name}", item))
    except ApiMisuse as problem:
        assert str(problem)  # noqa: PT017 - either is right


# --- Both ends ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_play_without_a_change_is_what_was(name: str) -> None:
    """Both ends say what they said, to the last message and choice."""
    for outcome in play(name):
        assert (outcome.messages, outcome.choices, outcome.made) == ((), (), ())
        assert outcome.error is None
        assert outcome.state.startswith("Connected")


@pytest.mark.parametrize(
    ("name", "changes", "what", "now"),
    [
        ("1.3", [("groups", "x25519")], "group", NamedGroup.x25519),
        ("1.3", [("server.groups", "secp384r1")], "group", NamedGroup.secp384r1),
        ("1.3", [("key_shares", "")], "group", NamedGroup.X25519MLKEM768),
        (
            "1.3, client certificate",
            [("suites", "chacha20_poly1305_sha256")],
            "suite",
            CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        ),
        ("1.2", [("groups", "P-256")], "group", NamedGroup.secp256r1),
        ("1.2", [("server.groups", "secp521r1")], "group", NamedGroup.secp521r1),
        (
            "1.3",
            [("versions", "1.2"), ("server.versions", "1.2,1.3")],
            "version",
            ProtocolVersion.TLS12,
        ),
        (
            "1.2",
            [("versions", "1.3"), ("server.versions", "1.3")],
            "version",
            ProtocolVersion.TLS13,
        ),
        ("1.3", [("alpn", "h2,x"), ("server.alpn", "x")], "alpn", b"x"),
    ],
)
def test_a_change_goes_through_to_the_end(
    name: str, changes: list[tuple[str, str]], what: str, now: Any
) -> None:
    """Two ends that are alive agree on something else, and both say what differs."""
    for outcome in play(name, *changes):
        assert outcome.error is None
        assert outcome.state.startswith("Connected")
        assert {"client_hello", "finished"} & differ(outcome)
        if (what, now) != ("group", NamedGroup.X25519MLKEM768):
            assert chosen(outcome, what)[1] == now


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "1.3, retried"])
def test_another_random_changes_what_follows_from_it(name: str) -> None:
    """In every kind of connection; signatures and encrypted secrets are stand-ins, by the seed."""
    for outcome in play(name, ("client_hello.random", "hex:" + "5a" * 32)):
        assert outcome.error is None
        assert outcome.state.startswith("Connected")
        assert "finished" in differ(outcome)


def test_a_changed_hello_is_what_the_server_reads() -> None:
    """The field, and nothing else of the hello; the transcript has it on both ends."""
    client, server = play("1.3", ("client_hello.extensions.server_name", "other.test"))
    (hello,) = [message for message in server.messages if message.name == "client_hello"]
    assert hello.then is not None
    assert hello.now is not None
    then, now = decode(ClientHello, hello.then), decode(ClientHello, hello.now)
    assert now.extensions.require(ServerNameList).server_name_list[0].name == b"other.test"
    assert now.random == then.random
    assert now.extensions.get(SupportedGroups) == then.extensions.get(SupportedGroups)
    assert client.error is None


def test_a_name_that_nobody_judged_is_judged() -> None:
    """The verdict of then is on another name: no fork accepts by it what the judge would refuse."""
    client, server = play("1.3", ("server_name", "other.test"))
    assert isinstance(client.error, CertificateRejected)
    assert client.error.name == "name_mismatch"
    assert server.error is not None


def test_a_misdeed_that_is_set() -> None:
    """What the server does wrong is answered as ever: the client's alert, at the server's end."""
    client, server = play("1.3", ("server_hello.extensions.key_share.server_share.group", "x448"))
    assert client.error.name == "share_not_sent"
    assert server.error.name == "illegal_parameter"
    assert client.before is None


def test_the_seed_decides() -> None:
    """The same seed, the same bytes; another one, others. It is said what came of it."""
    one, two, other = (
        Play(recorded("1.2", "full_client"), recorded("1.2", "full_server"), seed=seed)
        for seed in ("one", "one", "other")
    )
    outcomes = []
    for played in (one, two, other):
        played.set("groups", "secp256r1")
        outcomes.append(played.result()[1])
    first, second, third = ([message.now for message in outcome.messages] for outcome in outcomes)
    assert first == second != third
    assert "key_share secp256r1" in outcomes[0].made
    assert outcomes[2].seed == "other"


def test_two_ends_of_one_connection() -> None:
    """Two clients, or the ends of two connections, do not play."""
    client = recorded("1.3", "full_client")
    for other in (client, recorded("1.2", "full_server")):
        with pytest.raises(ApiMisuse, match="not the two ends of one connection"):
            Play(client, other)


# --- What is made of a seed stays here ------------------------------------------------------------


def test_no_door_leads_to_a_seed() -> None:
    """The public names have nothing of it, and a stand-in is no signature for anybody else."""
    assert not [name for name in dir(tlsee) if "seed" in name.lower() or "stage" in name.lower()]
    stage = Stage("seed")
    assert stage.random(8, "x") != stage.random(8, "x")
    assert Stage("seed").random(8, "x") == Stage("seed").random(8, "x")
    with pytest.raises(ApiMisuse):
        stage.provider.now()


@pytest.mark.parametrize("code", sorted(Stage("seed").provider.groups))
def test_keys_of_a_seed(code: NamedGroup) -> None:
    """Every group has a private key of the seed, the same one each time."""
    first, second = (Stage("seed").provider.groups[code].generate().public for _ in range(2))
    assert first == second != Stage("other").provider.groups[code].generate().public


def test_the_recorded_peer_is_not_replaced() -> None:
    """Alone, a fork takes from the other side what was recorded, and nothing that it made up."""
    changed = Fork(recorded("1.2", "full_client"))
    changed.set("groups", "secp256r1")
    outcome = changed.result()
    theirs = [event.raw for event in changed.events if isinstance(event, MessageReceived)]
    recorded_ones = [
        event.raw
        for event in recorded("1.2", "full_client").events()
        if isinstance(event, MessageReceived)
    ]
    assert theirs == recorded_ones[: len(theirs)]
    assert outcome.misfit is not None
    assert outcome.misfit.name == "server_key_exchange"


# --- A live end -----------------------------------------------------------------------------------


def test_a_recorded_client_meets_a_live_server() -> None:
    """The recorded hello is answered anew; the certificate is the authority's that was recorded."""
    live = ServerConnection(server_config(groups=[NamedGroup.secp384r1]))
    outcome = meet(recorded("1.3", "full_client"), live)
    assert outcome.error is None
    assert outcome.state == "ConnectedClient"
    assert chosen(outcome, "group") == (NamedGroup.X25519MLKEM768, NamedGroup.secp384r1)
    assert live.info.group == NamedGroup.secp384r1
    assert SAID in b"".join(
        bytes(event.data) for event in events_of(live) if isinstance(event, DataReceived)
    )


def test_two_servers_do_not_meet() -> None:
    """They would wait for each other, and nothing would differ."""
    with pytest.raises(ApiMisuse, match="two servers do not meet"):
        meet(recorded("1.3", "full_server"), ServerConnection(server_config()))


def test_a_live_server_is_not_fooled() -> None:
    """It takes no stand-in for the client's signature: nobody has the recorded key."""
    live = ServerConnection(server_config(client_trust=trust()))
    outcome = meet(recorded("1.3, client certificate", "full_client"), live)
    assert live.failure is not None
    assert live.failure.name == "bad_signature"
    assert outcome.error.alert == live.failure.alert


def test_a_live_server_of_somebody_else_is_refused() -> None:
    """A chain that the recorded anchors do not vouch for is refused, whatever was judged then."""
    stranger = Authority.create("a stranger").issue(NAME)
    live = ServerConnection(server_config(credentials=[stranger]))
    outcome = meet(recorded("1.3", "full_client"), live)
    assert isinstance(outcome.error, CertificateRejected)


def test_a_credential_that_cannot_serve_any_more() -> None:
    """The choice of then is made anew where the peer could not verify what would be signed."""
    client, server = play("1.3", ("schemes", "ed25519"))
    assert server.error.name == "no_common_scheme"
    assert client.error.alert == server.error.alert
    assert chosen(server, "scheme") == (SignatureScheme.ecdsa_secp256r1_sha256, None)


SETTINGS = {
    "groups": ["x25519", "secp384r1", "x448,P-256", "SecP256r1MLKEM768", "ffdhe2048"],
    "suites": ["aes_256_gcm_sha384", "chacha20_poly1305_sha256"],
    "versions": ["1.2", "1.3", "1.3,1.2"],
    "schemes": ["ed25519", "ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"],
    "alpn": ["h2", "h2,http/1.1"],
    "policy": ["legacy", "default"],
    "policy.grease": ["no"],
    "policy.cookie": ["yes"],
    "record_size_limit": ["64", "none"],
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_two_ends_agree_or_both_fail(data: st.DataObject) -> None:
    """Whatever is set on either end: both are connected, or both know why not; never a bug."""
    name = data.draw(st.sampled_from(sorted(set(SCENARIOS) - {"1.3, external key"})))
    changes = []
    for _ in range(data.draw(st.integers(1, 3))):
        what = data.draw(st.sampled_from(sorted(SETTINGS)))
        end = data.draw(st.sampled_from(["client", "server"]))
        changes.append((f"{end}.{what}", data.draw(st.sampled_from(SETTINGS[what]))))
    try:
        client, server = play(name, *changes)
    except ApiMisuse as problem:
        assert str(problem)  # noqa: PT017 - what cannot work is refused in words
        return
    connected = [end.state.startswith("Connected") for end in (client, server)]
    if client.error is None and server.error is None:
        assert connected == [True, True]
    for one in (client, server):
        assert one.error is None or one.error.name != "local_failure"
