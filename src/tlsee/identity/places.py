"""Where in a certificate's bytes a field is, for whoever wants to see what decided."""

from __future__ import annotations

from tlsee.identity import der
from tlsee.identity.certificate import CertificateView

# ``version``, ``serial number``, ``algorithm``, ``issuer``, ``not before``, ``not after``,
# ``subject``, ``key``, ``extensions``, ``signature``, or an extension's identifier with dots.
Field = str
Place = tuple[int, int]


def place_of(certificate: CertificateView, field: Field) -> Place | None:
    """The field's first byte and the one past its last, counted from the certificate's start.

    ``None`` where it is not there. Dates are the characters alone, other fields with their tag
    and length; an extension is its whole SEQUENCE.
    """
    try:
        return _place(certificate, field)
    except (der.NotDER, ValueError):
        return None  # a parser that is more lenient than ours has read it


def _place(certificate: CertificateView, field: Field) -> Place | None:
    frame = certificate.frame
    if field in ("not before", "not after"):
        first, last = der.children(certificate.der, frame.validity)
        moment = first if field == "not before" else last
        return (moment.body, moment.end)
    elements = {
        "version": frame.version,
        "serial number": frame.serial_number,
        "algorithm": frame.outer_algorithm,
        "issuer": frame.issuer,
        "subject": frame.subject,
        "key": frame.subject_public_key_info,
        "extensions": frame.extensions,
        "signature": frame.signature,
    }
    if field in elements:
        found = elements[field]
        return (found.start, found.end) if found is not None else None
    return _extension(certificate, der.object_identifier(field))


def _extension(certificate: CertificateView, identifier: bytes) -> Place | None:
    data, outer = certificate.der, certificate.frame.extensions
    if outer is None:
        return None
    for extension in der.children(data, der.children(data, outer)[0]):
        kind = der.element(data, extension.body, extension.end)
        if data[kind.body : kind.end] == identifier:
            return (extension.start, extension.end)
    return None
