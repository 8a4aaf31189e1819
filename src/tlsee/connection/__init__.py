"""Floor 7: a connection without I/O."""
