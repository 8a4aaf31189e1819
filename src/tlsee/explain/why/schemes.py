"""Why this signature scheme: in CertificateVerify, and in TLS 1.2's ServerKeyExchange."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.codes import SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.certificate_signatures import scheme_of
from tlsee.crypto.schemes import SCHEMES, schemes_for
from tlsee.crypto.schemes12 import schemes12_for
from tlsee.explain.phrases import SIGNATURES
from tlsee.explain.reading import view_of
from tlsee.explain.why.facts import Decision, Facts, without
from tlsee.explain.why.ordered import limited
from tlsee.explain.why.values import WhatIf, Why
from tlsee.explain.why.words import candidates, few, is_grease, name_of, shown, this
from tlsee.handshake.negotiate import first_common
from tlsee.recording.seen import CredentialSeen
from tlsee.trace import Role
from tlsee.wire import messages12, messages13
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms, SignatureAlgorithmsCert

__all__ = ["why_schemes"]


def why_schemes(facts: Facts) -> list[Why]:
    """One for each side that signed, or could not."""
    return [why for by in (Role.SERVER, Role.CLIENT) if (why := _why(facts, by)) is not None]


def _why(facts: Facts, by: Role) -> Why | None:
    if by is Role.SERVER and facts.story.key_exchange is KeyExchangeAlgorithm.rsa:
        return None  # its key decrypts
    decision = facts.decision("scheme", SignatureScheme, by)
    chosen = _signed(facts, by)
    if chosen is None and decision is not None:
        chosen = decision.chosen
    failed = by is Role.SERVER and facts.refusal == "no_common_scheme"
    if chosen is None and not failed:
        return None
    offered = accepted_by_peer(facts, by)
    able = _able(facts, decision, by) if facts.is_ours(by) else None
    fitting = _of_shown_key(facts, by)
    return Why(
        "scheme",
        f"Signature scheme of the {by.value}",
        by,
        candidates(
            offered,
            able,
            chosen,
            lambda item: _lost(item, chosen, able, fitting, older=facts.older),
            offerer=f"the {by.other.value}",
            unable=f"the key of the {by.value}'s certificate cannot sign so",
        ),
        name_of(chosen) if chosen is not None else "",
        _rule(facts, offered, able, chosen, by),
        "RFC 5246, 7.4.1.4.1" if facts.older else "RFC 9846, 4.3.3",
        few(
            [_unsaid(facts, offered, fitting, chosen, by)]
            if able is None and chosen is not None
            else _what_ifs(facts, offered, able or (), chosen, by)
        ),
    )


def _signed(facts: Facts, by: Role) -> SignatureScheme | None:
    """The scheme in the signature itself."""
    for step in facts.story.steps:
        message = step.message
        if step.sender is not by:
            continue
        if isinstance(message, SIGNATURES):
            found: SignatureScheme | None = message.algorithm
            return found
        if isinstance(message, messages12.ServerKeyExchange) and facts.exchange12 is not None:
            signed: SignatureScheme = facts.exchange12.signed_params.algorithm
            return signed
    return None


def accepted_by_peer(facts: Facts, by: Role) -> tuple[SignatureScheme, ...]:
    """What the other side accepts: the hello's list, or the one of a CertificateRequest."""
    if by is Role.SERVER:
        return facts.schemes
    request = facts.story.first(messages13.CertificateRequest)
    if request is not None:
        listed = request.extensions.get(SignatureAlgorithms)
        return tuple(listed.supported_signature_algorithms) if listed is not None else ()
    older = facts.story.first(messages12.CertificateRequest)
    return tuple(older.supported_signature_algorithms) if older is not None else ()


def _able(facts: Facts, decision: Decision | None, by: Role) -> tuple[SignatureScheme, ...]:
    """What the key of the certificate that was shown can sign with."""
    if not facts.older:
        return decision.able if decision is not None else ()
    seen = facts.decision("certificate", CredentialSeen, by)
    chosen = seen.chosen if seen is not None else None
    view = chosen.certificate if isinstance(chosen, CredentialSeen) else None
    if view is None or view.public_key is None:
        return decision.able if decision is not None else ()
    return tuple(schemes12_for(view.public_key))


def _of_shown_key(facts: Facts, by: Role) -> tuple[SignatureScheme, ...] | None:
    """What the key in the shown certificate can sign with; ``None`` where there is none to read."""
    leaf = facts.leaf_of(by)
    key = leaf.public_key if leaf is not None else None
    if key is None:
        return None
    return schemes12_for(key, insecure=True) if facts.older else schemes_for(key)


