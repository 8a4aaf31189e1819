"""A key in a token signs: through PKCS #11, on a real library (SoftHSM)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.endpoints import NAME, Pair, client_config, server_config, trust
from tests.support.house import REPOSITORY
from tests.support.softhsm import LABEL, PIN, Token
from tests.support.streams import PATIENCE, streams, threads
from tlsee.codes import ProtocolVersion, SignatureScheme
from tlsee.connection.events import NEED_DATA
from tlsee.crypto.pkcs11 import PKCS11Signer
from tlsee.crypto.provider import LATER
from tlsee.crypto.public_keys import load_public_key
from tlsee.crypto.schemes import SCHEMES
from tlsee.crypto.schemes12 import schemes12
from tlsee.errors import ApiMisuse, LocalFailure
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.questions import Question, Sign
from tlsee.streams import asyncio as tls

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("softhsm")]

KINDS = ("ecdsa_secp256r1", "ecdsa_secp384r1", "rsa2048", "ed25519")
BOTH = (ProtocolVersion.TLS13, ProtocolVersion.TLS12)


class Hsm:
    """A token with a key of each kind, and the certificates for them."""

    def __init__(self, directory: Path) -> None:
        self.token = Token(directory)
        self.authority = Authority.create()
        self.chains: dict[str, bytes] = {}
        for number, kind in enumerate(KINDS, 1):
            chain, key = self.authority.issue_pem(NAME, key=kind, client=True)
            self.token.put(kind, f"{number:02x}", key)
            self.chains[kind] = chain

    def signer(self, kind: str, **options: Any) -> PKCS11Signer:
        found = {"token": LABEL, "pin": PIN, "label": kind, **options}
        return PKCS11Signer(self.token.module, **found)

    def credential(self, kind: str) -> Credential:
        return Credential.from_signer(self.chains[kind], self.signer(kind))


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    made = Hsm(tmp_path_factory.mktemp("softhsm"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", made.token.configuration)
        import pkcs11

        yield made
        pkcs11.unload(made.token.module)


@pytest.mark.parametrize("kind", KINDS)
def test_every_scheme_of_every_key(hsm: Hsm, kind: str) -> None:
    """Both versions' schemes: the token's signatures are true under the certificate's key."""
    credential = hsm.credential(kind)
    signer = credential.signer
    assert isinstance(signer, PKCS11Signer)
    rows = schemes12()
    for scheme in dict.fromkeys((*signer.schemes, *signer.schemes12)):
        assert signer.sign(scheme, b"content") is LATER
        signature = signer.sign_blocking(scheme, b"content")
        row = SCHEMES[scheme] if scheme in signer.schemes else rows[scheme]
        row.verify(credential.public_key, signature, b"content")
    assert signer.schemes


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_a_handshake_without_streams(hsm: Hsm, kind: str, version: ProtocolVersion) -> None:
    """The question Sign is an event in both roles; its own way answers it."""
    asked: list[Question] = []

    def answer(question: Question) -> object:
        asked.append(question)
        return question.resolve()

    credential, believed = hsm.credential(kind), hsm.authority.trust
    pair = Pair(
        client_config(trust=believed, credentials=[credential], versions=[version]),
        server_config(credentials=[credential], client_trust=believed, versions=[version]),
        answer=answer,
    ).run()
    assert pair.done
    assert [type(question) for question in asked] == [Sign, Sign]


def test_blocking_and_asyncio_streams(hsm: Hsm) -> None:
    """Nobody writes a line for it: a stream waits for the token, in a thread where a loop runs."""
    server = server_config(credentials=[hsm.credential("ecdsa_secp256r1")])
    client = client_config(trust=hsm.authority.trust)
    with streams(client, server, shaken=False) as (ours, theirs), threads() as submit:
        serving = submit(theirs.handshake)
        ours.handshake()
        serving.result(PATIENCE)
        assert ours.info.scheme == SignatureScheme.ecdsa_secp256r1_sha256

    async def talk() -> bytes:
        async def hello(_: Any, writer: Any) -> None:
            await writer.sendall(b"hello")

        listener = await tls.serve(hello, "127.0.0.1", 0, server)
        async with listener:
            port = listener.sockets[0].getsockname()[1]
            reader, writer = await tls.connect("127.0.0.1", port, client, server_name=NAME)
            came: bytes = await reader.read()
            writer.close()
            await writer.wait_closed()
            return came

    assert asyncio.run(talk()) == b"hello"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": "nobody's"}, "there is no such token"),
        ({"label": "nothing"}, "there is no such private key"),
        ({"label": None}, "which key"),
        ({"label": "rsa2048", "key_id": b"\x01"}, "there is no such private key"),
    ],
)
def test_what_cannot_be_opened(hsm: Hsm, options: dict[str, Any], words: str) -> None:
    """Each in a sentence, and never with the PIN."""
    with pytest.raises(ApiMisuse, match=words) as raised:
        hsm.signer("rsa2048", **options)
    assert PIN not in str(raised.value)


