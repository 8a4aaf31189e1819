"""Sessions: what two sides keep so that the next handshake is short, and where they keep it."""
