"""Floor 9: peers and authorities for experiments."""
