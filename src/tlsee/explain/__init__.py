"""Floor 9: from a recording to words."""
