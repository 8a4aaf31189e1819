"""What a server reads in a hello of either version, and how it says that nothing fits."""

from __future__ import annotations

from typing import Any

from tlsee.codes import NameType, OpenEnum
from tlsee.config import ServerConfig
from tlsee.errors import PeerIncompatible, PeerMisbehaved, Reason, Reasons
from tlsee.handshake.flow import Flow
from tlsee.handshake.negotiate import choose_alpn
from tlsee.sessions.session import Session
from tlsee.text import printable
from tlsee.trace import Choice
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.server_name import ServerNameList
from tlsee.wire.hellos import ClientHello


def application_protocol(config: ServerConfig, hello: ClientHello, flow: Flow) -> bytes | None:
    """RFC 7301, 3.2: where both sides have wishes and none in common, that is an end."""
    wishes = hello.extensions.get(ProtocolNameList)
    offered = wishes.protocol_name_list if wishes is not None else ()
    choice = choose_alpn(offered, config.alpn)
    flow.tell(choice)
    if choice.chosen is None and offered and config.alpn:
        shown = ", ".join(printable(name) for name in offered[:8])
        ours = ", ".join(printable(name) for name in config.alpn)
        raise PeerIncompatible(
            Reasons.no_application_protocol, f"the client offers {shown}; this server has {ours}"
        )
    chosen: bytes | None = choice.chosen
    return chosen


def server_name(hello: ClientHello) -> str | None:
    """RFC 6066, 3: the host name the client asks for, in lower case."""
    names = hello.extensions.get(ServerNameList)
    if names is None:
        return None
    hosts = [name.name for name in names.server_name_list if name.name_type == NameType.host_name]
    if not hosts:
        return None
    if len(hosts) > 1:
        raise PeerMisbehaved(Reasons.illegal_value, "server_name has two host names")
    try:
        return hosts[0].decode("ascii").lower().rstrip(".")
    except UnicodeDecodeError:
        raise PeerMisbehaved(Reasons.illegal_value, "server_name is not ASCII") from None


def told(choice: Choice, flow: Flow) -> Any:
    """What was chosen, after telling of it."""
    flow.tell(choice)
    return choice.chosen


def nothing_common(
    reason: Reason, offered: tuple[OpenEnum, ...], able: tuple[OpenEnum, ...]
) -> PeerIncompatible:
    """The refusal for two lists that have nothing in common, both of them named."""
    theirs = ", ".join(str(item) for item in offered[:12] if not item.is_grease) or "none"
    ours = ", ".join(str(item) for item in able)
    return PeerIncompatible(reason, f"the client offers {theirs}; this server takes {ours}")


def bound_elsewhere(config: ServerConfig, hello: ClientHello, session: Session) -> str:
    """Why a session does not go with this hello, in either version; empty if it does.

    It is bound to the name, the protocol and the client that it began with.
    """
    wishes = hello.extensions.get(ProtocolNameList)
    offered = wishes.protocol_name_list if wishes is not None else ()
    if session.server_name != server_name(hello):
        return "it is for another name"
    if session.alpn != choose_alpn(offered, config.alpn).chosen:
        return "it is for another application protocol"
    if config.client_auth == "required" and not session.peer_chain:
        return "a certificate of the client is required, and it has none"
    if session.peer_chain and config.client_trust is None:
        return "nobody here can judge its client"
    return ""
