"""The peer's certificate: what was shown, every path that was tried, one check per row."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import (
    Element,
    Node,
    a,
    dd,
    details,
    div,
    dl,
    dt,
    h3,
    h4,
    li,
    p,
    span,
    summary,
    svg,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
    ul,
)

from tlsee.explain.certificates import date_of, validity
from tlsee.explain.reading import view_of
from tlsee.explain.report.html.bounds import (
    CERTIFICATES_SHOWN,
    CHECKS_SHOWN,
    NAMES_SHOWN,
    PATHS_SHOWN,
)
from tlsee.explain.report.html.markup import clause_of, crumbs, part, sign, wide
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.report.html.shown_certificates import Places
from tlsee.explain.report.html.svg import element, number
from tlsee.explain.verdicts import CONNECTED, cause, fix, not_checked
from tlsee.explain.verdicts_words import anchor_text, origin
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.rules import BY_NAME
from tlsee.identity.path.verdict import Check, Path, Step, Verdict
from tlsee.text import count, printable

__all__ = ["certificates"]

BAR = 320  # pixels of the bar of a validity


def certificates(sheet: Sheet) -> Element | None:
    """What was shown and how it was judged, or ``None`` where nobody showed a certificate."""
    verdict: Verdict | None = sheet.account.verdict
    places = Places(sheet)
    others = _others(sheet, places)
    if verdict is None and not others:
        return None
    lead = "Who the peer says it is, who vouches for that, and every rule that was applied."
    if verdict is None:
        lead = "What was shown. Who recorded this did not judge it."
    return part(
        "certificates",
        "Certificates",
        lead,
        _judgement(verdict, places) if verdict is not None else None,
        others,
    )


def _judgement(verdict: Verdict, places: Places) -> Node:
    sent = list({view.der: view for view in verdict.presented}.values())
    return [
        _result(verdict),
        _unread(verdict),
        [
            _shown(view, _whence(view, verdict), verdict.at, places)
            for view in sent[:CERTIFICATES_SHOWN]
        ],
        _cut(len(sent) - CERTIFICATES_SHOWN, "certificate"),
        [
            _path(number, path, verdict, places)
            for number, path in enumerate(verdict.tried[:PATHS_SHOWN], 1)
        ],
        _cut(len(verdict.tried) - PATHS_SHOWN, "path"),
        _unlooked(verdict),
        _what_ifs(verdict),
    ]


def _others(sheet: Sheet, places: Places) -> list[Node]:
    """What was shown and is in no verdict: this side's own, or what a listener saw."""
    verdict: Verdict | None = sheet.account.verdict
    judged = {view.der for view in verdict.presented} if verdict is not None else set()
    at = sheet.account.recording.header.began / 1e9
    found: list[Node] = []
    for der, role in places.shown.items():
        view = view_of(der) if der not in judged else None
        if view is not None and len(found) < CERTIFICATES_SHOWN:
            found.append(_shown(view, f"shown by {sheet.name_of(role)}", at, places, "recorded"))
    return found


def _cut(left: int, noun: str) -> Node:
    return p(".cut")[f"{count(left, noun)} more: the page has no place."] if left > 0 else None


def _whence(view: CertificateView, verdict: Verdict) -> str:
    """Where it comes from; one that was sent more than once is shown once, and that is said."""
    found = origin(view, verdict, CONNECTED)
    times = sum(each.der == view.der for each in verdict.presented)
    return found if times < 2 else f"{found}, {times} times"


def _result(verdict: Verdict) -> Element:
    kind = "ok" if verdict.accepted else "bad"
    return div(f".judged.{kind}")[
        p(".ending")[sign(kind), " Accepted" if verdict.accepted else " Refused"],
        dl[[(dt[term], dd[text]) for term, text in _facts(verdict)]],
    ]


def _facts(verdict: Verdict) -> Iterator[tuple[str, Node]]:
    if verdict.name is not None:
        yield "Asked for", printable(verdict.name, 256)
    if verdict.peer is not None and verdict.peer.matched:
        yield "Matched", printable(verdict.peer.matched, 256)
    if verdict.path is not None:
        yield "Path" if verdict.accepted else "Best path", printable(verdict.path.chain, 600)
    reason = verdict.reason
    if reason is not None:
        yield "Why", [cause(verdict), " ", clause_of(reason.clause)]
        yield "Reason", span(".name")[reason.name]
        helps = fix(verdict, CONNECTED)
        if helps:
            yield "What helps", helps
    if verdict.alert is not None:
        yield "Alert", f"{verdict.alert} ({int(verdict.alert)})"
    yield "Judged at", date_of(verdict.at)


def _unread(verdict: Verdict) -> Node:
    return [
        p(".bad")[sign("bad"), f" Certificate {item.position + 1} cannot be read: {item.detail}"]
        for item in verdict.unread[:CERTIFICATES_SHOWN]
    ]


