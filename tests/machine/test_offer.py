"""The client's offer comes before the configuration, and chooses it: at once, or late."""

from __future__ import annotations

from typing import Any

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.crypto.provider import LATER, Later
from tlsee.offer import ClientOffer
from tlsee.questions import ConfigForHello, Question

OTHER = "other.test"
RETRIED = {"groups": [NamedGroup.secp384r1, NamedGroup.x25519], "key_shares": [NamedGroup.x25519]}


def other() -> ServerConfig:
    """What serves ``OTHER``, and nobody else."""
    credentials = [server_credential(name=OTHER)]
    return server_config(credentials=credentials, alpn=["h2"], groups=[NamedGroup.secp384r1])


def by_name(offer: ClientOffer) -> ServerConfig | None:
    return other() if offer.server_name == OTHER else None


def late(_: ClientOffer) -> Later:
    return LATER


def talk(name: str, server: ServerConfig, answer: Any = None, **client: Any) -> Pair:
    config = client_config(alpn=["h2"], **client)
    return Pair(config, server, name, answer=answer).run()


def test_the_offer_chooses_the_configuration_at_once() -> None:
    """Name, certificate, ALPN and group come from what the function returned, in both versions."""
    for version in (ProtocolVersion.TLS13, ProtocolVersion.TLS12):
        pair = talk(OTHER, server_config(config_for_hello=by_name), versions=[version])
        assert pair.done
        assert pair.server.info.group == NamedGroup.secp384r1
        assert (pair.server.info.server_name, pair.client.info.alpn) == (OTHER, b"h2")


def test_none_keeps_the_configuration() -> None:
    """A name that the function has nothing for is served by the configuration that asked."""
    pair = talk("server.test", server_config(config_for_hello=by_name))
    assert pair.done
    assert pair.client.info.alpn is None


def test_the_offer_chooses_the_configuration_late() -> None:
    """The question carries the same object; its answer serves the handshake."""
    questions: list[ConfigForHello] = []

    def answer(question: Question) -> object:
        assert isinstance(question, ConfigForHello)
        questions.append(question)
        return by_name(question.offer)

    pair = talk(OTHER, server_config(config_for_hello=late), answer)

    assert pair.done
    assert pair.client.info.alpn == b"h2"
    (question,) = questions
    assert question.offer.server_name == OTHER
    assert question.offer.ja4.startswith("t13d")


def test_it_is_asked_once_in_a_handshake_with_a_retry() -> None:
    """The first hello's offer counts; the second is held to what was decided by then."""
    offers: list[ClientOffer] = []

    def note(offer: ClientOffer) -> ServerConfig:
        offers.append(offer)
        return other()

    pair = talk(OTHER, server_config(config_for_hello=note), **RETRIED)
    assert pair.client.info.retried
    assert [offer.key_shares for offer in offers] == [(NamedGroup.x25519,)]
