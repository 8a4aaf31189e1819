"""What a judgement says of chains that are good, or bad in one way each."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.certificates import (
    AT,
    CA,
    DAY,
    HOST,
    SERVER_AUTH,
    VALID,
    accepted,
    alt_names,
    authority,
    forge,
    issued_by,
    judged,
    name_of,
    refused,
    store,
)
from tlsee.crypto.private_keys import KEY_KINDS
from tlsee.errors import ApiMisuse, CertificateRejected, Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.path import remembered
from tlsee.identity.path.judge import KeyUse, Purpose
from tlsee.identity.trust import Profile, Trust

SAN = (alt_names(HOST), False)


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
    "key_cert_sign crl_sign encipher_only decipher_only"
)


def usage(**allowed: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in USAGES.split(" ")})


def test_a_good_leaf_is_a_verified_peer(root: Authority) -> None:
    """The receipt names the leaf, the way to the anchor, the store and the name that matched."""
    credential = root.issue("*.test", "10.0.0.1", **VALID)

    peer = accepted(credential.chain, root).require()

    assert peer.certificate.der == credential.chain[0]
    assert [view.der for view in peer.chain] == [credential.chain[0], root.certificate]
    assert peer.path.chain == "*.test <- Test Root (in throw-away authority)"
    assert (peer.name, peer.matched, peer.store) == (HOST, "*.test", "throw-away authority")
    assert peer.public_key == credential.public_key


def test_a_refusal_is_raised_with_its_verdict(root: Authority) -> None:
    """``require`` raises for a refusal; the text is one line that names both sides."""
    verdict = judged(root.issue("a.test", "b.test", **VALID).chain, root)

    with pytest.raises(CertificateRejected) as raised:
        verdict.require()

    assert raised.value.verdict is verdict
    assert raised.value.detail == "the certificate is for a.test, b.test; asked for server.test"
    assert "\n" not in str(raised.value)


def test_a_verdict_is_no_truth_value(root: Authority) -> None:
    """``if verdict:`` would accept everybody; it raises."""
    with pytest.raises(TypeError, match="accepted"):
        bool(judged([], root))


@pytest.mark.parametrize("seconds", [-DAY, 0.0, DAY])
def test_dates_include_both_ends(root: Authority, seconds: float) -> None:
    """Valid from the first second to the last (RFC 5280, 4.1.2.5)."""
    accepted(root.issue(HOST, **VALID).chain, root, at=AT + seconds)


def test_expired_says_when_and_how_long_ago(root: Authority) -> None:
    """The detail has the moment and the distance."""
    chain = root.issue(HOST, not_before=AT - 9 * DAY, not_after=AT - 3.2 * DAY).chain

    verdict = refused(chain, root, Reasons.certificate_expired)

    assert verdict.detail == "server.test, expired 2026-09-18 09:25:20 UTC, 3 days ago"


def test_not_yet_valid(root: Authority) -> None:
    """The other end has its own reason, for the clock is the first thing to look at."""
    chain = root.issue(HOST, not_before=AT + 7200, not_after=AT + DAY).chain

    verdict = refused(chain, root, Reasons.certificate_not_yet_valid)

    assert verdict.detail.endswith("2 hours from now")


@pytest.mark.parametrize("where", ["intermediate", "root"])
def test_dates_of_authorities_count(where: str) -> None:
    """An expired authority ends the chain, an anchor too, and is named."""
    gone: dict[str, Any] = {"not_before": AT - 9 * DAY, "not_after": AT - DAY}
    root = authority(**(gone if where == "root" else {}))
    between = root.issue_intermediate("Between", **(gone if where == "intermediate" else VALID))

    verdict = refused(between.issue(HOST, **VALID).chain, root, Reasons.certificate_expired)

    assert verdict.detail.startswith("Between" if where == "intermediate" else "Test Root")


@pytest.mark.parametrize(
    ("server", "client", "purpose", "good"),
    [
        (True, False, Purpose.SERVER, True),
        (True, False, Purpose.CLIENT, False),
        (False, True, Purpose.SERVER, False),
        (False, True, Purpose.CLIENT, True),
        (True, True, Purpose.CLIENT, True),
        (False, False, Purpose.SERVER, True),
        (False, False, Purpose.CLIENT, True),
    ],
)
def test_purpose(root: Authority, server: bool, client: bool, purpose: Purpose, good: bool) -> None:
    """extendedKeyUsage decides where it is there (RFC 5280, 4.2.1.12)."""
    chain = root.issue(HOST, server=server, client=client, **VALID).chain
    if good:
        accepted(chain, root, purpose=purpose)
    else:
        refused(chain, root, Reasons.wrong_purpose, purpose=purpose)


def test_purposes_of_authorities_hold_below(root: Authority) -> None:
    """An authority for clients alone cannot vouch for a server, whatever the leaf says."""
    clients = root.issue_intermediate(usages=[Purpose.CLIENT.value], **VALID)
    chain = clients.issue(HOST, client=True, **VALID).chain

    refused(chain, root, Reasons.wrong_purpose)
    accepted(chain, root, purpose=Purpose.CLIENT, name=None)


def test_the_web_wants_a_purpose_and_no_authority() -> None:
    """Under a public anchor a leaf says serverAuth, is no authority, and "any" is not enough."""
    root = authority()
    web = store(root.certificate, profile=Profile.WEB)
    anything = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])

    accepted([forge(root, [SAN, issued_by(root), (SERVER_AUTH, False)])], web)
    for bad in ([], [(anything, False)], [(SERVER_AUTH, False), (CA, True)]):
        refused([forge(root, [SAN, issued_by(root), *bad])], web, Reasons.wrong_purpose)
        accepted([forge(root, [SAN, *bad])], root)


def test_key_usage_of_the_leaf(root: Authority) -> None:
    """Where there is a key usage, it has to include what the exchange needs, and only that.

    Signing (RFC 9846, 4.5.1.2), or enciphering keys for RSA key exchange (RFC 5246, 7.4.2). What
    was found for one use is not remembered for the other.
    """
    signs = forge(root, [SAN, (usage(digital_signature=True), True)])
    enciphers = forge(root, [SAN, (usage(key_encipherment=True), True)])
    says_nothing = forge(root, [SAN])

    accepted([signs], root)
    refused([signs], root, Reasons.wrong_key_usage, use=KeyUse.KEY_ENCIPHERMENT)
    accepted([enciphers], root, use=KeyUse.KEY_ENCIPHERMENT)
    verdict = refused([enciphers], root, Reasons.wrong_key_usage)
    assert verdict.detail == "server.test may not make digital signatures"
    for use in KeyUse:
        accepted([says_nothing], root, use=use)


def test_an_issuer_must_be_an_authority(root: Authority) -> None:
    """A leaf, or an authority that says CA:FALSE, or says nothing, signs in vain."""
    plain = root.issue_intermediate("No CA", ca=False, **VALID)
    refused(plain.issue(HOST, **VALID).chain, root, Reasons.not_a_ca)

    key = KEY_KINDS["ecdsa_secp256r1"]()
    silent = forge(root, [], subject="Silent", key=key)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of("Silent"))
    refused([leaf, silent], root, Reasons.not_a_ca)


def test_an_issuer_must_be_allowed_to_sign(root: Authority) -> None:
    """keyCertSign is asked for where there is a key usage (RFC 5280, 6.1.4 (n))."""
    key = KEY_KINDS["ecdsa_secp256r1"]()
    bad = forge(root, [(CA, True), (usage(crl_sign=True), True)], subject="Lists", key=key)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of("Lists"))

    refused([leaf, bad], root, Reasons.wrong_key_usage)


def test_path_length() -> None:
    """pathLenConstraint counts authorities below; the leaf is none (RFC 5280, 4.2.1.9)."""
    root = authority(path_length=1)
    first = root.issue_intermediate("First", path_length=None, **VALID)
    second = first.issue_intermediate("Second", **VALID)

    accepted(first.issue(HOST, **VALID).chain, root)
    verdict = refused(second.issue(HOST, **VALID).chain, root, Reasons.path_too_long)
    assert "Test Root allows 1" in verdict.detail


def test_self_issued_authorities_do_not_count() -> None:
    """A new key under the old name is not one authority more (RFC 5280, 6.1.4 (l))."""
    root = authority(path_length=0)
    renewed = root.issue_intermediate("Test Root", path_length=None, **VALID)

    accepted(renewed.issue(HOST, **VALID).chain, root)


@pytest.mark.parametrize("where", ["leaf", "intermediate", "anchor"])
def test_unknown_critical_extensions_are_refused(root: Authority, where: str) -> None:
    """Wherever it stands; not critical it is passed over (RFC 5280, 4.2)."""
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    for critical in (True, False):
        more = [(unknown, critical)]
        key = KEY_KINDS["ecdsa_secp256r1"]()
        anchor = forge(
            None, [(CA, True), *(more if where == "anchor" else [])], subject="A", key=key
        )
        own = KEY_KINDS["ecdsa_secp256r1"]()
        between = forge(
            None,
            [(CA, True), *(more if where == "intermediate" else [])],
            subject="B",
            key=own,
            signing_key=key,
            issuer_name=name_of("A"),
        )
        leaf = forge(
            None,
            [SAN, *(more if where == "leaf" else [])],
            signing_key=own,
            issuer_name=name_of("B"),
        )
        if critical:
            refused([leaf, between], store(anchor), Reasons.unknown_critical_extension)
        else:
            accepted([leaf, between], store(anchor))


def test_a_demanded_policy_is_refused(root: Authority) -> None:
    """A leaf that demands a policy and has none, critical or not (RFC 5280, 6.1.5 (b))."""
    demand = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    for critical in (True, False):
        leaf = forge(root, [SAN, (demand, critical)])
        refused([leaf], root, Reasons.policy_not_acceptable)


def test_names_and_addresses(root: Authority) -> None:
    """Asked for by name or address; the common name is not looked at (RFC 9525, 6.4)."""
    chain = root.issue(HOST, "127.0.0.1", "::1", **VALID).chain
    for name in (HOST, "SERVER.test.", "127.0.0.1", "::1", "[::1]", "0:0::1"):
        accepted(chain, root, name=name)
    for name in ("other.test", "127.0.0.2", "::2", "test"):
        refused(chain, root, Reasons.name_mismatch, name=name)

    only_common_name = forge(root, [], subject=HOST)
    refused([only_common_name], root, Reasons.no_subject_alt_name)


def test_a_client_needs_no_name(root: Authority) -> None:
    """Without a name to compare nothing about names is checked."""
    accepted(root.issue(client=True, **VALID).chain, root, name=None, purpose=Purpose.CLIENT)


def test_a_name_that_is_none_is_the_callers_mistake(root: Authority) -> None:
    """Our own configuration is told, before any certificate is looked at."""
    with pytest.raises(ApiMisuse):
        judged(root.issue(HOST, **VALID).chain, root, name="https://server.test/")


def test_a_self_signed_leaf_as_its_own_anchor() -> None:
    """What ``openssl req -x509`` makes, CA:TRUE and all, is accepted where it was given."""
    leaf = forge(None, [SAN, (CA, True)])

    verdict = accepted([leaf], store(leaf))
    assert verdict.path is not None
    assert verdict.path.chain == "server.test (in test store)"
    refused([leaf], store(leaf), Reasons.name_mismatch, name="other.test")
    refused([leaf], store(leaf), Reasons.certificate_expired, at=AT + 2 * DAY)
    refused([leaf], authority(), Reasons.unknown_ca)


def test_a_pinned_leaf_is_no_authority(root: Authority) -> None:
    """Believing a leaf does not mean believing what its key signs."""
    key = KEY_KINDS["ecdsa_secp256r1"]()
    pinned = forge(root, [SAN], key=key)
    child = forge(None, [SAN], signing_key=key, issuer_name=name_of(HOST), subject="child")

    accepted([pinned], store(pinned))
    refused([child], store(pinned), Reasons.not_a_ca)


def test_insecure_trust_is_judged_all_the_same(root: Authority) -> None:
    """It has no anchor, so the verdict is a refusal; acting on it is the caller's choice."""
    verdict = refused(
        root.issue(HOST, **VALID).chain, Trust.insecure_accept_anyone(), Reasons.unknown_ca
    )

    assert verdict.leaf is not None
    assert verdict.leaf.dns_names == (HOST,)


