"""Our own chain is looked at when a configuration is made, and every flaw is told in words."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.support.certificates import AT, DAY, HOST, VALID, authority, forge
from tlsee.codes import ProtocolVersion, SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.private_keys import LocalSigner, generate
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, LocalFailure
from tlsee.identity.certificate import CertificateView
from tlsee.identity.chain import flaws_of, in_order
from tlsee.identity.credentials import Credential
from tlsee.identity.shelf import CredentialSource, Shelf
from tlsee.values import replace

AT_PROVIDER = replace(PROVIDER, now=lambda: AT)


class Chain:
    """Root, two authorities below it, and a leaf."""

    def __init__(self) -> None:
        self.root = authority("Root")
        self.upper = self.root.issue_intermediate("Upper", path_length=1, **VALID)
        self.lower = self.upper.issue_intermediate("Lower", **VALID)
        self.credential = self.lower.issue(HOST, **VALID)
        self.leaf = self.credential.chain[0]

    def with_chain(self, *rest: bytes) -> Credential:
        return Credential((self.leaf, *rest), self.credential.signer)


@pytest.fixture(scope="module")
def made() -> Chain:
    return Chain()


def texts(credential: Credential, at: float = AT) -> list[str]:
    return [f"{what}; {fix}" for what, fix in credential.flaws(at)]


def test_good_chains_have_no_flaw(made: Chain) -> None:
    """As issued, with its root, and the leaf alone, whose authorities a peer may have."""
    above = made.credential.chain[1:]
    for rest in (above, (*above, made.root.certificate), ()):
        assert texts(made.with_chain(*rest)) == []


def test_dates(made: Chain) -> None:
    """Before and after its time, to the second, with what this machine's clock says."""
    (expired,), (early,) = (
        texts(made.credential, AT + DAY + 1),
        texts(made.credential, AT - DAY - 1),
    )
    assert expired == (
        f"the certificate of {HOST} has expired: it was valid until 2026-09-22 14:13:20 UTC; have "
        "it renewed, or set this machine's clock, which says 2026-09-22 14:13:21 UTC"
    )
    assert "is not valid yet: it will be from 2026-09-20 14:13:20 UTC" in early
    assert texts(made.credential, AT + DAY) == texts(made.credential, AT - DAY) == []


def test_every_order_but_the_right_one(made: Chain) -> None:
    """Of all orders of three authorities one is good, and the others name it."""
    above = (made.lower.certificate, made.upper.certificate, made.root.certificate)
    for order in permutations(above):
        found = texts(made.with_chain(*order))
        if order == above:
            assert found == []
        else:
            assert "comes before the certificate that it vouches for" in found[0]
            assert found[0].endswith(f"the order is {HOST}, Lower, Upper, Root")


def test_superfluous_ones(made: Chain) -> None:
    """Somebody else's, one twice, and one of the right name with another key."""
    stranger = authority("Stranger").certificate
    renamed = made.upper.issue_intermediate("Lower", **VALID).certificate
    above = made.credential.chain[1:]
    for rest, words in (
        ((*above, stranger), "certificate 4 of the chain, Stranger, vouches for none"),
        ((stranger, *above), "certificate 2 of the chain, Stranger, vouches for none"),
        ((*above, above[0]), "certificate 4 of the chain, Lower, is certificate 2 once more"),
        ((renamed, *above), f"has the name of {HOST}'s issuer and not the key that signed it"),
        ((made.leaf, *above), "is certificate 1 once more"),
    ):
        found = texts(made.with_chain(*rest))
        assert len(found) == 1, found
        assert words in found[0]
        assert found[0].endswith("leave it out")


def test_a_second_way_is_no_flaw(made: Chain) -> None:
    """Two certificates of one authority, for peers that believe in different roots."""
    other = authority("Other Root")
    twin = CertificateView(made.lower.certificate)
    crossed = forge(other, subject=twin.x509.subject, key=made.lower._key, extensions=[], serial=99)
    assert texts(made.with_chain(*made.credential.chain[1:], crossed)) == []


