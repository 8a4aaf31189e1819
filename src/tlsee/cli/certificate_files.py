"""Files with certificates, revocation lists and OCSP responses, and what is in them instead."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tlsee.cli.exit_codes import Usage
from tlsee.cli.plumbing import standard_input
from tlsee.cli.stores import reason_of
from tlsee.errors import ApiMisuse
from tlsee.explain.verdicts_words import ordinal
from tlsee.identity.certificate import Unreadable, read_certificate
from tlsee.identity.pem import certificates_in
from tlsee.identity.revocation import bounds
from tlsee.identity.revocation.lists import lists_in
from tlsee.identity.revocation.ocsp import read_response
from tlsee.text import count, printable

FILE_LIMIT = 64 * 1024 * 1024  # bytes; a device that never ends must not be read for ever
STDIN = "-"

_BEGINS = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_LABELS = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
# The end of a PEM label, and what people call such a file.
_KINDS = (
    (b"PRIVATE KEY", "a private key"),
    (b"PUBLIC KEY", "a public key"),
    (b"CERTIFICATE REQUEST", "a request for a certificate"),
    (b"CRL", "a revocation list"),
    (b"PKCS7", "a PKCS #7 bundle"),
    (b"OCSP RESPONSE", "an OCSP response"),
)


def certificates(path: str) -> tuple[bytes, ...]:
    """The certificates in a file, PEM or DER; ``-`` is standard input.

    One in PEM text that cannot be read is given back all the same: why it cannot is the judge's to
    say.

    Raises:
        Usage: there is none, or the file cannot be read.
    """
    content, name = read(path), shown(path)
    if not content.strip():
        raise Usage(f"{name} is empty", "give a certificate, PEM or DER")
    if _LABELS.search(content) is None:
        return (_one(content, name),)
    try:
        found = certificates_in(content)
    except ValueError as problem:
        raise Usage(f"{name}: {printable(str(problem))}", "copy the file again") from None
    begun = len(_BEGINS.findall(content))
    if begun > len(found):
        many = count(begun, "certificate")
        raise Usage(f"{name} begins {many} and ends {len(found)}", "copy the file again")
    if not found:
        raise Usage(f"{name} is {_kind(content)}, and no certificate", _ADVICE)
    return found


_ADVICE = "give the certificate's file, PEM or DER"


def _one(content: bytes, name: str) -> bytes:
    """A DER file."""
    try:
        return read_certificate(content).der
    except Unreadable as problem:
        what = str(problem)
    for kind, is_one in (("a revocation list", lists_in), ("an OCSP response", read_response)):
        if _reads(is_one, content):
            raise Usage(f"{name} is {kind}, and no certificate", _ADVICE)
    if content[:1] != b"\x30":
        what = "neither PEM nor DER"
    raise Usage(f"{name} has no certificate in it: {what}", _ADVICE)


def _reads(read: Callable[[bytes], object], content: bytes) -> bool:
    try:
        read(content)
    except Unreadable:
        return False
    return True


def _kind(content: bytes) -> str:
    labels = _LABELS.findall(content)
    for ending, kind in _KINDS:
        if any(label.endswith(ending) for label in labels):
            return kind
    return "something else in PEM"


def revocation_lists(paths: Sequence[str]) -> tuple[bytes, ...]:
    """The lists in files, each PEM or DER.

    Raises:
        Usage: one cannot be read, or is none.
    """
    found: list[bytes] = []
    for path in paths:
        try:
            found += lists_in(read(path, bounds.LIST_LENGTH))
        except Unreadable as problem:
            raise Usage(f"{shown(path)}: {problem}", "give a CRL, PEM or DER") from None
    return tuple(found)


def responses(paths: Sequence[str]) -> tuple[bytes, ...]:
    """The OCSP responses in files, DER, as responders send them.

    Raises:
        Usage: one cannot be read, or is none.
    """
    found = []
    for path in paths:
        try:
            found.append(read_response(read(path)).der)
        except (Unreadable, ApiMisuse) as problem:
            raise Usage(f"{shown(path)}: {problem}", "give the response as DER") from None
    return tuple(found)


def read(path: str, limit: int = FILE_LIMIT) -> bytes:
    """A file, or standard input.

    Raises:
        Usage: it cannot be read, or is longer than the limit (bytes).
    """
    if not path:
        raise Usage("the name of a file is empty", "is a variable not set?")
    try:
        if path == STDIN:
            content = _standard_input(limit)
        else:
            with Path(path).open("rb") as file:
                content = file.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = reason_of(error) if isinstance(error, OSError) else "that is no name of a file"
        raise Usage(f"cannot read {shown(path)}: {why}", "check the path") from None
    if len(content) > limit:
        raise Usage(f"{shown(path)} has more than {limit:,} bytes", "is that the right file?")
    return content


def _standard_input(limit: int) -> bytes:
    content = bytearray()
    if sys.stdin is not None:
        for piece in standard_input():
            content += piece
            if len(content) > limit:
                break
    return bytes(content)


def shown(path: str) -> str:
    """A file's name in a sentence."""
    return "standard input" if path == STDIN else printable(path, 200)


def base(path: str) -> str:
    """A file's name in a table."""
    return "standard input" if path == STDIN else printable(Path(path).name or path, 60)


def places(files: Sequence[tuple[str, Sequence[bytes]]]) -> dict[bytes, str]:
    """Where each certificate is: ``chain.pem, 1st``; the first place of one that is in several."""
    found: dict[bytes, str] = {}
    for path, listed in files:
        for number, der in enumerate(listed, 1):
            where = f"{base(path)}, {ordinal(number)}" if len(listed) > 1 else base(path)
            found.setdefault(der, where)
    return found
