"""For which names an authority may vouch (RFC 5280, 4.2.1.10).

Every name of a certificate below, subject included, must lie in a permitted subtree of its form,
where there is one, and in no excluded one. A form that is constrained and not understood here is
refused as soon as a name of that form appears.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from tlsee.identity import der as codec
from tlsee.identity.anchor_limits import Limits
from tlsee.identity.certificate import CertificateView, Unreadable, guarded
from tlsee.identity.names import is_dns_name
from tlsee.text import printable


class TooMuchWork(Exception):
    """The bound on comparisons was reached."""


class Budget:
    """How many comparisons are left."""

    def __init__(self, comparisons: int) -> None:
        self.left = comparisons

    def spend(self, number: int) -> None:
        """Take some.

        Raises:
            TooMuchWork: there are not so many.
        """
        self.left -= number
        if self.left < 0:
            raise TooMuchWork


Subtrees = tuple[x509.GeneralName, ...]


def violation(
    certificate: CertificateView,
    authority: CertificateView,
    budget: Budget,
    also: Subtrees = (),
) -> str:
    """What a certificate presents against the constraints of an authority above, or ``""``.

    ``also``: names it is taken to present besides.

    Raises:
        TooMuchWork: the budget does not suffice.
    """
    constraints = authority.name_constraints
    if constraints is None:
        return ""
    permitted = tuple(constraints.permitted_subtrees or ())
    excluded = tuple(constraints.excluded_subtrees or ())
    found = _outside(certificate, also, permitted, excluded, budget)
    return f"{authority.subject} may not vouch for {found}" if found else ""


def beyond_limits(
    certificate: CertificateView, limits: Limits, budget: Budget, also: Subtrees = ()
) -> str:
    """The same against what the configuration allows the anchor.

    Raises:
        TooMuchWork: the budget does not suffice.
    """
    for permitted in limits.permitted:
        found = _outside(certificate, also, permitted, (), budget)
        if found:
            return f"its anchor is not believed for {found}"
    found = _outside(certificate, also, (), limits.excluded, budget)
    return f"its anchor is not believed for {found}" if found else ""


def _outside(
    certificate: CertificateView,
    also: Subtrees,
    permitted: Subtrees,
    excluded: Subtrees,
    budget: Budget,
) -> str:
    budget.spend((len(certificate.alt_names) + 2) * (len(permitted) + len(excluded)))
    try:
        return guarded("names", lambda: _first_outside(certificate, also, permitted, excluded))
    except Unreadable as problem:
        return f"names that cannot be compared with constraints, {problem}"


def _first_outside(
    certificate: CertificateView, also: Subtrees, permitted: Subtrees, excluded: Subtrees
) -> str:
    for name in (*_names_of(certificate), *also):
        if not _is_allowed(name, permitted, excluded):
            return _shown(name)
    return ""


def _names_of(certificate: CertificateView) -> Iterable[x509.GeneralName]:
    yield from certificate.alt_names
    subject = certificate.x509.subject
    if len(subject.rdns):
        yield x509.DirectoryName(subject)
    if not any(isinstance(name, x509.RFC822Name) for name in certificate.alt_names):
        # RFC 5280, 4.2.1.10: without such a subjectAltName the subject's attribute counts.
        for attribute in subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS):
            yield x509.RFC822Name(str(attribute.value))


def _is_allowed(
    name: x509.GeneralName,
    permitted: tuple[x509.GeneralName, ...],
    excluded: tuple[x509.GeneralName, ...],
) -> bool:
    form = type(name)
    inside, touches = _FORMS.get(form, (_unknown, _unknown))
    if any(touches(name.value, base.value) for base in excluded if type(base) is form):
        return False
    bases = [base for base in permitted if type(base) is form]
    return not bases or any(inside(name.value, base.value) for base in bases)


def _unknown(_name: Any, _base: Any) -> bool:
    raise Unreadable("a form of name that is not understood here")


def _dns_inside(name: str, base: str) -> bool:
    """Whether all that a name stands for, wildcards included, is in the subtree."""
    if not is_dns_name(name.lower().removesuffix(".").removeprefix("*.")):
        raise Unreadable(f"{printable(name)} is no DNS name")
    if "*" in base:
        raise Unreadable(f"a subtree with a wildcard, {printable(base)}")
    name, base = name.lower().removesuffix("."), base.lower().removesuffix(".")
    if not base:
        return True
    if base.startswith("."):  # no form of the RFC, and in use for "below, not itself"
        return name.endswith(base) and len(name) > len(base)
    return name == base or name.endswith("." + base)


def _dns_touches(name: str, base: str) -> bool:
    """Whether anything that a name stands for is in the subtree."""
    if _dns_inside(name, base):
        return True
    name, base = name.lower().removesuffix("."), base.lower().removesuffix(".").removeprefix(".")
    # *.example.com touches what is excluded as a.example.com, and also deeper: be strict.
    return name.startswith("*.") and _dns_inside(base, name[2:])


def _ip_inside(name: Any, base: Any) -> bool:
    return name.version == base.version and name in base


def _directory_inside(name: x509.Name, base: x509.Name) -> bool:
    whole = codec.canonical_name(name.public_bytes())
    start = codec.canonical_name(base.public_bytes())
    return whole[: len(start)] == start


def _host_inside(host: str, base: str) -> bool:
    """A host exactly, or below it where the constraint begins with a period."""
    host, base = host.lower(), base.lower()
    return host.endswith(base) and host != base if base.startswith(".") else host == base


def _mail_inside(name: str, base: str) -> bool:
    local, _, host = name.partition("@")
    if not local or not host or "@" in host:
        raise Unreadable(f"{printable(name)} is no mailbox")
    if "@" not in base:
        return not base or _host_inside(host, base)
    base_local, _, base_host = base.rpartition("@")
    return local == base_local and host.lower() == base_host.lower()


def _uri_inside(name: str, base: str) -> bool:
    host = urlsplit(name).hostname
    if not host or host.replace(".", "").isdigit() or ":" in host:
        # RFC 5280, 4.2.1.10: a URI without a host name is refused where URIs are constrained.
        raise Unreadable("a URI without a host name")
    return _host_inside(host, base)


_Compare = Callable[[Any, Any], bool]

# For each form: whether a name lies wholly in a permitted subtree; whether it touches an excluded.
_FORMS: dict[type, tuple[_Compare, _Compare]] = {
    x509.DNSName: (_dns_inside, _dns_touches),
    x509.IPAddress: (_ip_inside, _ip_inside),
    x509.DirectoryName: (_directory_inside, _directory_inside),
    x509.RFC822Name: (_mail_inside, _mail_inside),
    x509.UniformResourceIdentifier: (_uri_inside, _uri_inside),
}


def _shown(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return printable(name.value.rfc4514_string())
    return printable(str(name.value))
