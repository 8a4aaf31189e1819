"""Reports of a recording, for other programs and for people: each a file of its own."""
