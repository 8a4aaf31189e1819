"""Whom the command believes, and as whom it appears: stores, certificates and keys from files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tlsee.cli.exit_codes import Usage
from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import moment
from tlsee.identity.credentials import Credential
from tlsee.identity.file_credentials import FileCredentials
from tlsee.identity.pem import certificates_in
from tlsee.identity.trust import Profile, Trust
from tlsee.text import printable
from tlsee.values import value

Loaded = TypeVar("Loaded", Credential, FileCredentials)

_CERTIFICATE_FILES = (".pem", ".crt", ".cer")
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # how OpenSSL's c_rehash names the files of a store


@value
class Believed:
    """A store and what the output says of where it came from."""

    trust: Trust
    notes: tuple[str, ...]


def trusted(
    names: Sequence[str],
    environ: Mapping[str, str],
    *,
    insecure: bool = False,
    needed: bool = True,
) -> Believed:
    """The store for ``--ca`` (``system``, ``certifi`` or files; none means the usual one).

    Without ``--ca``, SSL_CERT_FILE and SSL_CERT_DIR replace the system's store, as they do for
    OpenSSL; the notes name them. Where no certificate is ``needed``, nobody is believed whom
    ``--ca`` does not name.

    Raises:
        Usage: a file cannot be read, or has no certificate.
    """
    notes: list[str] = []
    if not (needed or names or insecure):
        return Believed(Trust.nobody(), ())
    trust = _named(names) if names else _from_environment(environ, notes)
    if trust is None:
        try:
            trust = Trust.system()
        except ApiMisuse as error:
            if not insecure:
                raise Usage(error.detail, "use --ca certifi, or --ca FILE") from None
    if insecure:
        anyone = Trust.insecure_accept_anyone()
        return Believed(anyone if trust is None else anyone.plus(trust), tuple(notes))
    assert trust is not None
    return Believed(trust, tuple(notes))


def _named(names: Sequence[str]) -> Trust | None:
    trust: Trust | None = None
    for name in names:
        if name == "system":
            one = _checked("--ca system", Trust.system)
        elif name == "certifi":
            one = _checked("--ca certifi", Trust.certifi)
        else:
            one = authorities(name)
        trust = one if trust is None else trust.plus(one)
    return trust


def authorities(path: str) -> Trust:
    """The certificates in a file, or in the files of a directory.

    Raises:
        Usage: it cannot be read, or there is none.
    """
    if not path:
        raise Usage("the name of a file with authorities is empty", "is a variable not set?")
    if Path(path).is_dir():
        return _directory(path)
    return _checked(path, lambda: Trust.from_file(path))


def _checked(what: str, load: Callable[[], Trust]) -> Trust:
    try:
        return load()
    except OSError as error:
        raise Usage(
            f"cannot read {printable(what)}: {reason_of(error)}", "check the path"
        ) from None
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None


def _directory(path: str, label: str = "") -> Trust:
    """The certificates of a directory: .pem, .crt and .cer files, and those c_rehash made."""
    directory = Path(path)
    found: dict[bytes, None] = {}
    try:
        for file in sorted(directory.iterdir()):
            named = file.suffix.lower() in _CERTIFICATE_FILES or _HASHED.fullmatch(file.name)
            if named and file.is_file():
                found |= dict.fromkeys(_readable(file))
    except OSError as error:
        raise Usage(
            f"cannot read {printable(path)}: {reason_of(error)}", "check the path"
        ) from None
    if not found:
        raise Usage(f"{printable(path)} has no certificate in it", "give a directory of .pem files")
    return _checked(
        path,
        lambda: Trust.from_store(found, label=label or directory.name, profile=Profile.PRIVATE),
    )


def _readable(file: Path) -> tuple[bytes, ...]:
    """The certificates of a file; one that has none is passed over."""
    try:
        return certificates_in(file.read_bytes())
    except (OSError, ValueError):
        return ()


def _from_environment(environ: Mapping[str, str], notes: list[str]) -> Trust | None:
    trust: Trust | None = None
    file = environ.get("SSL_CERT_FILE", "")
    if file:
        trust = authorities(file)
        notes.append(f"SSL_CERT_FILE={printable(file, 60)}")
    for path in environ.get("SSL_CERT_DIR", "").split(os.pathsep):
        if path:
            one = _directory(path, "SSL_CERT_DIR")
            trust = one if trust is None else trust.plus(one)
            notes.append(f"SSL_CERT_DIR={printable(path, 60)}")
    return trust


def credential(cert: str | None, key: str | None) -> Credential | None:
    """Our own certificate and key; without ``--key`` the key is looked for in the same file.

    Raises:
        Usage: a file cannot be read, or the two do not belong together.
    """
    if _names_none(cert, key):
        return None
    assert cert is not None
    return _read(cert, key, lambda: Credential.from_files(cert, key))


def renewed_credential(
    cert: str | None, key: str | None, say: Callable[[str], object]
) -> FileCredentials | None:
    """The same for a server that runs on while the files are renewed; ``say`` is told of it.

    Raises:
        Usage: as ``credential``.
    """
    if _names_none(cert, key):
        return None
    assert cert is not None

    def on_change(made: Credential) -> None:
        until = moment(made.certificate.not_after)
        say(f"renewed: {made.certificate.subject} from {printable(cert)}, valid until {until}")

    def on_problem(problem: Exception) -> None:
        said = problem.detail if isinstance(problem, ApiMisuse) else printable(str(problem))
        say(f"not renewed: {said}; the certificate from before stays in use")

    return _read(
        cert, key, lambda: FileCredentials(cert, key, on_change=on_change, on_problem=on_problem)
    )


def _names_none(cert: str | None, key: str | None) -> bool:
    if cert is None and key is not None:
        raise Usage("--key without --cert", "give the certificate as well: --cert FILE")
    return cert is None


def _read(cert: str, key: str | None, load: Callable[[], Loaded]) -> Loaded:
    try:
        return load()
    except OSError as error:
        what = printable(str(error.filename or cert))
        raise Usage(f"cannot read {what}: {reason_of(error)}", "check the path") from None
    except ApiMisuse as error:
        fix = error.fix or "give matching --cert and --key"
        if key is None and "private key" in error.detail:
            fix = "give the private key as well: --key FILE"
        raise Usage(error.detail, fix) from None


def reason_of(error: OSError) -> str:
    """What the system says, in its words, one line."""
    return printable(error.strerror or str(error) or type(error).__name__).lower()
