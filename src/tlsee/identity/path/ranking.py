"""Which of several failures a person should hear of first."""

from __future__ import annotations

from tlsee.reasons import Reason, Reasons

# What makes a path worthless before what time or another name would mend.
_ORDER: tuple[Reason, ...] = (
    Reasons.malformed_certificate,
    Reasons.bad_certificate_signature,
    Reasons.unsupported_certificate_signature,
    Reasons.weak_certificate_signature,
    Reasons.chain_too_long,
    Reasons.unknown_ca,
    Reasons.certificate_revoked,
    Reasons.pin_missing,
    Reasons.unsupported_key,
    Reasons.weak_key,
    Reasons.unknown_critical_extension,
    Reasons.not_a_ca,
    Reasons.path_too_long,
    Reasons.name_constraints,
    Reasons.policy_not_acceptable,
    Reasons.issued_after_distrust,
    Reasons.wrong_key_usage,
    Reasons.wrong_purpose,
    Reasons.bad_staple,
    Reasons.staple_missing,
    Reasons.revocation_unknown,
    Reasons.certificate_not_yet_valid,
    Reasons.certificate_expired,
    Reasons.no_subject_alt_name,
    Reasons.name_mismatch,
)
_PLACES = {reason.name: place for place, reason in enumerate(_ORDER)}


def rank(reason: Reason | None) -> int:
    """For sorting; the smallest is told."""
    return _PLACES.get(reason.name, 0) if reason is not None else len(_ORDER)
