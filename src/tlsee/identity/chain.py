"""Our own chain before anybody else sees it: is it in order, complete in itself, and in date?

What is asked here is what a peer would stumble over, and it is asked when a configuration is made,
where the one who can mend it reads the answer. Whom a peer trusts is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.crypto import certificate_signatures
from tlsee.identity.certificate import CertificateView, moment

__all__ = ["flaws_of", "in_order", "signed"]


def signed(issuer: CertificateView, certificate: CertificateView) -> bool:
    """Whether ``issuer``'s name and key stand behind ``certificate``; dates are not looked at."""
    return (
        issuer.subject_key == certificate.issuer_key
        and issuer.public_key is not None
        and certificate.algorithm is not None
        and certificate_signatures.is_true(
            issuer.public_key, certificate.algorithm, certificate.signature, certificate.tbs
        )
    )


def in_order(certificates: Sequence[CertificateView]) -> tuple[CertificateView, ...]:
    """The way from the first certificate upwards, each vouched for by the next.

    For a bag without an order (PKCS #12): what is not on the way is left out, and so is a
    self-signed end, which the peer has or does not believe anyway.
    """
    way = [certificates[0]]
    rest = [item for item in certificates[1:] if not item.self_issued]
    while True:
        above = next((item for item in rest if signed(item, way[-1])), None)
        if above is None:
            return tuple(way)
        way.append(above)
        rest.remove(above)


def flaws_of(certificates: Sequence[CertificateView], at: float) -> tuple[tuple[str, str], ...]:
    """What is wrong with a chain of ours, each with what to do; ``()`` for a good one.

    Args:
        certificates: as they are sent, our own first. at: seconds since the epoch.

    RFC 9846, 4.5.1 has each certificate vouch for the one before it; a second way to the same
    certificate may follow, as peers with different anchors need it.
    """
    if not certificates:
        return ()
    return (*_dates(certificates[0], at), *_order(certificates))


def _dates(leaf: CertificateView, at: float) -> list[tuple[str, str]]:
    if at > leaf.not_after:
        when = f"has expired: it was valid until {moment(leaf.not_after)}"
    elif at < leaf.not_before:
        when = f"is not valid yet: it will be from {moment(leaf.not_before)}"
    else:
        return []
    fix = f"have it renewed, or set this machine's clock, which says {moment(at)}"
    return [(f"the certificate of {leaf.subject} {when}", fix)]


def _order(certificates: Sequence[CertificateView]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    places: dict[CertificateView, int] = {}
    reached = {certificates[0]}
    late: list[int] = []
    for place, item in enumerate(certificates, 1):
        if item in places:
            text = f"certificate {place} of the chain, {item.subject}, is certificate "
            found.append((f"{text}{places[item]} once more", "leave it out"))
            continue
        places[item] = place
        if item in reached or any(signed(item, below) for below in reached):
            reached.add(item)
        else:
            late.append(place)
    if not late:
        return found
    _reach_upwards(certificates, reached)
    for place in late:
        item = certificates[place - 1]
        named = f"certificate {place} of the chain, {item.subject},"
        if item not in reached:
            found.append((f"{named} {_stranger(item, certificates)}", "leave it out"))
            continue
        right = ", ".join(view.subject for view in _sorted(certificates, reached))
        found.append(
            (f"{named} comes before the certificate that it vouches for", f"the order is {right}")
        )
    return found


def _reach_upwards(certificates: Sequence[CertificateView], reached: set[CertificateView]) -> None:
    while more := {
        item
        for item in certificates
        if item not in reached and any(signed(item, below) for below in reached)
    }:
        reached |= more


def _sorted(
    certificates: Sequence[CertificateView], reached: set[CertificateView]
) -> list[CertificateView]:
    """Those that belong to the chain, each behind one that it vouches for."""
    order = [certificates[0]]
    rest = [item for item in dict.fromkeys(certificates[1:]) if item in reached]
    while rest:
        above = next(item for item in rest if any(signed(item, below) for below in order))
        order.append(above)
        rest.remove(above)
    return order


def _stranger(item: CertificateView, certificates: Sequence[CertificateView]) -> str:
    for below in certificates:
        if below is not item and below.issuer_key == item.subject_key:
            return f"has the name of {below.subject}'s issuer and not the key that signed it"
    return "vouches for none of the others"