def test_nothing_and_too_much_and_garbage(root: Authority) -> None:
    """The ends of what can be presented."""
    leaf = root.issue(HOST, **VALID).chain[0]

    refused([], root, Reasons.empty_certificate)
    refused([leaf] * 65, root, Reasons.chain_too_long)
    verdict = refused([b"garbage"], root, Reasons.malformed_certificate)
    assert (verdict.leaf, verdict.unread[0].position) == (None, 0)


def test_an_unreadable_extra_harms_nobody(root: Authority) -> None:
    """It is named where it may be the reason, and passed over where the path is whole."""
    verdict = accepted([*root.issue(HOST, **VALID).chain, b"\x30\x00"], root)
    assert [item.position for item in verdict.unread] == [1]

    stranger = authority("Stranger")
    verdict = refused(
        [*stranger.issue(HOST, **VALID).chain, b"\x30\x00"], root, Reasons.malformed_certificate
    )
    assert verdict.detail.startswith("certificate 2 of the chain")


def test_text_of_a_peer_is_escaped(root: Authority) -> None:
    """A terminal never sees a peer's control characters."""
    leaf = forge(root, [(alt_names("x.test"), False)], subject="evil\x1b[2J\nname")

    verdict = refused([leaf], root, Reasons.certificate_expired, at=AT + 2 * DAY)

    assert verdict.detail.isascii()
    assert verdict.detail.isprintable()
    assert "\\x1b" in verdict.detail


