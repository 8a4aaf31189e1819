"""How far a handshake with a hostile peer has come when the misdeed happens."""

from __future__ import annotations

from tests.support.endpoints import events_of
from tests.support.hostile import Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import done
from tlsee.connection.events import DataReceived

ROLES = ("client", "server")  # the victim's


def fresh(role: str) -> Puppet:
    """A peer that has not said anything."""
    return HostileServer() if role == "client" else HostileClient()


def after_hellos(role: str) -> Puppet:
    """The victim has handshake keys for what it reads."""
    return HostileServer().answer() if role == "client" else HostileClient().greet()


def connected(role: str) -> Puppet:
    """The handshake is done."""
    peer: Puppet = HostileServer().flight() if role == "client" else HostileClient().flight()
    assert done(peer)
    return peer


def speak(peer: Puppet) -> None:
    """The rest of the handshake after the hellos."""
    if isinstance(peer, HostileServer):
        peer.prove()
    elif isinstance(peer, HostileClient):
        peer.finish()


def data_of(peer: Puppet) -> bytes:
    """The application data that the victim received."""
    events = events_of(peer.victim)
    return b"".join(bytes(event.data) for event in events if isinstance(event, DataReceived))
