"""``tlsee verify``: judge certificates in files, and tell the search with every reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tlsee.cli import stores
from tlsee.cli.certificate_files import base, certificates, places, shown
from tlsee.cli.exit_codes import CommandError, ExitCode, Usage
from tlsee.cli.json_output import line_of
from tlsee.cli.judging import Manner, judging_options, manner_of
from tlsee.cli.output import Screen
from tlsee.cli.styles import show
from tlsee.cli.surprises import Interrupted, confession
from tlsee.cli.verdict_json import failed_verify, verify_object
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.explain.verdicts import Telling, screen
from tlsee.identity.certificate import Unreadable, read_certificate
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.judge import Purpose, Verdict, judge_again
from tlsee.identity.path.known import Fetch, Known, Needs
from tlsee.identity.path.revoked import must_staple
from tlsee.identity.revocation.ocsp import read_response, serial_octets
from tlsee.streams.fetching import FetchFailed
from tlsee.text import printable
from tlsee.values import replace, value


@click.command("verify", short_help="judge certificates in files, and tell why")
@click.argument("cert")
@click.option(
    "--untrusted",
    multiple=True,
    metavar="FILE",
    help="Certificates that may stand between, in any order. Repeatable.",
)
@click.option(
    "--ca",
    multiple=True,
    metavar="FILE",
    help="Believe these authorities, not the system's; also: system, certifi. Repeatable.",
)
@click.option("--name", metavar="NAME", help="The host, address, URI or mailbox it has to be for.")
@judging_options
@click.option("--client", is_flag=True, help="Judge it as a client's, not as a server's.")
@click.option("--json", "as_json", is_flag=True, help="Print one object, also where it fails.")
def command(**options: Any) -> int:
    """Judge CERT as a TLS peer would, and tell which paths were tried and why each one failed.

    CERT is a file, PEM or DER, with the certificate and perhaps others after it; - is standard
    input. Nothing is asked over the network but by --revocation.

    \b
    Examples:
      tlsee verify fullchain.pem --name www.example.com
      tlsee verify api.pem --untrusted chain.pem --ca root.pem --at +14d
      tlsee verify api.pem --ca root.pem --crl root.crl --revocation hard
      tlsee verify joe.pem --ca mesh.pem --client

    \b
    Exit codes: 0 accepted, 1 refused, 2 wrong usage or a file that cannot be
    read, 130 interrupted.
    """  # noqa: D301 - click wants the backspace itself
    if options["as_json"]:
        return _as_json(options)
    inquiry = inquiry_of(options, os.environ)
    verdict = inquiry.verdict()
    out = Screen(sys.stdout)
    show(out, screen(verdict, inquiry.telling, out.width))
    out.flush()
    return _code(verdict)


def _code(verdict: Verdict) -> ExitCode:
    return ExitCode.WORKED if verdict.accepted else ExitCode.REFUSED


def _as_json(options: Mapping[str, Any]) -> int:
    """One object, whatever happens."""
    file = printable(options["cert"], 255)
    code: ExitCode
    try:
        inquiry = inquiry_of(options, os.environ)
        verdict = inquiry.verdict()
        found, code = verify_object(verdict, inquiry.telling, file), _code(verdict)
    except CommandError as error:
        found, code = failed_verify(file, error), error.code
    except KeyboardInterrupt:
        found, code = failed_verify(file, Interrupted()), ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the object says it
        found, code = failed_verify(file, confession(error)), ExitCode.BUG
    out = Screen(sys.stdout)
    out.line(line_of(found))
    out.flush()
    return code


@value
class Inquiry:
    """What is to be judged, how, and what the screen has to know of where it came from."""

    asked: Asked
    manner: Manner
    telling: Telling

    def verdict(self) -> Verdict:
        """Judge, and fetch what the judge asks for as long as it does.

        Raises:
            Usage: the name is none.
        """
        asked = self.asked
        try:
            outcome = judge_again(asked)
            while isinstance(outcome, Needs):
                answers = {fetch: self._answer(fetch) for fetch in outcome.fetches}
                asked = replace(asked, known=asked.known.plus(answers))
                outcome = judge_again(asked)
        except ApiMisuse as error:
            raise Usage(error.detail, error.fix) from None
        return outcome

    def _answer(self, fetch: Fetch) -> bytes | str:
        if self.manner.fetcher is None:
            return "nothing is fetched here"
        try:
            return self.manner.fetcher(fetch)
        except FetchFailed as problem:
            return str(problem)


def inquiry_of(options: Mapping[str, Any], environ: Mapping[str, str]) -> Inquiry:
    """Check the options and read the files that they name.

    Raises:
        Usage: something cannot be meant or read.
    """
    chain = certificates(options["cert"])
    between = [(path, certificates(path)) for path in options["untrusted"]]
    for path, found in between:
        _all_readable(path, found)
    manner = manner_of(options)
    believed = stores.trusted(options["ca"], environ)
    asked = Asked(
        chain,
        believed.trust,
        Purpose.CLIENT if options["client"] else Purpose.SERVER,
        options["name"],
        PROVIDER.now() if manner.at is None else manner.at,
        intermediates=tuple(dict.fromkeys(der for _, found in between for der in found)),
        known=Known(crls=manner.crls, ocsp=manner.ocsp, offline=manner.fetcher is None),
        revocation=manner.revocation,
        stapled=_stapled(chain[0], manner.ocsp),
        profile=manner.profile,
    )
    telling = Telling(
        places([(options["cert"], chain), *between]),
        manner.unasked,
        "no --name",
        " and ".join(believed.notes) or "--ca",
        base(options["cert"]),
    )
    return Inquiry(asked, manner, telling)


def _all_readable(path: str, found: Sequence[bytes]) -> None:
    for number, der in enumerate(found, 1):
        try:
            read_certificate(der)
        except Unreadable as problem:
            what = f"{shown(path)}: certificate {number}: {problem}"
            raise Usage(what, "leave it out, or copy the file again") from None


def _stapled(leaf: bytes, responses: Sequence[bytes]) -> tuple[bytes, ...]:
    """For a leaf that says its server staples: the response about it, as the server would send."""
    try:
        view = read_certificate(leaf)
    except Unreadable:
        return ()
    if not must_staple(view):
        return ()
    serial = serial_octets(view)
    about = (
        der for der in responses if any(one.serial == serial for one in read_response(der).singles)
    )
    return tuple(about)[:1]
