"""Lists on the command line: names with commas or colons between them, as people write them."""

from __future__ import annotations

import re
from typing import TypeVar

from tlsee import policies
from tlsee.cli.exit_codes import Usage
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.policies import Policy
from tlsee.text import printable

# What OpenSSL, NIST and people call the groups, beside the registry's names.
GROUP_NAMES = {
    "p-256": NamedGroup.secp256r1,
    "p256": NamedGroup.secp256r1,
    "prime256v1": NamedGroup.secp256r1,
    "p-384": NamedGroup.secp384r1,
    "p384": NamedGroup.secp384r1,
    "p-521": NamedGroup.secp521r1,
    "p521": NamedGroup.secp521r1,
    "curve25519": NamedGroup.x25519,
    "curve448": NamedGroup.x448,
    "p256mlkem768": NamedGroup.SecP256r1MLKEM768,
    "p384mlkem1024": NamedGroup.SecP384r1MLKEM1024,
}
VERSIONS = {"1.3": ProtocolVersion.TLS13, "1.2": ProtocolVersion.TLS12}
Code = TypeVar("Code")
_SEPARATORS = re.compile(r"[,:\s]+")


def split(text: str) -> list[str]:
    """The items of a list.

    Raises:
        Usage: there is none.
    """
    items = [item for item in _SEPARATORS.split(text.strip()) if item]
    if not items:
        raise Usage("an empty list", "write names with commas between them")
    return items


def groups(text: str | None) -> list[NamedGroup] | None:
    """Key exchange groups: ``X25519MLKEM768,P-256``; ``None`` stays ``None``."""
    if text is None:
        return None
    known = {str(group).lower(): group for group in NamedGroup.members()}
    return [_find(item, known | GROUP_NAMES, "group", "X25519, P-256") for item in split(text)]


def suites(text: str | None) -> list[CipherSuite] | None:
    """Cipher suites: ``TLS_AES_128_GCM_SHA256``, the ``TLS_`` may be left out."""
    if text is None:
        return None
    known = {str(suite).lower(): suite for suite in CipherSuite.members()}
    known |= {name.removeprefix("tls_"): suite for name, suite in known.items()}
    hint = "TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256"
    return [_find(item, known, "cipher suite", hint) for item in split(text)]


LEGACY_WARNING = (
    "legacy: DHE, RSA key exchange (no forward secrecy), CCM and CBC are allowed, and a main "
    "secret that is not bound to the handshake"
)


def policy(name: str) -> Policy:
    """The policy of this name."""
    return policies.legacy if name == "legacy" else policies.default


def versions(text: str | None) -> list[ProtocolVersion] | None:
    """Protocol versions, these and no others: ``1.3``, ``1.2``, ``1.3,1.2``.

    Raises:
        Usage: a version that is not spoken here.
    """
    if text is None:
        return None
    found = []
    for item in split(text):
        name = item.lower().removeprefix("tlsv").removeprefix("tls")
        if name not in VERSIONS:
            raise Usage(
                f"--tls {printable(item, 20)}: not spoken here", "use --tls 1.3 or --tls 1.2"
            )
        found.append(VERSIONS[name])
    return list(dict.fromkeys(found))


def protocols(text: str | None) -> list[str]:
    """ALPN names: ``h2,http/1.1``. Only commas: a name may have a colon."""
    if text is None:
        return []
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items:
        raise Usage("--alpn is empty", "write names, as in --alpn h2,http/1.1")
    return items


def _find(item: str, known: dict[str, Code], noun: str, hint: str) -> Code:
    found = known.get(item.lower())
    if found is None:
        raise Usage(f"{printable(item, 40)!r} is no {noun} known here", f"names are such as {hint}")
    return found
