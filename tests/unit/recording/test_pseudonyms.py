"""Pseudonyms: nobody is named, everything is as long as it was, and the story still goes."""

from __future__ import annotations

import pytest

from tests.support.endpoints import NAME, Pair, client_config
from tests.support.recordings import SCENARIOS, opened, record, reread
from tlsee.codes import NamedGroup
from tlsee.crypto.public_keys import load_public_key
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, CertificateRejected
from tlsee.explain import summary
from tlsee.explain.narrate import narrate
from tlsee.explain.recorded import story_of
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView
from tlsee.identity.trust import Trust
from tlsee.recording.naming import Names
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import CertificateJudged, MessageReceived, MessageSent, RecordReceived, RecordSent

# SubjectPublicKeyInfo of P-256 (RFC 5480, 2) up to the point.
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
NAMES = (b"server.test", b"client.test", b"tlsee test authority", b"mesh")


def _certificates(recording: Recording) -> list[CertificateView]:
    verdicts = [e.verdict for e in recording.events() if isinstance(e, CertificateJudged)]
    found = [view for v in verdicts for view in v.presented]
    return found + [view for v in verdicts for path in v.tried for view in path.certificates]


@pytest.mark.parametrize("name", SCENARIOS)
def test_nobody_is_named(name: str) -> None:
    """No name, serial number, key, signature or identifier of a certificate is left in the file."""
    made = record(name)
    for recorder in (made.client, made.server):
        recording = recorder.recording
        content = opened(with_pseudonyms(recording).to_bytes())
        hidden = list(NAMES)
        for view in _certificates(recording):
            hidden += [view.signature, view.spki[-32:], view.subject_key_identifier or NAMES[0]]
            hidden.append(view.serial_number.to_bytes((view.serial_number.bit_length() + 7) // 8))
        before = opened(recording.to_bytes())
        assert NAME.encode() in before or name == "1.3, external key"
        assert [item for item in hidden if item.lower() in content.lower()] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_structure_stays_what_it_was(name: str) -> None:
    """Lengths, times, choices; messages can still be read, and the story has as many lines."""
    made = record(name)
    for recorder in (made.client, made.server):
        recording = recorder.recording
        hidden = reread(with_pseudonyms(recording))
        assert hidden.header.has_pseudonyms
        assert hidden.damage == ""
        for was, now in zip(recording.moments, hidden.moments, strict=True):
            assert (was.at, was.cpu, type(was.item)) == (now.at, now.cpu, type(now.item))
            if isinstance(was.item, MessageSent | MessageReceived):
                assert len(was.item.raw) == len(now.item.raw)
            if isinstance(was.item, RecordSent | RecordReceived):
                assert len(now.item.raw) in {5, len(was.item.raw)}
        first, second = story_of(recording), story_of(hidden)
        assert [type(s.message) for s in first.steps] == [type(s.message) for s in second.steps]
        assert first.handshake_wire == second.handshake_wire
        assert len(list(narrate(first))) == len(list(narrate(second)))
        assert summary.summary(second)
        for view, other in zip(_certificates(recording), _certificates(hidden), strict=True):
            assert view.key_label == other.key_label
            assert view.not_after == other.not_after


def test_the_same_name_is_called_the_same() -> None:
    """In the hello, the certificate and the words of a refusal; the top-level domain stays."""
    recorder = Recorder()
    nobody = client_config(trust=Trust.from_pem(Authority.create("somebody else").pem))
    pair = Pair(nobody, client_options={"observers": [recorder]})
    with pytest.raises(CertificateRejected):
        pair.run()
    hidden = reread(with_pseudonyms(recorder.recording))
    (leaf,) = {view.dns_names for view in _certificates(hidden) if view.dns_names}
    (name,) = leaf
    assert name != NAME
    assert len(name) == len(NAME)
    assert name.endswith(".test")
    assert opened(hidden.to_bytes()).count(name.encode()) >= 3
    (verdict,) = [e.verdict for e in hidden.events() if isinstance(e, CertificateJudged)]
    assert verdict.name == name
    judged = (e for e in recorder.recording.events() if isinstance(e, CertificateJudged))
    assert verdict.reason == next(judged).verdict.reason


def test_a_key_makes_recordings_agree() -> None:
    """With one key both sides' recordings call a thing the same, without one they do not."""
    made = record("1.3")
    sides = [made.client.recording, made.server.recording]

    def hellos(key: bytes) -> set[bytes]:
        found = set()
        for side in sides:
            events = with_pseudonyms(side, key).events()
            found.add(next(e.raw for e in events if isinstance(e, MessageSent | MessageReceived)))
        return found

    assert len(hellos(b"k" * 32)) == 1
    assert len(hellos(b"")) == 2


def test_secrets_and_pseudonyms_exclude_each_other() -> None:
    """Whoever has the secrets opens the records, and reads the names."""
    with pytest.raises(ApiMisuse, match="secrets"):
        with_pseudonyms(record("1.3").full_client.recording)


def test_a_key_that_looks_like_der_stays_a_point() -> None:
    """Of P-256's points one in 256 begins as an octet string of the rest does: 04 3F."""
    group = PROVIDER.groups[NamedGroup.secp256r1]
    points = (group.from_private(scalar.to_bytes(32)).public for scalar in range(1, 10_000))
    point = next(point for point in points if point[:2] == b"\x04\x3f")
    names = Names(bytes(32))
    assert names.der(b"\x03\x42\x00" + point)
    assert set(names.table) == {point}
    assert load_public_key(P256 + names.table[point]).kind


def test_the_point_is_the_whole_of_its_kind() -> None:
    """An octet string of that length in an octet string is still read as one."""
    names = Names(bytes(32))
    assert names.der(b"\x04\x41" + b"\x04\x3f" + bytes(range(63)))
    assert set(names.table) == {bytes(range(63))}
