"""Floor 8: connections on sockets."""