def test_a_wrong_pin(hsm: Hsm) -> None:
    """In a process of its own, for in this one somebody may be logged in already."""
    program = (
        "from tlsee import ApiMisuse, PKCS11Signer\n"
        "try:\n"
        f"    PKCS11Signer({hsm.token.module!r}, token={LABEL!r}, pin='9753', label='rsa2048')\n"
        "except ApiMisuse as error:\n"
        "    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert "the PIN is wrong" in ran.stdout
    assert "9753" not in ran.stdout


def test_no_library(tmp_path: Path) -> None:
    """A path that is none."""
    pytest.importorskip("pkcs11")
    with pytest.raises(ApiMisuse, match="nowhere"):
        PKCS11Signer(tmp_path / "nowhere.so", token="t", pin="p", label="k")


def test_a_key_of_another_certificate(hsm: Hsm) -> None:
    """The token tells its public key, so a mix-up is caught when the credential is made."""
    with pytest.raises(ApiMisuse, match="is not the one of the certificate"):
        Credential.from_signer(hsm.chains["ecdsa_secp256r1"], hsm.signer("rsa2048"))


def test_the_pin_from_a_callable_and_the_key_by_its_identifier(hsm: Hsm) -> None:
    """The PIN is asked for when it is needed; CKA_ID names the key as well as CKA_LABEL."""
    signer = hsm.signer("ignored", label=None, key_id=b"\x03", pin=PIN.encode)
    assert signer.public_key.kind == "rsa"
    assert PIN not in repr(signer)


def test_a_session_that_is_gone_is_opened_anew(hsm: Hsm) -> None:
    """A token that was restarted costs nothing but a second login; one that is gone is told."""
    signer = hsm.signer("ecdsa_secp256r1")
    scheme = SignatureScheme.ecdsa_secp256r1_sha256
    signer._session.close()
    assert signer.sign_blocking(scheme, b"x")
    signer._session.close()
    signer._open = _gone  # type: ignore[method-assign]
    with pytest.raises(LocalFailure, match="did not sign"):
        signer.sign_blocking(scheme, b"x")


def _gone() -> Any:
    import pkcs11

    raise pkcs11.exceptions.TokenNotPresent


def test_a_public_key_that_is_given(hsm: Hsm) -> None:
    """For tokens that keep private keys alone."""
    spki = hsm.credential("ecdsa_secp384r1").public_key.spki
    signer = hsm.signer("ecdsa_secp384r1", public_key=spki)
    assert signer.public_key == load_public_key(spki)
    with pytest.raises(ApiMisuse, match="cannot be read"):
        hsm.signer("ecdsa_secp384r1", public_key=b"no key")


def test_a_signer_without_a_way(hsm: Hsm) -> None:
    """A signer that only says LATER is told so: somebody has to answer."""

    class Elsewhere:
        schemes = (SignatureScheme.ecdsa_secp256r1_sha256,)

        def sign(self, scheme: SignatureScheme, content: bytes) -> Any:
            return LATER

    credential = Credential.from_signer(hsm.chains["ecdsa_secp256r1"], Elsewhere())
    pair = Pair(client_config(trust=trust()), server_config(credentials=[credential]))
    Pair.carry(pair.client, pair.server)
    question = pair.server.next_event()
    assert question is not NEED_DATA
    assert isinstance(question, Sign)
    with pytest.raises(ApiMisuse, match="on_question="):
        question.resolve()
