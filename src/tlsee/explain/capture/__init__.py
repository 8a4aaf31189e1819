"""Other people's handshakes: captures to recordings, so that every view works on them.

``read_capture`` reads pcap and pcapng, puts TCP together, follows each TLS connection in the
client's view and opens what a key log or a server's key opens. What is missing is said and never
guessed.
"""

from __future__ import annotations

from tlsee.explain.capture.overhear import Overheard
from tlsee.explain.capture.reading import CaptureReading, read_capture

__all__ = ["CaptureReading", "Overheard", "read_capture"]
