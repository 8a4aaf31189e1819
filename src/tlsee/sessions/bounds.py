"""How long sessions live and how much of them is kept, each with its reason."""

from __future__ import annotations

# Seconds; no ticket is used longer (RFC 9846, 4.7.1).
LIFETIME_LIMIT = 604_800

# Seconds that a session lives when nobody says otherwise. Whoever steals a ticket key reads what
# its tickets protect alone, so a day is better than the week that is allowed; Cloudflare and Go
# live with similar figures.
LIFETIME = 86_400

# Seconds from the full handshake to the last resumption that descends from it, however often it was
# renewed (RFC 9846, 4.7.1 recommends such a limit and leaves the figure open).
TOTAL_LIFETIME_LIMIT = 604_800

# Seconds that a session may seem to come from the future: clocks of a fleet differ, and are set.
SKEW_LIMIT = 60.0

# Seconds by which a client's age of a ticket may be off, and early data still be taken. RFC 9846,
# 8.3 speaks of some ten seconds on the Internet.
FRESHNESS_WINDOW = 10.0

# Seconds after which no ClientHello is fresh that anybody has seen before: it may have come as much
# too early as it now comes too late. So long a memory that began empty must not be asked.
REPLAY_SPAN = 2 * FRESHNESS_WINDOW

# Hellos with early data remembered at once. At 100 bytes each they take some 7 MB, and serve 3,000
# hellos a second; when it is full early data is declined, and nothing is forgotten too early.
REPLAY_LIMIT = 65_536

# Identities of a hello that are looked up. Clients offer one or two; each costs a decryption.
IDENTITIES_LIMIT = 8

# Bytes of a sealed ticket. It goes into a ClientHello, which has a limit of its own, and to most
# servers within one or two packets; a client's chain of ML-DSA-65 still fits.
SEALED_LIMIT = 16_384

# Bytes of an encoded session in a store: a chain of the size that is accepted, and a little.
STORED_LIMIT = 139_264

# Sessions and bytes of them in a server's memory. A session without a client's chain takes some 400
# bytes with what Python adds.
STORE_LIMIT = 200_000
STORE_BYTES_LIMIT = 134_217_728

# Servers, sessions for each of them, and bytes of all in a client's memory. Two tickets per
# connection are usual, browsers open six connections; curl keeps 25 servers, Go's cache 64.
CLIENT_KEYS_LIMIT = 1_000
CLIENT_SESSIONS_PER_KEY = 8
CLIENT_BYTES_LIMIT = 33_554_432

# Bytes of a ticket that a client keeps. It goes into a ClientHello, whose extensions have 65,535
# bytes in all: a server could else end every later connection to itself with one that is longer.
CLIENT_TICKET_LIMIT = 32_768

# Seconds that a ticket key seals before the next one does. Go changes daily, others hourly.
KEY_PERIOD = 43_200

# Tickets sealed by one process under one ticket key. Each has a key of its own, derived with 32
# random bytes, so this is far from any limit; it is here so that there is one.
SEALS_PER_KEY = 2**32

# Keys in a ring. With a day's tickets and a key each twelve hours there are four.
KEYS_LIMIT = 64

# Bytes of a key that both sides agreed on elsewhere: less than 128 bits can be searched, and who
# saw one handshake can do so at leisure (RFC 9257, 6).
EXTERNAL_KEY_LEAST = 16

# Seconds that a handshake waits for Redis. Within a data centre it answers in one millisecond; a
# full handshake costs a client less than this.
REDIS_TIMEOUT = 0.1

# Seconds without asking after Redis was away; then one question is tried, while no handshake waits.
REDIS_PAUSE = 1.0

# Questions that may wait for Redis at once; more means that it is slower than we are.
REDIS_QUEUE_LIMIT = 1024

# Seconds between two looks at the shared keys. A key is published much earlier than it seals.
REDIS_REFRESH = 15.0

# Seconds by which the clocks of two servers of a fleet may differ. Hellos are remembered that much
# longer, and a memory that lost something is not believed for that much longer.
FLEET_SKEW = 5.0