def _lost(
    item: SignatureScheme,
    chosen: SignatureScheme | None,
    able: Sequence[SignatureScheme] | None,
    fitting: Sequence[SignatureScheme] | None,
    *,
    older: bool,
) -> str:
    if able is None and fitting is not None and item not in fitting:
        row = SCHEMES.get(item)
        if not older and row is not None and not row.in_handshake13:
            return "TLS 1.3 allows it in certificates only"
        return "the key of the certificate that was shown cannot sign so"
    if able is None:
        return "not used, and why was not said"
    if chosen is None:
        return "no certificate here can sign with it"
    return f"behind {name_of(chosen)} in the order of the key's own schemes"


def _rule(
    facts: Facts,
    offered: Sequence[SignatureScheme],
    able: Sequence[SignatureScheme] | None,
    chosen: SignatureScheme | None,
    by: Role,
) -> str:
    if chosen is None:
        theirs = shown(offered) or "none"
        detail = f" ({facts.error.detail})" if facts.error is not None and facts.older else ""
        return (
            f"Nothing in common: the client accepts {theirs}; no certificate here signs so{detail}."
        )
    if able is None:
        return f"The {by.value} decides, by its certificate's key and what the other side accepts."
    return "The first that the certificate's key can do and the peer accepts."


def _unsaid(
    facts: Facts,
    offered: Sequence[SignatureScheme],
    fitting: Sequence[SignatureScheme] | None,
    chosen: SignatureScheme,
    by: Role,
) -> WhatIf | None:
    """What is certain although the one who decided does not say what else it has."""
    if chosen not in offered:
        return None
    change = f"{_peer(facts, by)} had not accepted {name_of(chosen)}"
    left = [item for item in without(offered, chosen) if not is_grease(item)]
    if fitting is None:
        return limited(change, left, f"the {by.value}")
    left = [item for item in left if item in fitting]
    if left:
        were = "was" if len(left) == 1 else "were"
        result = f"of what this certificate's key can do {shown(left)} {were} left"
    else:
        result = "this certificate could not have been shown"
    others = f"what other certificates the {by.value} has it did not say"
    return WhatIf(change, f"{result}; {others}", certain=True)


def _peer(facts: Facts, by: Role) -> str:
    return this(by.other, facts.role if not facts.overheard else by)


def _what_ifs(
    facts: Facts,
    offered: Sequence[SignatureScheme],
    able: Sequence[SignatureScheme],
    chosen: SignatureScheme | None,
    by: Role,
) -> list[WhatIf | None]:
    peer = _peer(facts, by)
    if chosen is None:
        known = [item for item in offered if item.is_known and not is_grease(item)]
        listed = shown(known, "or") or "a known scheme"
        result = "the handshake would have gone on with it"
        return [
            WhatIf(f"this server had a certificate whose key signs with {listed}", result, False),
            WhatIf("the client accepted a scheme of this server's key", result, False),
        ]
    change = f"{peer} had not accepted {name_of(chosen)}"
    left = [item for item in without(able, chosen) if item in offered]
    other = "another certificate, if there is one, or the end: handshake_failure (40)"
    if by is Role.CLIENT:
        other = "another certificate, if there is one, or none at all"
    if not left:
        return [
            WhatIf(change, f"this certificate could not have been shown; {other}", certain=True)
        ]
    following = first_common("scheme", without(offered, chosen), able).chosen
    stays = _chain_stays(facts, offered, chosen, by)
    allowed = "the next that both can, if this side's configuration allows it"
    return [
        WhatIf(
            change,
            f"not it, but {shown(left, 'or')}, or {other}",
            certain=True,
        ),
        WhatIf(
            f"{change}, and all else stayed",
            f"{name_of(following)}: {allowed}",
            False,
            name_of(following),
        )
        if following is not None and stays
        else None,
    ]


def _chain_stays(
    facts: Facts, offered: Sequence[SignatureScheme], chosen: SignatureScheme, by: Role
) -> bool:
    """Whether the chain would be as welcome without the scheme: the list is for it as well."""
    if by is Role.SERVER and facts.first is not None:
        apart = facts.first.extensions.get(SignatureAlgorithmsCert)
        if apart is not None:
            return True
    seen = facts.decision("certificate", CredentialSeen, by)
    chain = seen.chosen.chain if seen is not None and seen.chosen is not None else ()
    left = set(without(offered, chosen))
    views = [view_of(der) for der in chain]
    return all(
        view is not None
        and (
            view.self_issued
            or not left.isdisjoint(scheme_of(view.algorithm) if view.algorithm else ())
        )
        for view in views
    )
