"""Object identifiers by the names that their modules give them."""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    # X.520 and PKCS #9: what a distinguished name is made of (RFC 5280, 4.1.2.4)
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
    # Keys
    "1.2.840.113549.1.1.1": "rsaEncryption",
    "1.2.840.113549.1.1.10": "id-RSASSA-PSS",
    "1.2.840.113549.1.1.8": "id-mgf1",
    "1.2.840.10045.2.1": "id-ecPublicKey",
    "1.3.101.110": "id-X25519",
    "1.3.101.111": "id-X448",
    "1.3.101.112": "id-Ed25519",
    "1.3.101.113": "id-Ed448",
    "2.16.840.1.101.3.4.3.17": "id-ml-dsa-44",
    "2.16.840.1.101.3.4.3.18": "id-ml-dsa-65",
    "2.16.840.1.101.3.4.3.19": "id-ml-dsa-87",
    # Curves (RFC 5480, 2.1.1.1)
    "1.2.840.10045.3.1.7": "secp256r1",
    "1.3.132.0.34": "secp384r1",
    "1.3.132.0.35": "secp521r1",
    "1.3.132.0.10": "secp256k1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    # Signatures
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    # Hashes
    "1.3.14.3.2.26": "id-sha1",
    "2.16.840.1.101.3.4.2.1": "id-sha256",
    "2.16.840.1.101.3.4.2.2": "id-sha384",
    "2.16.840.1.101.3.4.2.3": "id-sha512",
    # Extensions of certificates and CRLs (RFC 5280, 4.2 and 5.2)
    "2.5.29.9": "subjectDirectoryAttributes",
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.15": "keyUsage",
    "2.5.29.16": "privateKeyUsagePeriod",
    "2.5.29.17": "subjectAltName",
    "2.5.29.18": "issuerAltName",
    "2.5.29.19": "basicConstraints",
    "2.5.29.20": "cRLNumber",
    "2.5.29.21": "cRLReason",
    "2.5.29.24": "invalidityDate",
    "2.5.29.27": "deltaCRLIndicator",
    "2.5.29.28": "issuingDistributionPoint",
    "2.5.29.29": "certificateIssuer",
    "2.5.29.30": "nameConstraints",
    "2.5.29.31": "cRLDistributionPoints",
    "2.5.29.32": "certificatePolicies",
    "2.5.29.33": "policyMappings",
    "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.36": "policyConstraints",
    "2.5.29.37": "extKeyUsage",
    "2.5.29.46": "freshestCRL",
    "2.5.29.54": "inhibitAnyPolicy",
    "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
    "1.3.6.1.5.5.7.1.3": "qcStatements",
    "1.3.6.1.5.5.7.1.11": "subjectInfoAccess",
    "1.3.6.1.5.5.7.1.24": "tlsFeature",
    "1.3.6.1.4.1.11129.2.4.2": "signedCertificateTimestampList",
    "1.3.6.1.4.1.11129.2.4.3": "precertificatePoison",
    "1.3.6.1.4.1.11129.2.4.5": "ocspSignedCertificateTimestampList",
    "1.3.6.1.4.1.44363.44": "delegationUsage",
    "2.16.840.1.113730.1.1": "netscapeCertType",
    "2.16.840.1.113730.1.13": "netscapeComment",
    "1.3.6.1.4.1.311.20.2": "enrollCerttypeExtension",
    "1.3.6.1.4.1.311.21.1": "cAKeyCertIndexPair",
    "1.3.6.1.4.1.311.21.7": "certificateTemplate",
    # Key purposes (RFC 5280, 4.2.1.12)
    "2.5.29.37.0": "anyExtendedKeyUsage",
    "1.3.6.1.5.5.7.3.1": "id-kp-serverAuth",
    "1.3.6.1.5.5.7.3.2": "id-kp-clientAuth",
    "1.3.6.1.5.5.7.3.3": "id-kp-codeSigning",
    "1.3.6.1.5.5.7.3.4": "id-kp-emailProtection",
    "1.3.6.1.5.5.7.3.8": "id-kp-timeStamping",
    "1.3.6.1.5.5.7.3.9": "id-kp-OCSPSigning",
    # Access, policies
    "1.3.6.1.5.5.7.48.1": "id-ad-ocsp",
    "1.3.6.1.5.5.7.48.2": "id-ad-caIssuers",
    "1.3.6.1.5.5.7.48.3": "id-ad-timeStamping",
    "1.3.6.1.5.5.7.48.5": "id-ad-caRepository",
    "1.3.6.1.5.5.7.2.1": "id-qt-cps",
    "1.3.6.1.5.5.7.2.2": "id-qt-unotice",
    "2.5.29.32.0": "anyPolicy",
    "2.23.140.1.1": "extended-validation",
    "2.23.140.1.2.1": "domain-validated",
    "2.23.140.1.2.2": "organization-validated",
    "2.23.140.1.2.3": "individual-validated",
    # OCSP (RFC 6960, 4)
    "1.3.6.1.5.5.7.48.1.1": "id-pkix-ocsp-basic",
    "1.3.6.1.5.5.7.48.1.2": "id-pkix-ocsp-nonce",
    "1.3.6.1.5.5.7.48.1.4": "id-pkix-ocsp-response",
    "1.3.6.1.5.5.7.48.1.5": "id-pkix-ocsp-nocheck",
    "1.3.6.1.5.5.7.48.1.6": "id-pkix-ocsp-archive-cutoff",
}


def name_of(oid: str) -> str:
    """The name of an identifier, or its numbers."""
    return NAMES.get(oid, oid)


def named(oid: str) -> str:
    """Name and numbers."""
    if not oid:
        return "no object identifier"
    return f"{NAMES[oid]} ({oid})" if oid in NAMES else oid
