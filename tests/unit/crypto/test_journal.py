"""The journal: what a provider answered comes again in the same order, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.crypto.keys import private_key, spki
from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.crypto.finite_field import known_prime
from tlsee.crypto.groups import field_parameters
from tlsee.crypto.journal import Entry, Journal, recording
from tlsee.crypto.provider import LATER, Group, Later, Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.replay import Replay, replaying
from tlsee.crypto.schemes import load_public_key
from tlsee.errors import ApiMisuse, LocalFailure, PeerMisbehaved, Reasons
from tlsee.values import replace

GROUPS = sorted(PROVIDER.groups)
MODP2048 = known_prime("modp", 2048).to_bytes(256)
ECDSA = SignatureScheme.ecdsa_secp256r1_sha256
# RFC 8448, 3: the client's and the server's ephemeral keys.
CLIENT_PRIVATE = bytes.fromhex("49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005")
SERVER_PRIVATE = bytes.fromhex("b1580eeadf6dd589b8ef4f2d5652578cc810e9980191ec8d058308cea216a21e")
SERVER_PUBLIC = bytes.fromhex("c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f")
SHARED = bytes.fromhex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")


class Signs:
    """A signer whose answers are prepared."""

    schemes = (ECDSA,)

    def __init__(self, *answers: bytes | Later | Exception) -> None:
        self.answers = list(answers)

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class NoSigner:
    """One that must not be asked: a replay needs no key."""

    schemes = ()

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        pytest.fail("a replay asked the signer")


def use(provider: Provider, signer: Any) -> list[object]:
    """Ask a provider for one of everything; gives every answer."""
    answers: list[object] = [provider.random(32), provider.random(0), provider.now()]
    for code in GROUPS:
        share = provider.groups[code].generate()
        response = PROVIDER.groups[code].respond(share.public)
        answers.append(share.public)
        assert share.finish(response.share) == response.secret
    answers.append(provider.sign(signer, ECDSA, b"content"))
    answers.append(provider.sign(signer, ECDSA, b"more"))
    return answers


def test_everything_comes_again() -> None:
    """A replay gives the recorded answers, without the signer, and leaves nothing over."""
    journal = Journal()
    signature = private_key("ecdsa-secp256r1")
    made = PROVIDER.schemes[ECDSA].sign(signature, b"content")
    first = use(recording(PROVIDER, journal), Signs(made, LATER))
    replay = Replay(PROVIDER, journal)
    assert replay.remaining == len(journal) == 5 + len(GROUPS)
    assert use(replay.provider, NoSigner()) == first
    assert replay.remaining == 0


@pytest.mark.parametrize("code", GROUPS)
def test_responses_come_again(code: NamedGroup) -> None:
    """A server's share and secret are the recorded ones, encapsulated or not."""
    journal = Journal()
    share = PROVIDER.groups[code].generate()
    first = recording(PROVIDER, journal).groups[code].respond(share.public)
    again = replaying(PROVIDER, journal).groups[code].respond(share.public)
    assert (again.share, again.secret) == (first.share, first.secret)
    assert share.finish(again.share) == again.secret


def test_refusals_and_failures_come_again() -> None:
    """A share that was refused is refused again; a signer that raised fails again."""
    journal = Journal()
    recorder = recording(PROVIDER, journal)
    with pytest.raises(PeerMisbehaved) as refused:
        recorder.groups[NamedGroup.x25519].respond(bytes(32))
    with pytest.raises(OSError, match="token"):
        recorder.sign(Signs(OSError("token with its PIN 1234")), ECDSA, b"content")
    player = replaying(PROVIDER, journal)
    with pytest.raises(PeerMisbehaved) as again:
        player.groups[NamedGroup.x25519].respond(bytes(32))
    assert str(again.value) == str(refused.value)
    with pytest.raises(LocalFailure) as failed:
        player.sign(NoSigner(), ECDSA, b"content")
    assert failed.value.reason is Reasons.signing_failed
    assert "1234" not in json.dumps(journal.to_json())


PREMASTER = b"\x03\x03" + bytes(46)