def test_a_bag_is_put_in_order(made: Chain) -> None:
    """From any order: the way upwards, without strangers and without the root."""
    others = (made.root.certificate, authority("Stranger").certificate)
    for above in permutations((*made.credential.chain[1:], *others)):
        views = [CertificateView(der) for der in (made.leaf, *above)]
        assert tuple(view.der for view in in_order(views)) == made.credential.chain


def test_a_configuration_refuses_flaws(made: Chain) -> None:
    """Both roles, when they are made; the text names the way out for a test."""
    backwards = made.with_chain(*reversed(made.credential.chain[1:]))
    for credential, words in ((backwards, "comes before"), (made.credential, "has expired")):
        moment = AT if credential is backwards else AT + 2 * DAY
        provider = replace(PROVIDER, now=lambda moment=moment: moment)
        for make in (
            lambda c=credential, p=provider: ServerConfig(credentials=[c], provider=p),
            lambda c=credential, p=provider: ClientConfig(
                trust=made.root.trust, credentials=[c], provider=p
            ),
        ):
            with pytest.raises(ApiMisuse, match=words) as raised:
                make()
            assert "credential.despite_flaws()" in str(raised.value)
        despite = credential.despite_flaws()
        assert ServerConfig(credentials=[despite], provider=provider).credentials == (despite,)
        assert credential.flaws(moment), "the original still knows"


def test_a_key_that_no_version_can_use(made: Chain) -> None:
    """ML-DSA signs in TLS 1.3 alone; a configuration without its scheme says so."""
    mldsa = made.lower.issue(HOST, key="mldsa65", **VALID)
    older = [ProtocolVersion.TLS12]
    with pytest.raises(ApiMisuse, match=r"signs with mldsa65.*TLS 1\.2, with none"):
        ServerConfig(credentials=[made.credential, mldsa], versions=older, provider=AT_PROVIDER)
    with pytest.raises(ApiMisuse, match=r"TLS 1\.2 cannot work: .* go with .*\(ML-DSA-65\)"):
        ServerConfig(credentials=[mldsa], versions=older, provider=AT_PROVIDER)
    with pytest.raises(ApiMisuse, match="none of ed25519 is for"):
        ServerConfig(
            credentials=[made.credential],
            schemes=[SignatureScheme.ed25519],
            versions=[ProtocolVersion.TLS13],
            provider=AT_PROVIDER,
        )


def test_a_signer_with_another_key(made: Chain) -> None:
    """A signer that tells its public key is compared with the certificate."""

    class Elsewhere(LocalSigner):
        @property
        def public_key(self) -> PublicKey:
            return self._public_key

    with pytest.raises(ApiMisuse, match="is not the one of the certificate"):
        Credential(made.credential.chain, Elsewhere(generate("ecdsa_secp256r1")))


def test_what_is_no_credential() -> None:
    """A configuration takes credentials and sources, and tells a list of something else."""
    with pytest.raises(ApiMisuse, match="takes Credential values"):
        ServerConfig(credentials=["cert.pem"])  # type: ignore[list-item]


def test_a_source_is_asked_in_every_handshake(made: Chain) -> None:
    """The index is the same until the source has something else."""

    class Source:
        now = made.credential

        def current(self) -> Credential:
            return self.now

    source = Source()
    assert isinstance(source, CredentialSource)
    shelf = Shelf([source, made.credential], lambda: AT)
    first = shelf.index()
    assert shelf.index() is first
    source.now = made.lower.issue("other.test", **VALID)
    assert shelf.index().serving("other.test") == (source.now,)
    assert shelf.index() is shelf.index() is not first


def test_a_source_that_fails(made: Chain) -> None:
    """Whatever it raises ends this handshake alone, as a failure of this side."""

    class Source:
        broken = False

        def current(self) -> Credential:
            if self.broken:
                raise KeyError("vault")
            return made.credential

    source = Source()
    shelf = Shelf([source], lambda: AT)
    source.broken = True
    with pytest.raises(LocalFailure, match="raised KeyError"):
        shelf.index()
    source.broken = False
    assert shelf.index().credentials == (made.credential,)


def test_an_empty_chain_has_no_flaw() -> None:
    """Nothing to look at, as with a raw public key."""
    assert flaws_of((), AT) == ()
