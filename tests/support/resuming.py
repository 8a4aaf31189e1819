"""Configurations with a session between them, and hellos that use it in odd ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.endpoints import Pair, client_config, server_config
from tlsee.codes import PskKeyExchangeMode
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import AlertReceived, Reason, TLSError
from tlsee.handshake.compose import Composer
from tlsee.handshake.psk13 import Before, Offered
from tlsee.values import replace
from tlsee.wire.extensions.block import AnyExtension, Extensions
from tlsee.wire.extensions.psk_key_exchange_modes import PskKeyExchangeModes
from tlsee.wire.hellos import ClientHello

Edit = Callable[[Any], Any]


def resumable(
    client: dict[str, Any] | None = None, **server: Any
) -> tuple[ClientConfig, ServerConfig]:
    """Both configurations, after a first handshake; ``client`` is the client's changes."""
    visiting = client_config(**{"sessions": True, **(client or {})})
    serving = server_config(**{"sessions": True, **server})
    Pair(visiting, serving).run()
    return visiting, serving


class Forgetful:
    """A memory of early data that remembers nothing: each copy of a forked server takes it."""

    def is_replay(self, token: bytes, until: float, now: float) -> bool:
        """Never."""
        return False

    is_replay_blocking = is_replay


def carrying_instead(message: Any, extension: AnyExtension) -> Any:
    """The message with this extension in the place of the one of its kind, or behind all."""
    items = list(message.extensions)
    kinds = [item.extension_type for item in items]
    if extension.extension_type in kinds:
        items[kinds.index(extension.extension_type)] = extension
    else:
        items.append(extension)
    return replace(message, extensions=Extensions.of(*items))


class Edited(Composer):
    """Changes what some of a composer's methods word, after all else is done."""

    def __init__(self, **edits: Edit) -> None:
        for name, edit in edits.items():
            setattr(self, name, _edited(getattr(super(), name), edit))


def _edited(original: Callable[..., Any], edit: Edit) -> Callable[..., Any]:
    return lambda *given: edit(original(*given))


class Bound(Composer):
    """Changes the hello before its binders are computed, which are right for what is sent.

    ``edit`` is given each hello without its keys, ``pick`` what is offered.
    """

    def __init__(
        self,
        edit: Edit = lambda hello: hello,
        pick: Callable[[Offered], Offered] = lambda psks: psks,
        early: bool | None = None,
    ) -> None:
        self.edit, self.pick, self.early = edit, pick, early

    def offer_psks(
        self, hello: ClientHello, psks: Offered, early: bool, before: Before
    ) -> ClientHello:
        """The hello of a client that words it in its own way."""
        early = early if self.early is None else self.early
        return super().offer_psks(self.edit(hello), self.pick(psks), early, before)


class OnSecond:
    """An edit that is made to a client's second hello alone, the one behind a HelloRetryRequest.

    ``edit`` is given both hellos.
    """

    def __init__(self, edit: Callable[[Any, Any], Any]) -> None:
        self.edit = edit
        self.first: Any = None

    def __call__(self, hello: Any) -> Any:
        if self.first is None:
            self.first = hello
            return hello
        return self.edit(self.first, hello)


def refusal(pair: Pair, reason: Reason, *, by_server: bool, heard: bool = True) -> TLSError:
    """One side refuses for this reason, the other hears the alert.

    ``heard``: not so where the alert leaves under early keys, and early data was refused.
    """
    try:
        pair.run()
    except TLSError:
        victim, other = (pair.server, pair.client) if by_server else (pair.client, pair.server)
        other.receive_data(victim.data_to_send())
        assert victim.failure is not None, other.failure
        assert victim.failure.reason == reason, victim.failure
        if heard:
            assert isinstance(other.failure, AlertReceived)
            assert other.failure.alert == reason.alert
        return victim.failure
    raise AssertionError("nobody refused")


def alone(hello: ClientHello) -> Any:
    """Only psk_ke is offered."""
    return carrying_instead(hello, PskKeyExchangeModes((PskKeyExchangeMode.psk_ke,)))
