"""Bytes to values and back: the codec, the hellos, the messages, the extensions, framing."""
