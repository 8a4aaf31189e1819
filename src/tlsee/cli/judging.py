"""The options about judging that verify, connect and serve have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from tlsee.cli.certificate_files import responses, revocation_lists
from tlsee.cli.exit_codes import Usage
from tlsee.crypto.pyca import PROVIDER
from tlsee.deciders import Judge, JudgeRequest, default_judge
from tlsee.identity.path.judge import Verdict
from tlsee.identity.path.known import Fetch, Needs, Revocation
from tlsee.identity.trust import Profile, Trust
from tlsee.streams.fetching import HTTPFetcher
from tlsee.text import printable
from tlsee.values import replace, value

F = TypeVar("F", bound=Callable[..., Any])

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_RELATIVE = re.compile(r"([+-])(\d{1,6})([smhdwy])")
_AT_FIX = "write 2026-11-21, 2026-11-21T02:14:07Z, +14d or -3h"

_OPTIONS = (
    click.option("--at", metavar="DATE", help="Judge by this moment: 2026-11-21, +14d, -3h. UTC."),
    click.option("--crl", multiple=True, metavar="FILE", help="A revocation list. Repeatable."),
    click.option("--ocsp", multiple=True, metavar="FILE", help="An OCSP response. Repeatable."),
    click.option(
        "--revocation",
        type=click.Choice([policy.value for policy in Revocation]),
        help="soft refuses what is known to be revoked, hard also what nobody knows. They ask "
        "authorities over HTTP unless there is --crl or --ocsp. [default: off; soft with a file]",
    ),
    click.option(
        "--profile",
        type=click.Choice([profile.value for profile in Profile]),
        help="The rules of the web's authorities or of private ones, instead of each anchor's.",
    ),
)


JUDGING = ("at", "crl", "ocsp", "revocation", "profile")


def judging_options(function: F) -> F:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


class BesidePeer:
    """Fetches by HTTP; a peer's address that is not public allows others of its kind."""

    def __init__(self) -> None:
        self._fetcher = HTTPFetcher()

    def reached(self, address: str) -> None:
        """The peer is at this address."""
        self._fetcher = HTTPFetcher(beside=address)

    def __call__(self, fetch: Fetch) -> bytes:
        """What is there.

        Raises:
            FetchFailed: it cannot be had.
        """
        return self._fetcher(fetch)

    def at_hand(self, fetch: Fetch) -> bytes | str | None:
        """What was fetched before."""
        return self._fetcher.at_hand(fetch)


@value
class Manner:
    """How to judge, out of the options.

    Attributes:
        at: seconds since the epoch, or ``None``: now. ``given``: how that was written.
        crls, ocsp: DER. ``revocation``: the policy. ``profile``: or ``None``, each anchor's.
        fetcher: who asks authorities; ``None`` where files were given or nobody looks.
        unasked: why nobody looks at revocation, for a screen.
    """

    at: float | None
    crls: tuple[bytes, ...]
    ocsp: tuple[bytes, ...]
    revocation: Revocation
    profile: Profile | None
    fetcher: BesidePeer | None
    unasked: str

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments for ``ClientConfig`` and ``ServerConfig``."""
        return {
            "revocation": self.revocation,
            "crls": self.crls,
            "fetcher": self.fetcher,
            "judge": self._judge(),
        }

    def under_profile(self, trust: Trust) -> Trust:
        """The store under the rules that were asked for."""
        return trust.as_profile(self.profile) if self.profile is not None else trust

    def _judge(self) -> Judge:
        if self.at is None and not self.ocsp:
            return default_judge
        at, ocsp = self.at, self.ocsp

        def judge(request: JudgeRequest) -> Verdict | Needs:
            known = replace(request.known, ocsp=ocsp)
            moment = request.at if at is None else at
            return default_judge(replace(request, at=moment, known=known))

        return judge


def manner_of(options: Mapping[str, Any]) -> Manner:
    """Check the options and read the files that they name.

    Raises:
        Usage: something cannot be meant or read.
    """
    files = bool(options["crl"] or options["ocsp"])
    named = options["revocation"]
    policy = Revocation(named or ("soft" if files else "off"))
    if files and policy is Revocation.OFF:
        raise Usage("--crl and --ocsp with --revocation off", "use --revocation soft or hard")
    asks = named is not None and policy is not Revocation.OFF and not files
    return Manner(
        moment_of(options["at"]) if options["at"] is not None else None,
        revocation_lists(options["crl"]),
        responses(options["ocsp"]),
        policy,
        Profile(options["profile"]) if options["profile"] is not None else None,
        BesidePeer() if asks else None,
        "--revocation off" if named == "off" else "no --crl, no --ocsp",
    )


def moment_of(text: str, now: float | None = None) -> float:
    """A date, with or without a time, in UTC unless it says otherwise; or a distance from now.

    Raises:
        Usage: it is neither.
    """
    written = text.strip()
    relative = _RELATIVE.fullmatch(written)
    if relative is not None:
        sign, number, unit = relative.groups()
        start = PROVIDER.now() if now is None else now
        return start + float(f"{sign}1") * int(number) * _SECONDS[unit]
    try:
        moment = datetime.fromisoformat(written.removesuffix(" UTC"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise Usage(f"--at {printable(text, 40)} is no date", _AT_FIX) from None
