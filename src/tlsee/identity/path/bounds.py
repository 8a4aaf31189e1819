"""How much work a peer's chain may cause. Whoever sends certificates chooses them."""

from __future__ import annotations

# Certificates presented. Chains in use have at most five; a few send their whole collection, and
# BetterTLS up to 36. What the search may do with them is bounded below.
PRESENTED = 64

# Certificates on a path, leaf and anchor included. Webpki takes 6 intermediates, `cryptography` 8,
# GnuTLS 16 in all; cross-signed public chains need 3.
PATH_LENGTH = 12

# Signatures verified in one judgement: webpki's bound is 100. RSA of 8192 bits takes a
# millisecond, so this is some 60 ms at the very worst.
SIGNATURES = 64

# Issuers tried in one judgement, each time they are tried: without it, certificates of one name
# that sign each other in all ways make a factorial of paths out of few signatures.
CANDIDATES = 256

# Names compared with constraints in one judgement. Go's bound is 250,000 in a language in which
# each is some 50 times quicker.
NAME_COMPARISONS = 20_000

# Paths kept for the verdict; the rest are counted.
PATHS_KEPT = 32

# Policies, and mappings of policies, in one certificate that takes part in their processing.
# Public authorities name one to four; the federal bridge maps some 20.
POLICIES = 256

# Certificates fetched by the addresses that certificates name, in one judgement.
ISSUERS_FETCHED = 6

# Addresses looked at in one certificate.
ADDRESSES = 4

# Judgements made again to find what would change a verdict.
WHAT_IFS = 8
