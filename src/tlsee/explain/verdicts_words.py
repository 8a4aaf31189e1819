"""Words of a verdict: where a certificate came from, what passed, what nobody looked at, a fix."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tlsee.errors import ApiMisuse
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.known import Revocation
from tlsee.identity.path.purpose import Purpose
from tlsee.identity.path.verdict import Path, Verdict
from tlsee.identity.trust import Anchor
from tlsee.reasons import Reasons
from tlsee.text import count, printable
from tlsee.values import value

_STORES = ("system store", "certifi")  # those that are nobody's own
_NOWHERE: Mapping[bytes, str] = MappingProxyType({})


@value
class Telling:
    """What a verdict cannot know: whence its certificates are, and how one would ask otherwise.

    Attributes:
        places: for certificates (DER) that came out of files, where: ``chain.pem, 1st``.
        unasked: why nobody looked at revocation: ``no --crl, no --ocsp``.
        unnamed: why no name was compared. own: how the user's own anchors came to be believed.
        subject: the file with the leaf, or empty when a peer sent it.
    """

    places: Mapping[bytes, str] = _NOWHERE
    unasked: str = "nobody asked"
    unnamed: str = "none was asked for"
    own: str = "your anchor"
    subject: str = ""


CONNECTED = Telling()


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"


def origin(view: CertificateView, verdict: Verdict, telling: Telling) -> str:
    """``chain.pem, 1st``, ``sent by the peer, 2nd``, ``your anchor (corp-root.pem)``."""
    if view.der in telling.places:
        return telling.places[view.der]
    if view in verdict.presented:
        return f"sent by the peer, {ordinal(verdict.presented.index(view) + 1)}"
    for path in verdict.tried:
        if path.anchor is not None and path.anchor.der == view.der:
            return anchor_text(path.anchor)
    if verdict.asked is not None and view.der in verdict.asked.intermediates:
        return "one of your intermediates"
    return "fetched"


def anchor_text(anchor: Anchor) -> str:
    """``your anchor (corp-root.pem)``, ``in system store``."""
    store = printable(anchor.store)
    return f"in {store}" if anchor.store in _STORES else f"your anchor ({store})"


def cross_signed(verdict: Verdict) -> frozenset[CertificateView]:
    """Those that another authority signed too: the same name and key on an earlier path."""
    first: dict[tuple[object, bytes], CertificateView] = {}
    found = set()
    for path in verdict.tried:
        for view in path.certificates[1:]:
            earlier = first.setdefault((view.subject_key, view.spki), view)
            if earlier.der != view.der and earlier.issuer_key != view.issuer_key:
                found.add(view)
    return frozenset(found)


def no_anchor(tip: CertificateView, verdict: Verdict, telling: Telling) -> str:
    """Why a self-signed certificate at the end of a path is no anchor."""
    trust = verdict.asked.trust if verdict.asked is not None else None
    where = origin(tip, verdict, telling)
    if trust is None or not trust.anchors:
        return f"{tip.subject} ({where}) is no anchor, for there is none"
    own = [anchor for anchor in trust.anchors if anchor.store not in _STORES]
    if len(own) == len(trust.anchors):
        return f"{tip.subject} ({where}) is no anchor (you gave {len(own):,})"
    known = ", ".join(printable(source) for source in trust.sources)
    return f"{tip.subject} ({where}) is no anchor: not in {known}"


# ---- what passed and what did not come to it

_PASSED = {
    "signature": "signatures",
    "dates": "dates",
    "key usage": "key usage",
    "purpose": "",  # by its own name
    "key": "key sizes",
    "signature algorithm": "algorithms",
    "name constraints": "name constraints",
    "policies": "policies",
    "public suffix": "public suffix",
    "revocation": "revocation",
    "pins": "pins",
    "distrust": "age",
}


def passed(verdict: Verdict) -> str:
    """``name (DNS:api.corp.example), signatures, serverAuth and 9 rules more``; empty for none."""
    path = verdict.path
    if path is None:
        return ""
    rest = _held(path)
    said = [_name(verdict)] if rest.pop("name", "") is None else []
    for name, words in _PASSED.items():
        if rest.pop(name, "") is None:
            said.append(words or _purpose(verdict))
    text = ", ".join(said)
    return f"{text}, and {count(len(rest), 'rule')} more" if rest else text


def _purpose(verdict: Verdict) -> str:
    """A certificate that names no purpose at all is for this one too, but does not say so."""
    leaf = verdict.leaf
    says = leaf is not None and leaf.extended_key_usage is not None
    return verdict.purpose.usage if says else "purpose"


def held(path: Path) -> str:
    """Every rule that held for all certificates of a path, by its name in docs/profiles.md."""
    return ", ".join(_held(path))


def _held(path: Path) -> dict[str, None]:
    failed = {check.name for check in path.checks if not check.ok}
    return dict.fromkeys(
        check.name
        for check in path.checks
        if check.ok and check.name not in failed and not check.detail.startswith("not known")
    )


def _name(verdict: Verdict) -> str:
    """The presented name that covers the one that was asked for, with its form."""
    leaf = verdict.leaf
    if leaf is None or verdict.name is None:
        return "name"
    try:
        wanted = names.reference(verdict.name)
    except ApiMisuse:
        return "name"
    matched = names.covers(leaf, wanted) or "common name"
    form = "DNS" if wanted.dns else "IP" if wanted.address is not None else ""
    form = form or ("URI" if wanted.uri else "email")
    return f"name ({form}:{printable(matched, 100)})"


def not_checked(verdict: Verdict, telling: Telling) -> list[str]:
    """What nobody looked at, each with why."""
    asked = verdict.asked
    asks = asked is not None and asked.revocation is not Revocation.OFF
    found = []
    for item in verdict.not_checked:
        if item != "revocation":
            found.append(_unknown(item, verdict, telling))
        elif asks:
            found.append("revocation (asked about once all else holds)")
        else:
            found.append(f"revocation ({telling.unasked})")
    if verdict.name is None and verdict.purpose is Purpose.SERVER:
        found.append(f"name ({telling.unnamed})")
    return found


def _unknown(item: str, verdict: Verdict, telling: Telling) -> str:
    """What nobody could say; of a peer also that it stapled nothing, where that is so."""
    leaf, asked = verdict.leaf, verdict.asked
    if telling.subject or asked is None or leaf is None or any(asked.stapled[:1]):
        return item
    if not item.startswith(f"revocation of {leaf.subject}:"):
        return item
    return f"{item}; no OCSP response stapled"


def profile(verdict: Verdict, telling: Telling) -> str:
    """``profile private (--ca)``; empty where no path has an anchor that would say."""
    asked, path = verdict.asked, verdict.path
    if asked is not None and asked.profile is not None:
        return f"profile {asked.profile.value} (--profile)"
    if path is None or path.anchor is None:
        return ""
    anchor = path.anchor
    why = anchor.store if anchor.store in _STORES else telling.own
    return f"profile {anchor.profile.value} ({why})"


# ---- what to do


def fix(verdict: Verdict, telling: Telling) -> str:
    """What to do about a refusal, as particular as the verdict allows; empty for no advice."""
    reason, path = verdict.reason, verdict.path
    if reason is None:
        return ""
    ended = path.ended_by if path is not None else None
    if reason.name == Reasons.certificate_expired.name and path is not None and ended is not None:
        return _renewal(ended[0], path, verdict, telling)
    if reason.name == Reasons.unknown_ca.name and path is not None and ended is not None:
        return _missing(ended[0], telling) or reason.fix
    return _FIXES.get(reason.name, reason.fix)


# Where the catalogue only knows a peer that breaks the protocol: here it may be one's own file.
_FIXES = {
    Reasons.malformed_certificate.name: "have its authority issue it anew; if it came as a file, "
    "copy that again",
    Reasons.not_a_ca.name: "have it issued by an authority, or that one issued as one: "
    "basicConstraints with CA:TRUE",
    Reasons.path_too_long.name: "have it issued by an authority further up, or that one issued "
    "with a longer path length",
    Reasons.name_constraints.name: "have it issued by an authority that may vouch for its names",
    Reasons.policy_not_acceptable.name: "have it issued under the policy that is demanded",
    Reasons.bad_certificate_signature.name: "compare it with what its authority issued: it was "
    "changed, or is signed by another one of the same name",
    Reasons.weak_certificate_signature.name: "have it issued anew, signed with SHA-256 or better",
    Reasons.unknown_critical_extension.name: "have it issued without the extension, or with it "
    "not critical",
    Reasons.chain_too_long.name: "send the leaf and those between it and the root, and no more",
    Reasons.judgement_exhausted.name: "send the leaf and those between it and the root, and no "
    "more; authorities in use never need such a search",
}


def _renewal(expired: CertificateView, path: Path, verdict: Verdict, telling: Telling) -> str:
    leaf = path.certificates[0]
    name = expired.subject
    if expired == leaf:
        return f'have "{leaf.issuer}" renew {name}; if all looks expired, check the clock'
    if path.anchor is not None and expired.der == path.anchor.der:
        return f"believe the authority's new root instead of {name}, which its owner has to give"
    if telling.subject:
        place, _, number = origin(expired, verdict, telling).partition(", ")
        where = f"{number} into {place}" if number else f"into {place}"
        where = where.replace("1st into", "first into")
        return (
            f"put the renewed {name} {where}; if the authority kept its key, "
            f"{telling.subject} stays as it is"
        )
    return f"the peer has to send the renewed {name}; if that kept its key, its own stays as it is"


def _missing(tip: CertificateView, telling: Telling) -> str:
    if tip.self_issued or not telling.subject:
        return ""
    return (
        f'bring the certificate of "{tip.issuer}" along (--untrusted FILE), or believe it '
        "(--ca FILE) if it is your own authority"
    )
