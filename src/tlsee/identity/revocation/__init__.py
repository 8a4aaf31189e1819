"""Was a certificate taken back? Revocation lists and OCSP, read and verified."""
