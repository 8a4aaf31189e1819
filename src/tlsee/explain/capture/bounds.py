"""How much of a capture is read: a file may come from anybody, and it is all kept in memory.

What lies beyond a bound is said in a note; what was before it is told.
"""

from __future__ import annotations

FILE_LIMIT = 256 << 20  # bytes of a file
PACKETS_LIMIT = 1 << 20  # a packet in memory takes more than its bytes
CONNECTIONS_LIMIT = 4096  # of TCP; beyond, packets of new ones are counted and passed over
STREAM_LIMIT = 32 << 20  # bytes of one direction: more would fit into no recording
RECORDS_LIMIT = 1 << 16  # of one direction; a recording has 2^20 frames
MESSAGES_LIMIT = 1 << 14  # of the handshake, of one side: tickets and KeyUpdates of days
MOMENTS_LIMIT = 1 << 20  # of all recordings together; connections behind that are not told
KEYLOG_LIMIT = 64 << 20  # bytes of a key log, all secrets of the capture included
SECRETS_LIMIT = 1 << 18  # lines of a key log
# A capture without the first packets may begin with a segment that came too early: so many are
# looked at for the lowest number.
FIRST_SEGMENTS = 64
STARTTLS_LIMIT = 1 << 16  # bytes before the hello in which a change to TLS is looked for
STARTTLS_TRIED = 32  # segments there that begin like a record of the handshake
NOTES_LIMIT = 64  # notes of one kind; beyond, they are counted
