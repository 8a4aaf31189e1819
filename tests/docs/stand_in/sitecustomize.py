"""Loaded by every Python that a document's command starts: outside hosts are on the loopback.

``TLSEE_DOCS_HOSTS`` maps each outside name that the documents use to a loopback port, and
``TLSEE_DOCS_CA`` names the file of the throw-away authority that vouches for them. What this
machine trusts by itself becomes that authority. The documents' commands stay as they are.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

_LOOPBACK = {"localhost", "127.0.0.1", "::1", None}


def _stay_here(ports: dict[str, int]) -> None:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in _LOOPBACK:
            return look_up(host, port, *arguments, **named)
        if name not in ports:
            raise socket.gaierror(socket.EAI_NONAME, f"no stand-in plays {name}")
        return look_up("127.0.0.1", ports[name], *arguments, **named)

    socket.getaddrinfo = getaddrinfo


def _trust_only(authority: str) -> None:
    from tlsee.identity.trust import Trust

    trust = Trust.from_file(authority)
    for store in ("system", "certifi"):
        setattr(Trust, store, staticmethod(lambda: trust))


if "TLSEE_DOCS_HOSTS" in os.environ:
    _stay_here(json.loads(os.environ["TLSEE_DOCS_HOSTS"]))
    _trust_only(os.environ["TLSEE_DOCS_CA"])
