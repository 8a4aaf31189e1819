"""What would change a refusal: each change is judged, none is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tlsee.errors import ApiMisuse
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView, moment
from tlsee.identity.path import bounds
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.known import Fetch, FetchKind, Needs
from tlsee.identity.path.verdict import Path, Verdict, WhatIf
from tlsee.identity.trust import Anchor, Profile, Trust
from tlsee.reasons import Reasons
from tlsee.values import replace

Judge = Callable[[Asked], "Verdict | Needs"]
Change = tuple[str, Asked]

_DATES = frozenset({Reasons.certificate_expired.name, Reasons.certificate_not_yet_valid.name})


def what_ifs(
    verdict: Verdict, judge: Judge, fetched: Mapping[Fetch, bytes | str]
) -> tuple[WhatIf, ...]:
    """The changes that would make it accepted, and those that need a fetch to say."""
    asked = verdict.asked
    if asked is None:
        return ()
    found: list[WhatIf] = []
    changes = [*_dates(verdict, asked), *_anchors(verdict, asked), *_names(verdict, asked)]
    for change, question in changes[: bounds.WHAT_IFS]:
        outcome = judge(question)
        if isinstance(outcome, Verdict) and outcome.accepted:
            found.append(WhatIf(change, outcome))
    return (*found, *_issuers(asked, judge, fetched))


def _dates(verdict: Verdict, asked: Asked) -> Iterator[Change]:
    """The nearest moment at which all certificates of a path are valid."""
    moments = []
    for path in verdict.tried:
        reasons = {check.reason.name for _, check in path.failures if check.reason is not None}
        if path.anchor is None or not reasons or not reasons <= _DATES:
            continue
        start = max(view.not_before for view in path.certificates)
        end = min(view.not_after for view in path.certificates)
        if start <= end:
            moments.append(min(max(asked.at, start), end))
    for at in sorted(dict.fromkeys(moments), key=lambda at: abs(at - asked.at)):
        yield f"judged on {moment(at)}", replace(asked, at=at)


def _anchors(verdict: Verdict, asked: Asked) -> Iterator[Change]:
    """The certificate in which a way ended, believed as an anchor too."""
    ends: dict[CertificateView, Path] = {}
    for path in verdict.tried:
        tip = path.certificates[-1]
        if path.anchor is None and (len(path.steps) > 1 or tip.self_issued):
            ends.setdefault(tip, path)
    for tip in ends:
        anchor = Anchor(tip.der, "what if", Profile.PRIVATE)  # whoever adds one has given it
        trust = Trust((*asked.trust.anchors, anchor), pins=asked.trust.pins)
        yield f"{tip.subject} an anchor too", replace(asked, trust=trust)


def _names(verdict: Verdict, asked: Asked) -> Iterator[Change]:
    """Asked for by one of the names that it has."""
    leaf = verdict.leaf
    if asked.name is None or leaf is None:
        return
    if verdict.reason is None or verdict.reason.name != Reasons.name_mismatch.name:
        return
    presented = names.identities_of(leaf)
    for text in (*presented.dns, *presented.addresses)[:1]:
        host = text.replace("*", "www", 1)
        try:
            names.reference(host)
        except ApiMisuse:
            continue
        yield f"asked for {host}", replace(asked, name=host)


def _issuers(asked: Asked, judge: Judge, fetched: Mapping[Fetch, bytes | str]) -> Iterator[WhatIf]:
    """With the issuers that certificates say where to find."""
    if asked.fetch_issuers:
        return
    known = replace(asked.known.plus(fetched), offline=False)  # to learn what would be fetched
    outcome = judge(replace(asked, fetch_issuers=True, known=known))
    change = "with the missing issuer from the address in the certificate"
    if isinstance(outcome, Needs):
        issuers = (fetch for fetch in outcome.fetches if fetch.kind is FetchKind.ISSUER)
        wanted = tuple(fetch for fetch in issuers if fetch not in fetched)
        if wanted:
            yield WhatIf(change, None, wanted)
    elif outcome.accepted:
        yield WhatIf(change, outcome)
