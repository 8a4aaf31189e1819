"""Loaded by every Python that a document's command starts: outside hosts are on the loopback.

``TLSEE_DOCS_HOSTS`` maps each outside name that the documents use to a loopback port, and
``TLSEE_DOCS_CA`` names the file of the throw-away authority that vouches for them. What this
machine trusts by itself becomes that authority. ``TLSEE_DOCS_PORT`` is a free port that takes the
place of ``tlsee serve``'s own, which something else may have. The documents' commands stay as they
are.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

_LOOPBACK = {"localhost", "127.0.0.1", "::1", None}
_SERVED = 8443  # where tlsee serve listens unless told


def _stay_here(ports: dict[str, int], free: int) -> None:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in _LOOPBACK:
            return look_up(host, free if port == _SERVED else port, *arguments, **named)
        if name not in ports:
            raise socket.gaierror(socket.EAI_NONAME, f"no stand-in plays {name}")
        return look_up("127.0.0.1", ports[name], *arguments, **named)

    take = socket.socket.bind

    def bind(sock: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1:2] == (_SERVED,):
            address = (address[0], free, *address[2:])
        take(sock, address)

    socket.getaddrinfo = getaddrinfo
    socket.socket.bind = bind  # type: ignore[assignment,method-assign]


def _trust_only(authority: str) -> None:
    from tlsee.identity.trust import Trust

    trust = Trust.from_file(authority)
    for store in ("system", "certifi"):
        setattr(Trust, store, staticmethod(lambda: trust))


if "TLSEE_DOCS_HOSTS" in os.environ:
    _stay_here(json.loads(os.environ["TLSEE_DOCS_HOSTS"]), int(os.environ["TLSEE_DOCS_PORT"]))
    _trust_only(os.environ["TLSEE_DOCS_CA"])