def test_every_check_has_a_clause(root: Authority) -> None:
    """What a narrator prints is complete: each check with its clause, a failure with its reason."""
    good = accepted(root.issue(HOST, **VALID).chain, root)
    bad = judged(root.issue("a.test", **VALID).chain, root, at=AT + 9 * DAY)

    for verdict in (good, bad):
        for path in verdict.tried:
            for check in path.checks:
                assert check.clause
                assert check.ok is (check.reason is None)
    assert bad.path is not None
    assert [check.name for _, check in bad.path.failures] == ["dates", "name", "dates"]


def test_a_verdict_can_be_stored(root: Authority) -> None:
    """A recording keeps it; certificates travel as their bytes."""
    verdict = accepted(root.issue(HOST, **VALID).chain, root)

    copy = pickle.loads(pickle.dumps(verdict))

    assert copy.path.chain == verdict.path.chain if verdict.path else False
    assert copy.presented == verdict.presented


def test_remembering_changes_nothing(root: Authority) -> None:
    """With the memory on, the second judgement still looks at dates, names and trust."""
    chain = root.issue(HOST, **VALID).chain
    accepted(chain, root)

    refused(chain, root, Reasons.certificate_expired, at=AT + 2 * DAY)
    refused(chain, root, Reasons.name_mismatch, name="other.test")
    refused(chain, authority(), Reasons.unknown_ca)


def test_the_memory_can_be_switched_off(root: Authority) -> None:
    """Capacity 0 verifies each time, with the same result."""
    before = remembered.capacity()
    remembered.set_capacity(0)
    try:
        accepted(root.issue(HOST, **VALID).chain, root)
        accepted(root.issue(HOST, **VALID).chain, root)
    finally:
        remembered.set_capacity(before)