class Decrypts:
    """A decrypter whose answers are prepared."""

    def __init__(self, *answers: bytes | Later | Exception) -> None:
        self.answers = list(answers)

    def decrypt(self, ciphertext: bytes) -> bytes | Later:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_rsa_comes_again() -> None:
    """What was encrypted and decrypted for TLS 1.2, LATER and failures too, without any key."""
    journal = Journal()
    recorder = recording(PROVIDER, journal)
    key = load_public_key(spki("rsa"))
    sent = recorder.encrypt(key, PREMASTER)
    asked = Decrypts(b"plain", LATER, OSError("token with its PIN 1234"))
    assert recorder.decrypt(asked, b"one") == b"plain"
    assert recorder.decrypt(asked, b"two") is LATER
    with pytest.raises(OSError, match="token"):
        recorder.decrypt(asked, b"three")

    replay = Replay(PROVIDER, Journal.from_json(json.loads(json.dumps(journal.to_json()))))
    assert replay.provider.encrypt(key, PREMASTER) == sent
    assert replay.provider.decrypt(Decrypts(), b"one") == b"plain"
    with pytest.raises(ApiMisuse, match="something else"):
        replay.provider.decrypt(Decrypts(), b"one")
    assert replay.provider.decrypt(Decrypts(), b"two") is LATER
    with pytest.raises(LocalFailure) as failed:
        replay.provider.decrypt(Decrypts(), b"three")
    assert failed.value.reason is Reasons.decryption_failed
    assert replay.remaining == 0
    assert "1234" not in json.dumps(journal.to_json())


def test_a_described_group_comes_again() -> None:
    """The client's key in a group that the server describes is written down like any other."""
    journal = Journal()
    for p, g in (field_parameters(NamedGroup.ffdhe2048), (MODP2048, b"\x02")):
        share = recording(PROVIDER, journal).finite_field(p, g).generate()
        entries = Journal.of(journal.entries[-1:])
        again = replaying(PROVIDER, entries).finite_field(p, g).generate()
        assert again.public == share.public


def test_each_replay_starts_at_the_beginning() -> None:
    """Two replays of one journal do not disturb each other, and the journal stays as it was."""
    journal = Journal.of([Entry.random(b"one"), Entry.random(b"two")])
    one, other = replaying(PROVIDER, journal), replaying(PROVIDER, journal)
    assert (one.random(3), other.random(3), one.random(3)) == (b"one", b"one", b"two")
    assert len(journal) == 2


def test_json_and_back() -> None:
    """to_json is what json can write, and gives an equal journal."""
    journal = Journal()
    use(recording(PROVIDER, journal), Signs(b"signature", LATER))
    text = json.dumps(journal.to_json())
    assert Journal.from_json(json.loads(text)).entries == journal.entries


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "else"},
        {"kind": ["random"]},
        {"code": "4"},
        {"code": True},
        {"code": -1},
        {"code": 5},
        {"data": "0"},
        {"data": 7},
        {"about": None},
        {"kind": "clock"},
    ],
)
def test_json_that_is_no_journal(change: dict[str, Any]) -> None:
    """Whatever somebody wrote into a file is ApiMisuse, not another exception, later or now."""
    item = {"kind": "random", "code": 4, "data": "00112233", "about": ""}
    assert Journal.from_json([item]).entries == [Entry.random(bytes.fromhex("00112233"))]
    with pytest.raises(ApiMisuse, match="entry 1 of the journal"):
        Journal.from_json([item, {**item, **change}])
    with pytest.raises(ApiMisuse, match="entry 0 of the journal"):
        Journal.from_json(["nothing"])


def test_a_journal_by_hand() -> None:
    """RFC 8448's published keys lead to its shared secret in both roles."""
    x25519 = NamedGroup.x25519
    journal = Journal.of(
        [
            Entry.clock(1.5),
            Entry.key_share(x25519, CLIENT_PRIVATE),
            Entry.key_share(x25519, SERVER_PRIVATE),
            Entry.signature(ECDSA, b"signature"),
        ]
    )
    player = replaying(PROVIDER, journal)
    assert player.now() == 1.5
    client = player.groups[x25519].generate()
    response = player.groups[x25519].respond(client.public)
    assert response.share == SERVER_PUBLIC
    assert response.secret == client.finish(response.share) == SHARED
    assert player.sign(NoSigner(), ECDSA, b"any content") == b"signature"


@pytest.mark.parametrize("code", [c for c in GROUPS if PROVIDER.groups[c].post_quantum])
def test_a_hybrid_response_needs_its_secret(code: NamedGroup) -> None:
    """No private key gives an encapsulation, also where the lengths would let one pass."""
    group = PROVIDER.groups[code]
    share = group.generate()
    journal = Journal.of([Entry.key_share(code, share.private_bytes())])
    with pytest.raises(ApiMisuse, match="encapsulates"):
        replaying(PROVIDER, journal).groups[code].respond(share.public)


