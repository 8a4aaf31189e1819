"""Whether an OCSP response is to be believed about a certificate (RFC 6960, 3.2 and 4.2.2.2)."""

from __future__ import annotations

import hashlib

from tlsee.identity.certificate import (
    EXTENDED_KEY_USAGE,
    CertificateView,
    Unreadable,
    moment,
    read_certificate,
)
from tlsee.identity.path import remembered
from tlsee.identity.revocation import bounds
from tlsee.identity.revocation.ocsp import OCSPResponse, SingleResponse, key_bits
from tlsee.identity.revocation.signing import is_signed_by, why_not

OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
NO_CHECK = "1.3.6.1.5.5.7.48.1.5"

# Critical extensions that say nothing against a delegate: constraints, usages, names, policies.
_UNDERSTOOD = frozenset(
    {
        "2.5.29.14",
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.31",
        "2.5.29.32",
        "2.5.29.35",
        EXTENDED_KEY_USAGE,
        NO_CHECK,
    }
)


class NotBelieved(Exception):
    """Why a response does not count: one line, escaped, with its clause."""

    def __init__(self, detail: str, clause: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.clause = clause


def believe(
    response: OCSPResponse,
    certificate: CertificateView,
    issuer: CertificateView,
    at: float,
    nonce: bytes | None = None,
) -> tuple[SingleResponse, CertificateView]:
    """What a response says about a certificate, and who signed it: the issuer or its delegate.

    Args:
        at: the moment, in seconds since the epoch.
        nonce: the one that the request had: a response may leave it out, not have another.

    Raises:
        NotBelieved: it does not count.
    """
    if response.status != "successful":
        raise NotBelieved(f"the responder says {response.status}", "RFC 6960, 4.2.1")
    single = _about(response, certificate, issuer)
    if response.unknown_critical or single.unknown_critical:
        unknown = response.unknown_critical or single.unknown_critical
        raise NotBelieved(f"it has the critical extension {unknown}", "RFC 6960, 4.4")
    if nonce is not None and response.nonce is not None and response.nonce != nonce:
        raise NotBelieved("it answers another request (nonce)", "RFC 6960, 4.4.1")
    signer = _signer(response, issuer, at)
    _check_dates(single, at)
    return single, signer


def _about(
    response: OCSPResponse, certificate: CertificateView, issuer: CertificateView
) -> SingleResponse:
    """The newest of those about this certificate."""
    about = [single for single in response.singles if single.is_about(certificate, issuer)]
    if not about:
        raise NotBelieved("it is about another certificate", "RFC 6960, 3.2 (1)")
    return max(about, key=lambda single: single.this_update)


def _check_dates(single: SingleResponse, at: float) -> None:
    clause = "RFC 6960, 4.2.2.1"
    if single.this_update > at + bounds.SKEW:
        raise NotBelieved(f"it is from the future, {moment(single.this_update)}", clause)
    until = good_until(single)
    if until < at:
        raise NotBelieved(f"it was superseded {moment(until)}", clause)


def good_until(single: SingleResponse) -> float:
    """Until when an answer counts."""
    if single.next_update is None:
        return single.this_update + bounds.AGE_WITHOUT_NEXT_UPDATE
    return single.next_update


def _signer(response: OCSPResponse, issuer: CertificateView, at: float) -> CertificateView:
    """Whose key made the signature: the issuer's, or that of one of the certificates beside."""
    what = "it"
    if _is_responder(response, issuer):
        if is_signed_by(response.digest, response.signed, issuer):
            return issuer
        raise NotBelieved(why_not(what, response.signed, issuer), "RFC 6960, 3.2 (2)")
    problem = NotBelieved(
        f"it is signed by somebody to whom {issuer.subject} has delegated nothing",
        "RFC 6960, 4.2.2.2",
    )
    for der in response.certificates:
        try:
            delegate = read_certificate(der)
        except Unreadable:
            continue
        if not _is_responder(response, delegate):
            continue
        found = _not_delegated(delegate, issuer, at)
        if not found and not is_signed_by(response.digest, response.signed, delegate):
            found = why_not(what, response.signed, delegate)
        if not found:
            return delegate
        problem = NotBelieved(found, "RFC 6960, 4.2.2.2")
    raise problem


def _is_responder(response: OCSPResponse, certificate: CertificateView) -> bool:
    """Whether a certificate is the one that the responder says it has."""
    if response.responder_name is not None:
        return response.responder_name == certificate.subject_key
    found = hashlib.sha1(key_bits(certificate), usedforsecurity=False).digest()
    return response.responder_key == found


def _not_delegated(delegate: CertificateView, issuer: CertificateView, at: float) -> str:
    """Why a certificate does not make somebody the issuer's responder, or ``""``."""
    who = f"the responder's certificate ({delegate.subject})"
    if delegate.issuer_key != issuer.subject_key:
        return f"{who} is not issued by {issuer.subject}"
    if OCSP_SIGNING not in (delegate.extended_key_usage or ()):
        return f"{who} is not for signing OCSP responses"
    if delegate.key_usage is not None and not delegate.key_usage.digital_signature:
        return f"{who} may not make digital signatures"
    if delegate.critical - _UNDERSTOOD:
        unknown = min(delegate.critical - _UNDERSTOOD)
        return f"{who} has the critical extension {unknown}"
    if not delegate.not_before <= at <= delegate.not_after:
        return f"{who} is not valid at this moment"
    if not remembered.is_issued_by(delegate, issuer):
        return f"{who} is not signed with the key of {issuer.subject}"
    return ""
