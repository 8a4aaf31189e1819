"""All the reasons of a connection, in the order in which things are decided."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain.why.alpn import why_alpn
from tlsee.explain.why.certificates import why_certificates, why_name
from tlsee.explain.why.facts import Facts
from tlsee.explain.why.groups import why_group
from tlsee.explain.why.limits import why_compression, why_record_size
from tlsee.explain.why.refusals import why_refused
from tlsee.explain.why.schemes import why_schemes
from tlsee.explain.why.sessions import why_early_data, why_session
from tlsee.explain.why.suites import why_suite
from tlsee.explain.why.values import Why
from tlsee.explain.why.versions import why_version
from tlsee.recording.recording import Recording

__all__ = ["reasons_of"]

_ONE = (
    why_refused,
    why_version,
    why_session,
    why_early_data,
    why_suite,
    why_group,
    why_name,
)
_LAST = (why_alpn, why_record_size, why_compression)


def reasons_of(recording: Recording) -> tuple[Why, ...]:
    """Why each negotiated thing is what it is, or why nothing came of it.

    Never raises: what a damaged or forged recording does not tell is left out.
    """
    return tuple(_reasons(Facts(recording)))


def _reasons(facts: Facts) -> Iterator[Why]:
    for one in _ONE:
        why = one(facts)
        if why is not None:
            yield why
    yield from why_certificates(facts)
    yield from why_schemes(facts)
    for one in _LAST:
        why = one(facts)
        if why is not None:
            yield why
