"""Floor 8: what observers keep."""
