"""What ``tlsee connect`` does besides talking: export keying material, and change keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tlsee.cli.exit_codes import CommandError, ExitCode, Usage
from tlsee.errors import ApiMisuse
from tlsee.streams.blocking import Stream
from tlsee.text import printable
from tlsee.values import value

EXPORT_LENGTH = 32  # bytes, where none is said; what a channel binding has
LONGEST_EXPORT = 255 * 32  # bytes: what HKDF gives with the shortest hash there is
LONGEST_LABEL = 249  # bytes: RFC 9846, 7.1

_ANOTHER = "connect with TLS 1.3, or to a server that knows extended_main_secret"


class NotGiven(CommandError):
    """The connection is there, but not what was asked of it."""

    code = ExitCode.REFUSED


@value
class Export:
    """Keying material that is wanted: its label, and how many bytes."""

    label: str
    length: int


@value
class Extras:
    """What is done once the handshake is."""

    exports: tuple[Export, ...]
    key_update: bool


def extras_of(options: Mapping[str, Any]) -> Extras:
    """Read ``--export`` and ``--key-update``.

    Raises:
        Usage: a label or a length that cannot be.
    """
    return Extras(tuple(map(_export, options["export"])), options["key_update"])


def _export(text: str) -> Export:
    """``LABEL`` or ``LABEL:LENGTH``; digits behind the last colon are a length."""
    found = re.fullmatch(r"(.*):([0-9]{1,9})", text)
    label, length = (found[1], int(found[2])) if found else (text, EXPORT_LENGTH)
    shown = printable(text, 60)
    if not label or len(label) > LONGEST_LABEL or not (label.isascii() and label.isprintable()):
        raise Usage(
            f"--export {shown}: no label",
            f"give 1 to {LONGEST_LABEL} characters of ASCII, such as EXPORTER-Channel-Binding",
        )
    if not 1 <= length <= LONGEST_EXPORT:
        raise Usage(f"--export {shown}: {length:,} bytes", f"give 1 to {LONGEST_EXPORT:,}")
    return Export(label, length)


def exported(stream: Stream, wanted: tuple[Export, ...]) -> tuple[tuple[Export, bytes], ...]:
    """The keying material, without a context.

    Raises:
        NotGiven: this connection has none that is worth its name.
    """
    found = []
    for export in wanted:
        try:
            made = stream.export_keying_material(export.label, None, export.length)
        except ApiMisuse as problem:
            what = f"--export {printable(export.label, 60)}: {problem.detail}"
            raise NotGiven(what, _ANOTHER, stage="data", name="no_exporter") from None
        found.append((export, made))
    return tuple(found)


def change_keys(stream: Stream) -> None:
    """Send under new keys, and ask the server for the same (RFC 9846, 4.7.3).

    Raises:
        NotGiven: this version has no such thing.
    """
    try:
        stream.update_keys(request=True)
    except ApiMisuse:
        raise NotGiven(
            f"--key-update: {stream.info.version.label} has no KeyUpdate",
            "connect to a server of TLS 1.3",
            stage="data",
            name="no_key_update",
        ) from None
