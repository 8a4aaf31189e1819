"""Which certificate a server or a client shows, and why not the others."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.support.certificates import VALID, authority
from tlsee.codes import SignatureScheme as Scheme
from tlsee.crypto.private_keys import generate
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.index import CredentialIndex

P256, P384 = Scheme.ecdsa_secp256r1_sha256, Scheme.ecdsa_secp384r1_sha384
ED25519, RSA = Scheme.ed25519, Scheme.rsa_pss_rsae_sha256


@lru_cache
def root(key: str = "ecdsa_secp256r1", name: str = "Root") -> Authority:
    return authority(name, key=key)


def issue(*names: str, key: str = "ecdsa_secp256r1") -> Credential:
    return root().issue(*names, key=key, **VALID)


def test_exact_then_wildcard_then_any() -> None:
    """The name itself wins over a wildcard; without either all are candidates."""
    wild, exact, other = issue("*.a.test"), issue("x.a.test"), issue("other.test")
    index = CredentialIndex([other, wild, exact])

    assert index.select("X.a.test.", [P256]).chosen is exact
    assert index.select("y.a.test", [P256]).chosen is wild
    assert index.select("a.test", [P256]).chosen is other
    assert index.select(None, [P256]).chosen is other
    assert [index.select(name, [P256]).name_known for name in ("y.a.test", "a.test", None)] == [
        True,
        False,
        True,
    ]


def test_addresses_and_nonsense() -> None:
    """An address finds its certificate; what is no name finds none and harms nobody."""
    credential = issue("a.test", "::1")
    index = CredentialIndex([credential])
    assert index.select("0:0::1", [P256]).name_known
    for name in ("", ".", "..", "*.test", "a.test\x00", "[", "%", "\u2603"):
        assert not index.select(name, [P256]).name_known


def test_by_what_the_peer_can_verify() -> None:
    """In the order of the configuration the first whose key fits; the others say why not."""
    modern, old = issue("a.test", key="ed25519"), issue("a.test")
    index = CredentialIndex([modern, old])

    assert index.select("a.test", [P256, ED25519]).chosen is modern
    selection = index.select("a.test", [P256, RSA])
    assert (selection.chosen, selection.scheme) == (old, P256)
    assert [why for _, why in selection.considered] == [
        "the peer accepts no signature by a.test's key (ed25519)",
        "chosen",
    ]
    nothing = index.select("a.test", [P384])
    assert (nothing.chosen, nothing.scheme, len(nothing.considered)) == (None, None, 2)


def test_a_chain_the_peer_cannot_verify_is_second_choice() -> None:
    """signature_algorithms_cert is a preference: such a chain is better than none."""
    ours = root("ecdsa_secp384r1", "P-384 Root").issue("a.test", **VALID)
    theirs = issue("a.test")
    index = CredentialIndex([ours, theirs])

    assert index.select("a.test", [P256]).chosen is theirs
    assert index.select("a.test", [P256], [P256, P384]).chosen is ours
    assert CredentialIndex([ours]).select("a.test", [P256], [P256]).chosen is ours
    assert "signed in a way" in index.select("a.test", [P256]).considered[0][1]


def test_the_authorities_that_a_peer_names_are_a_preference() -> None:
    """certificate_authorities picks among ours; when none fits the first is shown all the same."""
    ours, mesh = issue("joe"), root("ecdsa_secp256r1", "Mesh").issue("joe", **VALID)
    index = CredentialIndex([ours, mesh])
    (mesh_name,) = root("ecdsa_secp256r1", "Mesh").trust.names()

    assert index.select(None, [P256], authorities=[mesh_name]).chosen is mesh
    assert index.select(None, [P256], authorities=[b"\x30\x00"]).chosen is ours
    assert index.select(None, [P256]).chosen is ours


def test_nothing_to_choose_from() -> None:
    """A client without a credential selects nothing."""
    selection = CredentialIndex([]).select(None, [P256])
    assert (selection.chosen, selection.considered) == (None, ())


def test_ten_thousand_names_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A selection among 10,000 names looks at the candidates and at no other credential."""
    key = generate("ecdsa_secp256r1")
    credentials = [
        root().issue(
            *(f"host{block}-{number}.test" for number in range(100)), private_key=key, **VALID
        )
        for block in range(100)
    ]
    index = CredentialIndex(credentials)
    looked: list[Credential] = []

    def serves(self: Credential, name: str) -> bool:
        looked.append(self)
        return False

    monkeypatch.setattr(Credential, "serves", serves)

    selection = index.select("host73-42.test", [P256])

    assert selection.chosen is credentials[73]
    assert len(selection.considered) == 1
    assert not looked


def test_a_hello_without_hope_costs_no_search() -> None:
    """A name that nobody has and a scheme that nobody signs with: one of each sort is told of."""
    key = generate("ecdsa_secp256r1")
    many = [root().issue(f"host{number}.test", private_key=key, **VALID) for number in range(50)]
    index = CredentialIndex([*many, issue("a.test", key="ed25519")])

    for authorities in ([], [many[0].issuers[0]], [b"\x30\x00"] * 500):
        selection = index.select("nobody.test", [P384], None, authorities)
        assert selection.chosen is None
        assert len(selection.considered) == 2
