"""What the peers of TLS 1.2 have in common: names of suites, and groups as files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

EXCHANGES = ("ECDHE_ECDSA", "ECDHE_RSA", "DHE_RSA", "RSA")
_GCM_CHACHA = ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
_CCM = ("AES_128_CCM", "AES_256_CCM", "AES_128_CCM_8", "AES_256_CCM_8")
_CBC = ("AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_CBC_SHA256")


def _named(exchange: str, *ciphers: str) -> tuple[str, ...]:
    return tuple(f"TLS_{exchange}_WITH_{cipher}" for cipher in ciphers)


AEAD_SUITES12 = (*_named("ECDHE_ECDSA", *_GCM_CHACHA), *_named("ECDHE_RSA", *_GCM_CHACHA))
SUITES12 = (
    *AEAD_SUITES12,
    *_named("ECDHE_ECDSA", *_CCM, *_CBC, "AES_256_CBC_SHA384"),
    *_named("ECDHE_RSA", *_CBC, "AES_256_CBC_SHA384"),
    *_named("DHE_RSA", *_GCM_CHACHA, *_CCM, *_CBC, "AES_256_CBC_SHA256"),
    *_named("RSA", *_GCM_CHACHA[:2], *_CCM, *_CBC, "AES_256_CBC_SHA256"),
)
"""Every suite that there is a row for, by the registry's names."""


def exchange_of(suite: str) -> str:
    """One of ``EXCHANGES``, from a suite's name."""
    return suite.removeprefix("TLS_").partition("_WITH_")[0]


def is_cbc(suite: str) -> bool:
    """Whether the order of MAC and cipher is a question at all."""
    return "_CBC_" in suite


def openssl_name(suite: str) -> str:
    """OpenSSL's own word for a suite of TLS 1.2."""
    exchange, _, cipher = suite.removeprefix("TLS_").partition("_WITH_")
    for old, new in (("AES_", "AES"), ("_CBC", ""), ("CCM_8", "CCM8"), ("1305_SHA256", "1305")):
        cipher = cipher.replace(old, new)
    return "-".join([exchange] * (exchange != "RSA") + [cipher]).replace("_", "-")


def openssl_ciphers(suites: Iterable[str]) -> str:
    """For ``-cipher`` and its like: these and no others, also those OpenSSL finds too weak."""
    return ":".join([*map(openssl_name, suites), "@SECLEVEL=0"])


REGISTERED = {openssl_name(suite): suite for suite in SUITES12}
"""The registry's name for OpenSSL's."""


def curves_of(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups without finite fields, which no OpenSSL before 4.0 takes for TLS 1.2."""
    return tuple(group for group in groups if not group.startswith("ffdhe"))


def field_of(groups: Iterable[str]) -> str | None:
    """The first finite field, if there is one."""
    return next((group for group in groups if group.startswith("ffdhe")), None)


def write_field(group: str, path: Path) -> Path:
    """A group of RFC 7919 as a PEM file, made by OpenSSL, so that it is not our word for it."""
    path.write_bytes(_field(group))
    return path


@cache
def _field(group: str) -> bytes:
    make = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", f"group:{group}"]
    return subprocess.run(make, check=True, capture_output=True).stdout
