"""tshark's fields of certificates, names, keys and OCSP's responses beside ours.

Ours are named by the way to them from the outermost element, which begins with ``DER/``; a key for
RSASSA-PSS alone says so in it.
"""

from __future__ import annotations

# Where a value's bytes stand in both trees: tshark's name, and the whole way to ours as a pattern.
SAME_DER: dict[str, str] = {
    "x509af.version": r"DER/.+/version\.value\.value",
    "x509af.serialNumber": r"DER/.+/tbsCertificate/serialNumber/serialNumber\.value",
    "x509af.algorithm.id": r"DER/.+/algorithm/algorithm\.value",
    "x509if.oid": r"DER/.+/attribute\[\]/type/type\.value",
    "x509sat.uTF8String": r"DER/.+/attribute\[\]/value/value\.value",
    "x509af.utcTime": r"DER/.+/(notBefore|notAfter)/(notBefore|notAfter)\.value",
    "pkcs1.namedCurve": r"DER/.+/parameters/parameters\.value",
    "pkcs1.modulus": r"DER/[^(]+/modulus\.value",
    "pkcs1.publicExponent": r"DER/[^(]+/publicExponent\.value",
    "x509af.extension.id": r"DER/.+/extnID/extnID\.value",
    "x509af.critical": r"DER/.+/critical/critical\.value",
    "x509ce.SubjectKeyIdentifier": r"DER/.+/subjectKeyIdentifier/extnValue/.+\.value\.value",
    "x509ce.keyIdentifier": r"DER/.+/keyIdentifier\.value",
    "x509ce.KeyUsage": r"DER/.+/keyUsage/extnValue/.+\.value\.value",
    "x509ce.KeyPurposeId": r"DER/.+/keyPurposeId\[\]\.value",
    "x509ce.cA": r"DER/.+/cA\.value",
    "x509ce.pathLenConstraint": r"DER/.+/pathLenConstraint\.value",
    "x509ce.dNSName": r"DER/.+/dNSName\.value",
    "x509ce.uniformResourceIdentifier": r"DER/.+/uniformResourceIdentifier\.value",
    "pkix1explicit.Features_item": r"DER/.+/feature\[\]\.value",
    "pkix1implicit.accessMethod": r"DER/.+/accessMethod\.value",
    "ocsp.responseStatus": r"DER/OCSPResponse/responseStatus/responseStatus\.value",
    "ocsp.responseType.id": r"DER/.+/responseType\.value",
    "ocsp.producedAt": r"DER/.+/producedAt\.value",
    "ocsp.issuerNameHash": r"DER/.+/issuerNameHash\.value",
    "ocsp.issuerKeyHash": r"DER/.+/issuerKeyHash\.value",
    "ocsp.serialNumber": r"DER/.+/certID/serialNumber/serialNumber\.value",
    "ocsp.thisUpdate": r"DER/.+/thisUpdate\.value",
    "ocsp.nextUpdate": r"DER/.+/nextUpdate\.value\.value",
    "ocsp.revocationTime": r"DER/.+/revocationTime\.value",
    "ocsp.revocationReason": r"DER/.+/revocationReason\.value\.value",
}
# One kind of value under several names.
ALSO_DER = {
    "x509af.generalizedTime": "x509af.utcTime",
    "x509sat.printableString": "x509sat.uTF8String",
}
# What only ours has as fields of their own.
ONLY_OURS_DER = {
    r"DER/.+\.header": "identifier and length octets, which it shows on demand alone",
    r"DER/.+/unused_bits": "the first byte of a bit string",
    r"DER/.+/subjectPublicKey/(form|x|y|u|rho|t1|subjectPublicKey\.value)": "it shows a key whole",
    r"DER/.+/(signatureValue|signature)/(.+/)?(R|S|r\.value|s\.value|s|c_tilde|z|h)": (
        "it shows a signature whole"
    ),
    r"DER/.+\(PSS\)/.+": "the inside of a key for RSASSA-PSS alone, which it does not read",
}
# Headings, and what stands for several fields of ours; every ``_element`` is a heading too.
MADE_BY_TSHARK_DER = {
    *("x509af.issuer", "x509af.subject", "x509af.rdnSequence", "x509if.rdnSequence"),
    *("x509if.RDNSequence_item", "x509sat.DirectoryString", "x509af.extensions"),
    *("x509af.notBefore", "x509af.notAfter", "pkcs1.ECParameters"),
    *("x509af.subjectPublicKey", "x509af.encrypted", "ocsp.signature"),
    *("x509ce.KeyPurposeIDs", "x509ce.GeneralNames", "x509ce.GeneralName"),
    *("x509ce.CRLDistPointsSyntax", "x509ce.distributionPoint", "x509ce.fullName"),
    "pkix1explicit.Features",
    *("pkix1implicit.AuthorityInfoAccessSyntax", "pkix1implicit.accessLocation"),
    *("ocsp.responderID", "ocsp.byName", "ocsp.responses", "ocsp.certStatus", "ocsp.certs"),
}
