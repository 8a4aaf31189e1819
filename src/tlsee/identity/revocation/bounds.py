"""How much work and memory lists and responses may cost. Whoever serves them chooses them."""

from __future__ import annotations

# The longest list that is read. The largest public ones reached some 70 MB; authorities have
# partitioned theirs since and stay below 10 MB. A million entries take 40 MB.
LIST_LENGTH = 128 * 1024 * 1024

# The longest OCSP response. One with a delegate's certificate has 1 to 2 kB; ML-DSA-87 adds 15 kB.
RESPONSE_LENGTH = 65_536

# Single responses in one OCSP response, and certificates beside them. Responders send one of each.
SINGLE_RESPONSES = 64
RESPONDER_CERTIFICATES = 8

# Extensions of one list, entry or response; in use are at most five.
EXTENSIONS = 32

# Lists that were read are kept, by their bytes, so that a million entries are read once. Their sum
# is bounded too: what comes from outside must not fill the memory.
LISTS_REMEMBERED = 1024
BYTES_REMEMBERED = 256 * 1024 * 1024

# Signatures over lists and responses that were found true: 64 bytes of digests each.
SIGNATURES_REMEMBERED = 4096

# Signatures verified and certificates asked about for one question. An answer needs one to three;
# what is more are lists and certificates of one name that do not belong together.
SIGNATURES = 16
DEPTH = 3

# Distribution points of a certificate and names in one; in use is one with one or two.
DISTRIBUTION_POINTS = 16

# Clocks of responders differ from ours; OpenSSL's tool and most servers allow five minutes.
SKEW = 300.0

# An OCSP response or a list without nextUpdate says that newer ones are always there: it counts for
# a day, as OpenSSL's -max_age asks for something of the kind.
AGE_WITHOUT_NEXT_UPDATE = 86_400.0

# Responders to ask and lists to fetch for one certificate, each kind.
SOURCES = 4

# A URL to fetch from; RFC 5019 keeps OCSP's below 255 bytes, distribution points have some 60.
URL_LENGTH = 1024
