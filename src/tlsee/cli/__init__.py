"""Floor 10: the command ``tlsee``."""