def _shown(
    view: CertificateView, whence: str, at: float, places: Places, word: str = "judged"
) -> Element:
    """A certificate that was sent, in the words that matter."""
    href = places.href(view)
    names = [printable(name, 100) for name in (*view.dns_names, *view.ip_addresses)]
    more = len(names) - NAMES_SHOWN
    listed = ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    return div(".certificate")[
        h3[view.subject],
        dl[
            dt["Whence"],
            dd[
                whence,
                [", ", a(href=href)["its bytes, down to each DER element"]] if href else None,
            ],
            dt["Issuer"],
            dd[view.issuer],
            [dt["Names"], dd[listed]] if names else None,
            dt["Key"],
            dd[f"{view.key_label}, signed with {view.signature_label}"],
            dt["Valid"],
            dd[validity(view, at), _bar(view, at, word)],
            dt["SHA-256"],
            dd(".name")[view.fingerprint],
        ],
    ]


def _bar(view: CertificateView, at: float, word: str) -> Node:
    """From the first day to the last, and where the judgement stands."""
    span_of = view.not_after - view.not_before
    if span_of <= 0:
        return None
    margin = 40.0
    place = min(1.08, max(-0.08, (at - view.not_before) / span_of))
    now = margin + (BAR - 2 * margin) * place
    good = 0 <= place <= 1
    kind = "now" if good else "now bad"
    return svg(".validity", width=f"{BAR}", height="30", aria_hidden="true")[
        element("rect", class_="whole", x=number(margin), y="4", height="8",
                width=number(BAR - 2 * margin), rx="4"),
        element("rect", class_="gone", x=number(margin), y="4", height="8", rx="4",
                width=number(max(0.0, min(1.0, place)) * (BAR - 2 * margin))),
        element("path", class_=kind, d=f"M{number(now)} 1V15"),
        element("text", x=number(now), y="25", class_=kind, text_anchor="middle")[word],
    ]  # fmt: skip


def _path(number: int, path: Path, verdict: Verdict, places: Places) -> Element:
    failed = len(dict.fromkeys(path.failures))
    word = "accepted" if path.accepted else f"refused: {count(failed, 'check')} failed"
    ends = anchor_text(path.anchor) if path.anchor is not None else "it ends at no anchor"
    unfolded = number == 1
    return details(".trail", id=f"p{number}", open=unfolded)[
        summary[
            sign("ok" if path.accepted else "bad"),
            f" Path {number}, {word}; {ends}",
        ],
        [
            _step(place, step, verdict, places)
            for place, step in enumerate(path.steps[:CERTIFICATES_SHOWN])
        ],
        _cut(len(path.steps) - CERTIFICATES_SHOWN, "certificate"),
    ]


def _step(place: int, step: Step, verdict: Verdict, places: Places) -> Element:
    checks = list(dict.fromkeys(step.checks))
    shown = sorted(checks, key=lambda check: check.ok)[:CHECKS_SHOWN]
    heads = ("rule", "result", "what it asks for, or what was found", "clause", "bytes")
    view = step.certificate
    return div(".link-of-path")[
        h4[
            span(".up", aria_hidden="true")["signed by "] if place else None,
            view.subject,
            span(".dim")[f" {origin(view, verdict, CONNECTED)}"],
        ],
        wide(
            f"Checks of {view.subject}",
            table(".matrix.checks")[
                thead[tr[[th(scope="col")[head] for head in heads]]],
                tbody[[_check(check, view, places) for check in shown]],
            ],
        )
        if shown
        else None,
        _cut(len(checks) - len(shown), "check"),
    ]


def _check(check: Check, view: CertificateView, places: Places) -> Element:
    rule = BY_NAME.get(check.name)
    word = "held" if check.ok else "failed"
    result: Node = [sign("ok" if check.ok else "bad"), f" {word}"]
    return tr(class_=None if check.ok else "failed")[
        th(scope="row")[check.name],
        td[span(class_="good" if check.ok else "bad")[result]],
        td[check.detail or span(".dim")[rule.says if rule is not None else None]],
        td[clause_of(check.clause)],
        td[_octets(check, view, places)],
    ]


def _octets(check: Check, view: CertificateView, places: Places) -> Node:
    if check.span is None:
        return None
    words = f"{check.span[0]}-{check.span[1] - 1}"
    href = places.href_of(view, check.span)
    return a(href=href)[words] if href else words


def _unlooked(verdict: Verdict) -> Node:
    missing = not_checked(verdict, CONNECTED)
    if not missing:
        return None
    return p(".note")["Nobody looked at: ", crumbs(missing), "."]


def _what_ifs(verdict: Verdict) -> Node:
    found = verdict.what_ifs()
    if not found:
        return None
    return [
        h3["What if"],
        ul[
            [
                li[f"{one.change}: ", "accepted" if one.accepted else "refused even so"]
                for one in found
                if one.verdict is not None
            ]
        ],
    ]
