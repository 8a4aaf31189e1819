"""The rooms of ``tlsee.recording.replay``: running a full recording again, and changing it."""