def test_another_question_is_refused() -> None:
    """A number, group, scheme or kind that no entry has, and what is used up, are ApiMisuse."""
    entries = [Entry.random(b"secret"), Entry.key_share(NamedGroup.x25519, bytes(range(32)))]
    player = replaying(PROVIDER, Journal.of(entries))
    for ask in (lambda: player.random(7), player.now, player.groups[NamedGroup.x448].generate):
        with pytest.raises(ApiMisuse, match="which the journal does not have"):
            ask()
    assert player.random(6) == b"secret"
    with pytest.raises(ApiMisuse, match="asks for key_share x448, which the journal does not"):
        player.groups[NamedGroup.x448].generate()
    player.groups[NamedGroup.x25519].generate()
    with pytest.raises(ApiMisuse, match="asks for key_share x25519, which the journal does not"):
        player.groups[NamedGroup.x25519].generate()


def test_answers_are_found_by_their_purpose() -> None:
    """Asked in another order, each question gets its own answer; places count within a purpose."""
    journal = Journal()
    recorder = recording(PROVIDER, journal)
    hello, session, second = (
        recorder.random(32, purpose) for purpose in ("client_random", "session_id", "client_random")
    )
    plain = recorder.random(32)
    replay = Replay(PROVIDER, journal)
    player = replay.provider
    assert player.random(32, "session_id") == session
    assert player.random(32) == plain
    assert player.random(32, "client_random") == hello
    assert player.random(32, "client_random") == second
    with pytest.raises(ApiMisuse, match="random 32 for client_random, which the journal"):
        player.random(32, "client_random")
    assert replay.problem.startswith("the replay asks for random 32 for client_random")


def test_beyond_the_journal() -> None:
    """What a journal does not have comes from whoever stands behind it, and is listed."""
    journal = Journal.of([Entry.random(b"one", "grease"), Entry.clock(7.0)])
    replay = Replay(
        PROVIDER, journal, replace(PROVIDER, random=lambda count, purpose="": b"z" * count)
    )
    player = replay.provider
    assert [player.random(3, "grease"), player.random(3, "grease")] == [b"one", b"zzz"]
    assert [player.now(), player.now()] == [7.0, 7.0]
    assert replay.made == ["random 3 for grease"]


def test_another_kind_is_refused() -> None:
    """An entry with the same code but of another kind is no answer."""
    journal = Journal.of([Entry.random(b"")])
    with pytest.raises(ApiMisuse, match="asks for clock 0"):
        replaying(PROVIDER, journal).now()
    journal = Journal.of([Entry.response(NamedGroup.x25519, bytes(32), bytes(32))])
    with pytest.raises(ApiMisuse, match="asks for key_share x25519"):
        replaying(PROVIDER, journal).groups[NamedGroup.x25519].generate()


def test_another_input_is_refused() -> None:
    """What was recorded for one share or content is no answer to another."""
    journal = Journal()
    recorder = recording(PROVIDER, journal)
    group: Group = PROVIDER.groups[NamedGroup.x25519]
    recorder.groups[NamedGroup.x25519].respond(group.generate().public)
    with pytest.raises(ApiMisuse, match="something else"):
        replaying(PROVIDER, journal).groups[NamedGroup.x25519].respond(group.generate().public)
    journal = Journal()
    recording(PROVIDER, journal).sign(Signs(b"signature"), ECDSA, b"content")
    with pytest.raises(ApiMisuse, match="something else"):
        replaying(PROVIDER, journal).sign(NoSigner(), ECDSA, b"Content")


def test_wrapped_groups_keep_their_facts() -> None:
    """A recorded or replayed provider has the same rows, lengths and algorithms."""
    for provider in (recording(PROVIDER, Journal()), replaying(PROVIDER, Journal())):
        assert provider.suites is PROVIDER.suites
        assert provider.schemes is PROVIDER.schemes
        assert list(provider.groups) == list(PROVIDER.groups)
        for code, group in PROVIDER.groups.items():
            wrapped = provider.groups[code]
            assert wrapped.code == code
            assert wrapped.post_quantum is group.post_quantum
            assert wrapped.client_share_length == group.client_share_length
            assert wrapped.server_share_length == group.server_share_length


def test_nothing_is_shown() -> None:
    """No repr and no refusal tells the bytes of an entry."""
    journal = Journal.of([Entry.random(b"secret"), Entry.key_share(NamedGroup.x25519, b"s" * 32)])
    texts = [repr(journal), *map(repr, journal.entries), repr(Replay(PROVIDER, journal))]
    with pytest.raises(ApiMisuse) as caught:
        replaying(PROVIDER, journal).now()
    for text in [*texts, str(caught.value), repr(caught.value)]:
        assert "secret" not in text
        assert "ssss" not in text
        assert b"secret".hex() not in text
